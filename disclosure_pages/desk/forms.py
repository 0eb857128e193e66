from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from cms.models import Village
from cms.models.moderation import SecrecyOpinion
from cms.services.review import SecrecyRecord
from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.forms import visible_title
from disclosure_pages.services.village_managers import (
    assign_managers,
    managers,
    possible_managers,
)

# Local practice, not law: what the reviewer confirms one by one (保密审查表).
SECRECY_QUESTIONS = {
    "no_state_secret": _("不含国家秘密和工作秘密"),
    "no_personal_data": _("不含身份证号、银行账号、住址、健康等个人信息"),
    "no_trade_secret": _("不含未经同意公开的商业秘密"),
    "files_opened": _("附件已逐个打开看过"),
}
UNREAD_FILES = "unread_files"  # asked only where a file gave no text


class WithdrawForm(forms.Form):
    """Why something public is taken back; readers see the reason."""

    kind = forms.ChoiceField(
        label=_("撤回类型"), choices=WithdrawalKind.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("撤回原因"),
        max_length=300,
        help_text=_("读者会看到。例：附件含有个人信息，改正后重新公开。"),
        widget=forms.Textarea({"rows": 3}),
    )


class ReviewForm(forms.Form):
    """A decision on one step, bound to the revision that was shown."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("意见"),
        required=False,
        max_length=1000,
        help_text=_("退回时必填，起草人会逐字看到。"),
        widget=forms.Textarea({"rows": 3}),
    )


class SecrecyForm(ReviewForm):
    """The secrecy review: every question confirmed, or a ground for not opening."""

    legal_ground = forms.CharField(
        label=_("法律依据"),
        required=False,
        max_length=200,
        help_text=_("不予公开时填写，例：条例第十五条。"),
    )

    def __init__(self, *args: Any, unread: Sequence[str] = (), **kwargs: Any) -> None:
        """``unread``: names of files in which nothing looked for personal numbers."""
        super().__init__(*args, **kwargs)
        self.questions = dict(SECRECY_QUESTIONS)
        if unread:
            self.questions[UNREAD_FILES] = _(
                "读不出文字的附件（%(names)s）已人工看过，没有身份证号、电话"
            ) % {"names": "、".join(unread)}
        for name, label in self.questions.items():
            self.fields[name] = forms.BooleanField(label=label, required=False)
        order = ["revision", *self.questions, "comment", "legal_ground"]
        self.order_fields(order)

    def record(self, *, approve: bool) -> SecrecyRecord:
        """Return what was filled in, as the record that is kept."""
        data = self.cleaned_data
        return SecrecyRecord(
            opinion=SecrecyOpinion.OPEN if approve else SecrecyOpinion.NOT_OPEN,
            answers={name: data[name] for name in self.questions},
            legal_ground=data["legal_ground"],
            note=data["comment"],
        )

    def unanswered(self) -> list[str]:
        """Return the questions that were not confirmed."""
        return [
            str(label)
            for name, label in self.questions.items()
            if not self.cleaned_data[name]
        ]


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
        self.fields["managers"].label_from_instance = _account
        self.initial["managers"] = managers(self.instance)

    def clean_name(self) -> str:
        return visible_title(self.cleaned_data["name"])

    def save(self, commit: bool = True) -> Village:
        village = super().save(commit)
        assign_managers(village, self.cleaned_data["managers"])
        return village


def _account(user: Any) -> str:
    name = user.get_full_name()
    return f"{name}（{user.get_username()}）" if name else user.get_username()
