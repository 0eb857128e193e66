"""Bulk actions on items, each with a result per item."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.models import Page

from cms.numbers import small_int
from disclosure_pages.checks.rules import what_blocks
from disclosure_pages.choices import Category
from disclosure_pages.csv_answers import BOM, csv_rows
from disclosure_pages.desk.withdrawing import WithdrawForm
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.models.base import PublicPage
from disclosure_pages.services.withdrawal import may_withdraw, withdraw

LIMIT = 200


@dataclass(frozen=True)
class Outcome:
    """What became of one item."""

    title: str
    page_id: int
    done: bool
    message: str


class ItemBulkAction(BulkAction):
    """Does one thing to each chosen item and shows a table of what came of it.

    An item that fails leaves the others done: each has its own savepoint.
    """

    models: ClassVar[list[type]] = [DisclosureItemPage, Page]
    template_name = "disclosure_pages/desk/bulk_action.html"
    explanation = ""
    done_message = _("完成")

    def get_queryset_of(self, ids: list[str]) -> list[PublicPage]:
        """Return the chosen pages that the user may look at, as their own type."""
        pages = Page.objects.filter(pk__in=filter(None, map(small_int, ids)))
        return [
            page
            for page in pages.specific()[: LIMIT + 1]
            if isinstance(page, DisclosureItemPage)
        ]

    def get_actionable_objects(self) -> tuple[list[PublicPage], dict[str, list]]:
        ids = self.request.GET.getlist("id")
        pages = self.get_queryset_of(ids)[:LIMIT]
        allowed = [page for page in pages if self.check_perm(page)]
        seen = [
            page
            for page in pages
            if page not in allowed
            and page.permissions_for_user(self.request.user).can_edit()
        ]
        return allowed, {"items_with_no_access": seen}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"action": self}

    def refusal(self, page: DisclosureItemPage) -> str:
        """Return why the user may not do it to this one."""
        return str(_("您不能对它做这件事。"))

    def act(self, page: DisclosureItemPage) -> None:
        """Do it to one item.

        Raises:
            ValidationError: it can't be done; the message says why.
        """
        raise NotImplementedError

    def form_valid(self, form: forms.Form) -> HttpResponse:
        self.cleaned_form = form
        pages, refused = self.get_actionable_objects()
        outcomes = [self._outcome(page) for page in pages]
        outcomes += [
            Outcome(page.draft_title, page.pk, False, self.refusal(page))
            for page in refused["items_with_no_access"]
        ]
        return TemplateResponse(
            self.request,
            "disclosure_pages/desk/bulk_result.html",
            {
                "action": self,
                "outcomes": outcomes,
                "done": sum(outcome.done for outcome in outcomes),
                "next": self.next_url,
                "table": as_csv(outcomes),
            },
        )

    def _outcome(self, page: DisclosureItemPage) -> Outcome:
        try:
            with transaction.atomic():
                self.act(page)
        except ValidationError as error:
            message = "；".join(error.messages)
            return Outcome(page.draft_title, page.pk, False, message)
        except PermissionDenied as error:
            return Outcome(page.draft_title, page.pk, False, str(error))
        return Outcome(page.draft_title, page.pk, True, str(self.done_message))


def as_csv(outcomes: list[Outcome]) -> str:
    """Return the outcomes as CSV text, for the download link of the result page."""
    rows = (
        (outcome.title, _("成功") if outcome.done else _("未办"), outcome.message)
        for outcome in outcomes
    )
    lines = csv_rows((_("标题"), _("结果"), _("说明")), rows)
    return "".join(lines).removeprefix(BOM)


class SubmitBulkAction(ItemBulkAction):
    """提交审查: starts the review of each draft, as if submitted one by one."""

    display_name = _("提交审查")
    action_type = "gongkai_submit"
    aria_label = _("把选中的草稿提交审查")
    action_priority = 10
    explanation = _("每一条都会按平常的顺序审查；写得不全的不会提交。")
    done_message = _("已提交审查")

    def check_perm(self, obj: PublicPage) -> bool:
        allowed = obj.permissions_for_user(self.request.user)
        return allowed.can_edit() and allowed.can_submit_for_moderation()

    def refusal(self, page: DisclosureItemPage) -> str:
        if page.current_workflow_state:
            return str(_("已经在审查中。"))
        return super().refusal(page)

    def act(self, page: DisclosureItemPage) -> None:
        if page.current_workflow_state:
            raise ValidationError(_("已经在审查中。"))
        if page.live and not page.has_unpublished_changes:
            raise ValidationError(_("没有未公开的改动，不用提交。"))
        draft = page.get_latest_revision_as_object()
        draft.full_clean()
        if reasons := what_blocks(draft):
            raise ValidationError(reasons)
        draft.get_workflow().start(page, self.request.user)


class CategoryForm(forms.Form):
    """The category to put the chosen drafts into."""

    category = forms.ChoiceField(label=_("改为哪一类"), choices=Category.choices)


class CategoryBulkAction(ItemBulkAction):
    """改类别: writes a new draft revision of each; public ones need review again."""

    display_name = _("改类别")
    action_type = "gongkai_category"
    aria_label = _("修改选中信息的类别")
    action_priority = 20
    form_class = CategoryForm
    explanation = _("只改草稿；已公开的会多出一份待审查的改动，公开的内容不变。")
    done_message = _("已改草稿")

    def check_perm(self, obj: PublicPage) -> bool:
        return obj.permissions_for_user(self.request.user).can_edit()

    def act(self, page: DisclosureItemPage) -> None:
        if page.current_workflow_state or page.locked:
            raise ValidationError(_("正在审查或已锁定，现在不能改。"))
        draft = page.get_latest_revision_as_object()
        draft.category = self.cleaned_form.cleaned_data["category"]
        sub = draft.subcategory
        if sub and sub.category != draft.category:
            draft.subcategory = None
        draft.save_revision(user=self.request.user, log_action=True, changed=True)


class WithdrawBulkAction(ItemBulkAction):
    """撤回: takes each back at once."""

    display_name = _("撤回")
    action_type = "gongkai_withdraw"
    aria_label = _("撤回选中的信息")
    action_priority = 90
    classes: ClassVar[set[str]] = {"serious"}
    form_class = WithdrawForm
    explanation = _("选中的信息马上从网站、检索和门户撤下，网址处写明原因。")
    done_message = _("已撤回")

    def check_perm(self, obj: PublicPage) -> bool:
        return may_withdraw(self.request.user, obj)

    def act(self, page: DisclosureItemPage) -> None:
        if not withdraw(page, user=self.request.user, **self.cleaned_form.cleaned_data):
            raise ValidationError(_("现在没有公开，未作处理。"))
