"""The desk's first page, and what of Wagtail's a clerk has no need of."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from cms.models import Authority
from disclosure_pages.desk import today
from disclosure_pages.desk.today_sections import publish_url

REQUEST_FORM = "gongkai_request_new"
OF_LITTLE_USE = {"locked-pages", "workflows", "workflow-tasks", "page-types-usage"}


class TodayPanel(Component):
    """今天要办: everything else on Wagtail's first page gives way to it."""

    name = "gongkai_today"
    template_name = "disclosure_pages/desk/today_panel.html"
    order = 5

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        request = parent_context["request"]
        found = today.sections(request)
        scope = today.scope_of(request)
        day = timezone.localdate()
        return {
            "main": [section for section in found if not section.aside],
            "aside": [section for section in found if section.aside],
            "to_do": sum(section.count for section in found if section.urgent),
            "today": day,
            "is_workday": today.calendar_of(request).is_workday(day),
            "authority": Authority.load(),
            "offices": scope.offices,
            "publish_url": publish_url(scope.offices),
            "request_url": today.address(REQUEST_FORM),
            "load_url": today.address("gongkai_load") if scope.offices else "",
        }


def today_list(request: HttpRequest, name: str) -> HttpResponse:
    """Show all of one section."""
    section = today.section(request, name)
    if section is None:
        section = today.Section(name, str(_("现在没有要办的")), 0)
        if name not in today.names():
            raise Http404
    return TemplateResponse(
        request, "disclosure_pages/desk/today_list.html", {"section": section}
    )


@hooks.register("register_admin_urls")
def today_urls() -> list[URLPattern]:
    return [path("today/<slug:name>/", today_list, name="gongkai_today")]


@hooks.register("construct_homepage_panels", order=1000)
def only_today(request: HttpRequest, panels: list[Component]) -> None:
    panels[:] = [TodayPanel()]


def is_clerk(user: Any) -> bool:
    """Whether the user only writes or reviews: no administrator of any kind."""
    return not (
        user.is_superuser
        or user.has_perm("auth.change_user")
        or user.has_perm("gongkai_tasks.view_outboxentry")
    )


@hooks.register("construct_main_menu", order=1000)
def plain_menu(request: HttpRequest, items: list[MenuItem]) -> None:
    """Leave a clerk what he uses: no help pages about Wagtail, no reports."""
    unwanted = {"help"} if not request.user.is_superuser else set()
    if is_clerk(request.user):
        unwanted |= {"reports", "settings"}
    items[:] = [item for item in items if item.name not in unwanted]


@hooks.register("construct_reports_menu", order=1000)
def plain_reports(request: HttpRequest, items: list[MenuItem]) -> None:
    """Leave the reports that say something about disclosure."""
    if not request.user.is_superuser:
        items[:] = [item for item in items if item.name not in OF_LITTLE_USE]


@hooks.register("register_admin_menu_item")
def today_menu_item() -> MenuItem:
    return MenuItem(
        _("今天要办"), reverse("wagtailadmin_home"), icon_name="calendar", order=10
    )
