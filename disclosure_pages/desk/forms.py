import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from cms.models import (
    CannedReason,
    LegalGround,
    SecrecyOpinion,
    SecrecyQuestion,
    Village,
)
from cms.people import account_label
from cms.services.review import SecrecyRecord
from disclosure_pages.forms import visible_title
from disclosure_pages.services.village_managers import (
    assign_managers,
    managers,
    possible_managers,
)

MAX_COMMENT = 1000
UNREAD_FILES = "unread_files"  # asked only where a file gave no text


class ReviewForm(forms.Form):
    """A decision on one step, bound to the revision that was shown.

    ``comment`` comes out with the ticked reasons before the reviewer's own words.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput)
    reasons = forms.ModelMultipleChoiceField(
        label=_("退回原因"),
        required=False,
        queryset=CannedReason.objects.filter(enabled=True),
        help_text=_("勾上的会写进意见，退回时用。"),
        widget=forms.CheckboxSelectMultiple,
    )
    comment = forms.CharField(
        label=_("意见"),
        required=False,
        max_length=MAX_COMMENT,
        help_text=_("退回时必填，起草人会逐字看到。"),
        widget=forms.Textarea({"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        ticked = [reason.text for reason in data.get("reasons") or ()]
        data["comment"] = "\n".join([*ticked, data.get("comment", "")]).strip()
        if len(data["comment"]) > MAX_COMMENT:
            text = _("连同勾上的原因不能超过 %(most)d 字。")
            raise forms.ValidationError({"comment": text % {"most": MAX_COMMENT}})
        return data


class SecrecyForm(ReviewForm):
    """The secrecy review: every question confirmed, or a ground for not opening."""

    legal_ground = forms.CharField(
        label=_("法律依据"),
        required=False,
        max_length=200,
        help_text=_("不予公开时填写，例：条例第十五条。"),
        widget=forms.TextInput({"list": "legal-grounds"}),
    )

    def __init__(self, *args: Any, unread: Sequence[str] = (), **kwargs: Any) -> None:
        """``unread``: names of files in which nothing looked for personal numbers."""
        super().__init__(*args, **kwargs)
        self.questions = questions_now(unread)
        for row in self.questions:
            self.fields[row["code"]] = forms.BooleanField(
                label=row["text"], help_text=row["legal_ground"], required=False
            )
        self.fingerprint = fingerprint(self.questions)
        self.grounds = LegalGround.objects.filter(enabled=True)
        codes = [row["code"] for row in self.questions]
        self.order_fields(["revision", *codes, "reasons", "comment", "legal_ground"])

    def clean(self) -> dict[str, Any]:
        """Refuse answers to other questions than those that stand here now."""
        if self.data.get("asked", self.fingerprint) != self.fingerprint:
            text = _("检查项目刚刚改过，还没有办理。请按新的项目重新看一遍。")
            self.add_error(None, text)
        return super().clean()

    def record(self, *, approve: bool) -> SecrecyRecord:
        """Return what was filled in, as the record that is kept."""
        data = self.cleaned_data
        return SecrecyRecord(
            opinion=SecrecyOpinion.OPEN if approve else SecrecyOpinion.NOT_OPEN,
            questions=self.questions,
            answers={row["code"]: data[row["code"]] for row in self.questions},
            legal_ground=data["legal_ground"],
            note=data["comment"],
        )

    def unanswered(self) -> list[str]:
        """Return the questions that were not confirmed."""
        rows = self.questions
        return [row["text"] for row in rows if not self.cleaned_data[row["code"]]]


def questions_now(unread: Sequence[str] = ()) -> list[dict[str, str]]:
    """Return what the secrecy review asks, as its record keeps it."""
    enabled = SecrecyQuestion.objects.filter(enabled=True)
    rows = list(enabled.values("code", "text", "legal_ground"))
    return [*rows, unread_question(unread)] if unread else rows


def unread_question(names: Sequence[str] = ()) -> dict[str, str]:
    """Return the question about files that gave no text; with their names, if any."""
    text = gettext("读不出文字的附件已人工看过，没有身份证号、电话")
    if names:
        text = gettext(
            "读不出文字的附件（%(names)s）已人工看过，没有身份证号、电话"
        ) % {"names": "、".join(names)}
    return {"code": UNREAD_FILES, "text": text, "legal_ground": ""}


def fingerprint(questions: list[dict[str, str]]) -> str:
    """Return what tells these questions from any others."""
    return hashlib.sha256(json.dumps(questions).encode()).hexdigest()


class VillageForm(WagtailAdminModelForm):
    """A village with those who keep its reading point."""

    managers = forms.ModelMultipleChoiceField(
        label=_("查阅点管理员（账号）"),
        help_text=_("只能改、送审和撤回这个村的查阅点。账号由系统管理员建。"),
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["managers"].queryset = possible_managers()
        self.fields["managers"].label_from_instance = account_label
        self.initial["managers"] = managers(self.instance)

    def clean_name(self) -> str:
        return visible_title(self.cleaned_data["name"])

    def save(self, commit: bool = True) -> Village:
        village = super().save(commit)
        assign_managers(village, self.cleaned_data["managers"])
        return village
