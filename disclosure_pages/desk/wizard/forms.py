"""What is asked on each screen, in plain words; the draft may lack anything else."""

import unicodedata
from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import CharField
from django.forms.models import construct_instance
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from disclosure_pages.choices import Category, DisclosureMode, TermScheme
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureItemPage,
    OfficeIndexPage,
    Subcategory,
    Term,
)
from disclosure_pages.models.chosen_files import ChosenFiles
from disclosure_pages.reference_rules import reference_errors

DATE = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
DATE_HELP = _("文件落款的日期，不是今天的日期。")
TITLE_HELP = _("照抄文件的标题。例：关于公布 2026 年第三季度低保名单的公告")


def clean_title(text: str) -> str:
    """Return the title on one line, without marks that nobody sees."""
    kept = (c for c in text if unicodedata.category(c) != "Cf")
    title = " ".join("".join(kept).split())
    if not title:
        raise forms.ValidationError(gettext("标题不能只有空格，请照抄文件的标题。"))
    if len(title) > 255:
        raise forms.ValidationError(
            gettext("标题有 %(count)d 个字，太长了，请缩短到 255 个字以内。")
            % {"count": len(title)}
        )
    return title


def check_upload(file: UploadedFile) -> None:
    """Refuse a file that may not be an attachment, with what to do about it.

    Raises:
        forms.ValidationError: the sentence for the clerk.
    """
    name = {"name": file.name or ""}
    extension = PurePath(file.name or "").suffix.lower().lstrip(".")
    if extension not in settings.WAGTAILDOCS_EXTENSIONS:
        raise forms.ValidationError(
            gettext("不接受“%(name)s”这种文件。请另存为 PDF 或 docx 再选。") % name
        )
    if not file.size:
        raise forms.ValidationError(
            gettext("“%(name)s”是空文件，请打开原文件重新保存后再选。") % name
        )
    if file.size > settings.WAGTAILDOCS_MAX_UPLOAD_SIZE:
        cap = filesizeformat(settings.WAGTAILDOCS_MAX_UPLOAD_SIZE)
        raise forms.ValidationError(
            gettext("“%(name)s”太大，最多 %(cap)s。请压缩图片或分成几个文件。")
            % {**name, "cap": cap}
        )


def of_item(name: str, **values: Any) -> dict[str, Any]:
    """Return label, help and limits of an item's field as the full editor has them."""
    field = DisclosureItemPage._meta.get_field(name)
    said = {
        "label": capfirst(field.verbose_name),
        "help_text": field.help_text,
        "required": not field.blank,
    }
    if isinstance(field, CharField) and not field.choices:
        said["max_length"] = field.max_length
    return said | values


