from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import URLPattern, path, re_path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import Page
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from cms.models import Office, Village
from disclosure_pages.desk import (
    choosers,  # noqa: F401
    foreign_titles,  # noqa: F401
    listing_hooks,  # noqa: F401
    views,
    withdrawing,
)
from disclosure_pages.desk.forms import VillageForm
from disclosure_pages.models import DisclosureIndexPage
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.services.site import add_office
from disclosure_pages.services.withdrawal import may_withdraw
from disclosure_pages.views import guard_document

hooks.register("before_serve_document", guard_document)


@hooks.register("register_admin_urls")
def desk_urls() -> list[URLPattern]:
    return [
        path("review/<int:task_state_id>/", views.review, name="gongkai_review"),
        path("review/next/", views.following, name="gongkai_review_next"),
        path(
            "withdraw/<int:page_id>/",
            withdrawing.withdraw_page,
            name="gongkai_withdraw",
        ),
        path(
            "withdrawals/<int:page_id>/",
            withdrawing.withdrawal,
            name="gongkai_withdrawal",
        ),
        re_path(
            r"^withdrawals/(?P<page_id>[0-9]+)/note\.(?P<form>html|pdf)$",
            withdrawing.takedown_note,
            name="gongkai_takedown_note",
        ),
    ]


@hooks.register("register_page_header_buttons")
@hooks.register("register_page_listing_more_buttons")
def withdraw_buttons(
    page: Page, user: Any, next_url: str | None = None, **kwargs: Any
) -> Iterator[Button]:
    specific = page.specific
    if not isinstance(specific, ModeratedPage) or not may_withdraw(user, specific):
        return
    if not page.live and specific.withdrawn_at:
        yield Button(
            _("撤下情况"),
            reverse("gongkai_withdrawal", args=[page.pk]),
            icon_name="warning",
            priority=5,
        )
    if page.live:
        yield Button(
            _("撤回"),
            reverse("gongkai_withdraw", args=[page.pk]),
            icon_name="warning",
            priority=5,
        )


class WithdrawMenuItem(ActionMenuItem):
    """撤回 beside 保存草稿, where an editor looks for what can be done with a page."""

    label = _("撤回")
    name = "action-withdraw"
    icon_name = "warning"

    def is_shown(self, context: dict[str, Any]) -> bool:
        page = context.get("page")
        return (
            context["view"] == "edit"
            and isinstance(page, ModeratedPage)
            and page.live
            and may_withdraw(context["request"].user, page)
        )

    def get_url(self, parent_context: dict[str, Any]) -> str:
        return reverse("gongkai_withdraw", args=[parent_context["page"].pk])


@hooks.register("register_page_action_menu_item")
def withdraw_menu_item() -> ActionMenuItem:
    return WithdrawMenuItem(order=90)


@hooks.register("insert_global_admin_css")
def desk_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("cms/desk.css"))


@hooks.register("construct_help_menu")
def no_foreign_help(request: HttpRequest, items: list[MenuItem]) -> None:
    items[:] = [item for item in items if "wagtail.org" not in item.url]


@hooks.register("before_publish_page")
def only_by_review(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Refuse direct publication early, with words; the model refuses it anyway."""
    return views.refuse_direct_publication(request, page)


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    actions.register_action("gongkai.import", _("批量导入"), _("由批量导入写入"))

    @actions.register_action("gongkai.withdraw")
    class WithdrawFormatter(LogFormatter):
        label = _("撤回")

        def format_message(self, log_entry: Any) -> str:
            return _("撤回，原因：%(reason)s") % {
                "reason": log_entry.data.get("reason", "")
            }


@hooks.register("after_create_snippet")
@hooks.register("after_edit_snippet")
def equip_office(request: HttpRequest, instance: Any) -> None:
    """Give a new office its page and groups, a renamed one their new names."""
    if isinstance(instance, Office) and DisclosureIndexPage.objects.exists():
        add_office(instance)


class OfficeViewSet(SnippetViewSet):
    model = Office
    icon = "group"
    list_display = ["name", "code", "phone"]
    search_fields = ["name", "code"]


class VillageViewSet(SnippetViewSet):
    model = Village
    icon = "home"
    list_display = ["name", "code"]
    edit_handler = ObjectList(
        [
            *map(FieldPanel, ("name", "code", "managers")),
            FieldRowPanel([FieldPanel("map_x"), FieldPanel("map_y")]),
            FieldPanel("sort_order"),
        ],
        base_form_class=VillageForm,
    )
    search_fields = ["name", "code"]


class OrganisationGroup(SnippetViewSetGroup):
    items = (OfficeViewSet, VillageViewSet)
    menu_label = _("科室和村")
    menu_icon = "group"
    menu_order = 300


register_snippet(OrganisationGroup)
from disclosure_pages import catalogue_hooks, feedback_hooks  # noqa: E402, F401
from disclosure_pages.desk import (  # noqa: E402, F401
    audit_log,
    batch_views,
    checks_hooks,
    duty_hooks,
    harvest,
    notice_views,
    opinions,
    points_report,
    review_record,
    today_hooks,
    wizard_hooks,  # noqa: E402, F401
    working_copy,
)
from disclosure_pages.desk.loading import (  # noqa: E402
    hooks as loading_hooks,  # noqa: F401
)
from disclosure_pages.rules import desk as rules_desk  # noqa: E402, F401
