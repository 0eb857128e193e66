from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from disclosure_pages.checks import wording
from disclosure_pages.checks.levels import CHECKS, LEVELS, OFF, Check

PREFIX = "level_"


def check_words(text: str) -> None:
    """Refuse a wording list with a line that says nothing."""
    try:
        wording.read_words(text)
    except ValueError as error:
        raise ValidationError(
            _("这一行看不懂：%(line)s。写法是“错的＝对的（说明）”，每行一个。"),
            params={"line": str(error)},
        ) from error


def _level_field(check: Check) -> forms.ChoiceField:
    others = [pair for pair in LEVELS.items() if pair[0] != OFF or check.may_be_off]
    return forms.ChoiceField(
        label=check.label,
        choices=[(level, label) for level, label in others],
        required=False,
    )


class _CheckSettingsForm(WagtailAdminModelForm):
    """Shows what holds; what is as shipped is kept as "not set"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, check in CHECKS.items():
            level = self.instance.levels.get(code, check.usual)
            self.initial[f"{PREFIX}{code}"] = level
        self.initial["words"] = self.instance.words or wording.written(
            wording.official()
        )

    def clean_words(self) -> str:
        words = self.cleaned_data["words"].strip()
        check_words(words)
        if wording.read_words(words) == wording.official():
            return ""
        return words

    def save(self, commit: bool = True) -> Any:
        self.instance.levels = {
            code: level
            for code, check in CHECKS.items()
            if (level := self.cleaned_data[f"{PREFIX}{code}"]) not in ("", check.usual)
        }
        return super().save(commit=commit)


CheckSettingsForm = type(_CheckSettingsForm)(
    "CheckSettingsForm",
    (_CheckSettingsForm,),
    {f"{PREFIX}{code}": _level_field(check) for code, check in CHECKS.items()},
)


@register_setting(icon="clipboard-list")
class CheckSettings(BaseGenericSetting):
    """检查设置: what the office wants blocked or warned about, and its wording list.

    ``levels`` holds only what differs from what is shipped, by the code of the check;
    ``words`` is empty while the shipped list is used.
    """

    levels = models.JSONField(default=dict, blank=True)
    words = models.TextField(
        _("用词表"),
        blank=True,
        validators=[check_words],
        help_text=_(
            "每行一个：错的＝对的（说明）；没有对的写法就只写错的。"
            "清空后保存，就恢复随系统提供的用词表。"
        ),
    )

    panels = [
        FieldPanel("words"),
        MultiFieldPanel(
            [FieldPanel(f"{PREFIX}{code}") for code in CHECKS],
            heading=_("哪些必须改，哪些只提醒"),
            help_text=_("“必须改”的没有改好，就不能提交审查。"),
        ),
    ]
    base_form_class = CheckSettingsForm

    class Meta:
        verbose_name = _("检查设置")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