class StartForm(forms.Form):
    """是什么: a title, or the file itself."""

    office = forms.ModelChoiceField(
        OfficeIndexPage.objects.none(), label=_("哪个科室"), empty_label=None
    )
    file = forms.FileField(
        label=_("有电子文件的，选文件（Word 或 PDF）"),
        required=False,
        help_text=_("标题、文号、日期和正文会自动读出来，您核对一下就行。"),
        widget=forms.FileInput({"accept": ".docx,.pdf,.doc,.wps,.txt"}),
    )
    keep_file = forms.BooleanField(
        label=_("把这个文件也作为附件公开"), required=False, initial=True
    )
    title = forms.CharField(
        label=_("没有电子文件的，写标题"),
        required=False,
        strip=False,
        help_text=TITLE_HELP,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(
        self, *args: Any, offices: list[OfficeIndexPage], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offices = offices
        if len(offices) == 1:
            del self.fields["office"]
        else:
            self.fields["office"].queryset = OfficeIndexPage.objects.filter(
                pk__in=[page.pk for page in offices]
            )
            self.fields["office"].label_from_instance = lambda page: page.title

    def clean_title(self) -> str:
        text = self.cleaned_data["title"]
        return clean_title(text) if text else ""

    def clean_file(self) -> UploadedFile | None:
        file = self.cleaned_data["file"]
        if file:
            check_upload(file)
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("title") and not data.get("file"):
            raise forms.ValidationError(_("请选一个文件，或者写一个标题。"))
        return data

    @property
    def parent(self) -> OfficeIndexPage:
        """The office page under which the draft is made."""
        return self.cleaned_data.get("office") or self.offices[0]


class WhatForm(forms.Form):
    """是什么, of a draft: the title, and what was read from a file."""

    title = forms.CharField(
        label=_("标题"),
        strip=False,
        help_text=TITLE_HELP,
        widget=forms.Textarea({"rows": 2}),
    )
    document_number = forms.CharField(**of_item("document_number"))
    date_made = forms.DateField(
        **of_item("date_made", help_text=DATE_HELP, required=False), widget=DATE
    )
    fields_of_page = ("title", "document_number", "date_made")

    def clean_title(self) -> str:
        return clean_title(self.cleaned_data["title"])

    def clean_date_made(self) -> Any:
        return not_after_today(self.cleaned_data["date_made"])

    def apply(self, page: DisclosureItemPage) -> None:
        """Put the values into the draft."""
        for name in self.fields_of_page:
            setattr(page, name, self.cleaned_data[name])


def not_after_today(day: Any) -> Any:
    """Refuse a day in the future."""
    if day and day > timezone.localdate():
        raise forms.ValidationError(gettext("成文日期不能晚于今天。"))
    return day


class RecordForm(forms.Form):
    """类别和目录信息: five fields, the others under a fold."""

    category = forms.ChoiceField(
        **of_item("category", help_text=""),
        choices=Category.choices,
        widget=forms.RadioSelect,
    )
    document_number = WhatForm.base_fields["document_number"]
    date_made = forms.DateField(
        **of_item("date_made", help_text=DATE_HELP), widget=DATE
    )
    genre = forms.ModelChoiceField(
        Term.objects.filter(scheme=TermScheme.GENRE, enabled=True),
        **of_item("genre", help_text=_("标题最后那个词，例：通知、公告。")),
        empty_label=_("（不填）"),
    )
    disclosure_mode = forms.ChoiceField(
        label=_("能不能公开"),
        choices=DisclosureMode.choices,
        widget=forms.RadioSelect,
        initial=DisclosureMode.PROACTIVE,
        help_text=_("绝大多数是“主动公开”。后两种只登记，不在网上公开。"),
    )
    disclosure_reason = forms.CharField(
        **of_item(
            "disclosure_reason",
            help_text=_("选了后两种时必须写明，例：含个人隐私，条例第十五条。"),
        )
    )
    publisher = forms.CharField(**of_item("publisher"))
    summary = forms.CharField(**of_item("summary"), widget=forms.Textarea({"rows": 2}))
    keywords = forms.CharField(**of_item("keywords"))
    subcategory = forms.ModelChoiceField(
        Subcategory.objects.filter(enabled=True),
        **of_item("subcategory"),
        empty_label=_("（不填）"),
    )
    catalogue_entry = forms.ModelChoiceField(
        CatalogueEntry.objects.filter(enabled=True),
        **of_item("catalogue_entry"),
        empty_label=_("（不填）"),
    )

    main = (
        *("category", "date_made", "document_number", "genre"),
        *("disclosure_mode", "disclosure_reason"),
    )
    vocabularies = ("genre", "subcategory", "catalogue_entry")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave out what has no values to choose from on this site."""
        super().__init__(*args, **kwargs)
        for name in self.vocabularies:
            field = self.fields[name]
            choices = [(row.pk, str(row)) for row in field.queryset]
            if choices:
                field.choices = [("", field.empty_label), *choices]
            else:
                del self.fields[name]

    def clean_date_made(self) -> Any:
        return not_after_today(self.cleaned_data["date_made"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        private = data.get("disclosure_mode") != DisclosureMode.PROACTIVE
        if private and not data.get("disclosure_reason", "").strip():
            self.add_error("disclosure_reason", _("不主动公开的，请写明理由。"))
        sub = data.get("subcategory")
        if sub and data.get("category") and sub.category != data["category"]:
            self.add_error("subcategory", _("这个子类别不属于选定的类别。"))
        return data

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """The fields that every clerk fills in."""
        return [self[name] for name in self.main if name in self.fields]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """The fields under the fold."""
        return [field for field in self if field.name not in self.main]

    @property
    def open_fold(self) -> bool:
        """Whether something under the fold is wrong."""
        return any(field.errors for field in self.more_fields)

    def apply(self, page: DisclosureItemPage) -> None:
        """Put the values into the draft."""
        for name, value in self.cleaned_data.items():
            setattr(page, name, value)


class TextForm(ChosenFiles, WagtailAdminModelForm):
    """正文: the page's own editor, without the rules of the other screens."""

    def _post_clean(self) -> None:
        options = self._meta
        self.instance = construct_instance(
            self, self.instance, options.fields, options.exclude
        )
        error = reference_errors(self.instance).get("body")
        if error:
            self.add_error("body", error)


class SuperiorForm(forms.Form):
    """What a superior published: enough to point to it."""

    url = forms.CharField(
        label=_("上级原文的网址"),
        max_length=500,
        help_text=_("从浏览器地址栏复制，以 http:// 或 https:// 开头。"),
        widget=forms.TextInput({"inputmode": "url"}),
    )
    title = forms.CharField(label=_("上级文件的标题"), max_length=255)
    publisher = forms.CharField(
        label=_("哪个机关发布的"), max_length=80, help_text=_("例：宁澜市民政局")
    )
    document_number = forms.CharField(
        label=_("文号"), required=False, max_length=80, help_text=_("没有就空着。")
    )


class DuplicateForm(forms.Form):
    """What to do about something that is already there."""

    REFERENCE, SUPPLEMENT, GO_ON, DISCARD = "reference", "supplement", "go_on", "drop"

    choice = forms.ChoiceField(
        choices=[(c, c) for c in (REFERENCE, SUPPLEMENT, GO_ON, DISCARD)]
    )
    external = forms.IntegerField(required=False)
    reason = forms.CharField(required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        choice = data.get("choice")
        if choice == self.GO_ON and not data.get("reason", "").strip():
            self.add_error("reason", _("仍要另发的，请写明理由，审查的人会看到。"))
        if choice in (self.REFERENCE, self.SUPPLEMENT) and not data.get("external"):
            self.add_error(None, _("请选择上级的哪一条信息。"))
        return data
