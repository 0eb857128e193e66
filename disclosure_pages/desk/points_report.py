"""查阅点覆盖: tells the information officer which village lacks what."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from cms.context import is_portal
from disclosure_pages.models import ReadingPointIndexPage, ReadingPointPage
from disclosure_pages.reading_point_coverage import VillageCoverage, read_coverage
from disclosure_pages.reading_point_duty import on_duty
from disclosure_pages.reading_point_selectors import absences

NAME = "gongkai_points_report"
ADDRESS = "reports/reading-points/"


@dataclass(frozen=True)
class ReportRow:
    """A village that does not count, what stands there, and where to change it."""

    coverage: VillageCoverage
    state: str
    edit_url: str


def may_see(request: HttpRequest) -> bool:
    """Whether the user answers for all points (信息管理员) or inspects (监督检查)."""
    rights = ("withdraw_item", "view_indexnumberentry")
    return not is_portal() and any(
        request.user.has_perm(f"disclosure_pages.{right}") for right in rights
    )


def points_report(request: HttpRequest) -> HttpResponse:
    """Show the coverage figure, village by village, and who is missing today."""
    if not may_see(request):
        raise PermissionDenied
    coverage = read_coverage()
    pages = {
        page.village_id: page for page in ReadingPointPage.objects.exclude(village=None)
    }
    today = timezone.localdate()
    away, add_url = absences(today), _add_url()
    unattended = [
        row.point
        for row in coverage.villages
        if row.point and on_duty(row.point, away[row.point.pk], today) is None
    ]
    return TemplateResponse(
        request,
        "disclosure_pages/desk/points_report.html",
        {
            "coverage": coverage,
            "rows": [
                _row(row, pages.get(row.village.pk), add_url)
                for row in coverage.failing
            ],
            "unattended": unattended,
        },
    )


def _add_url() -> str:
    index = ReadingPointIndexPage.objects.first()
    if index is None:
        return ""
    name = "wagtailadmin_pages:add"
    return reverse(name, args=["disclosure_pages", "readingpointpage", index.pk])


def _row(
    row: VillageCoverage, page: ReadingPointPage | None, add_url: str
) -> ReportRow:
    if page is None:
        return ReportRow(row, _("还没有建"), add_url)
    if page.live:
        state = _("已公开")
    elif page.withdrawn_at:
        state = _("已撤回")
    else:
        state = _("草稿，还没有公开")
    return ReportRow(row, state, reverse("wagtailadmin_pages:edit", args=[page.pk]))


class PointsMenuItem(MenuItem):
    """查阅点覆盖, for whoever answers for all points."""

    def is_shown(self, request: HttpRequest) -> bool:
        return may_see(request)


@hooks.register("register_admin_urls")
def report_urls() -> list[URLPattern]:
    return [path(ADDRESS, points_report, name=NAME)]


@hooks.register("register_reports_menu_item")
def report_menu_item() -> MenuItem:
    label = gettext_lazy("查阅点覆盖")
    return PointsMenuItem(label, reverse(NAME), icon_name="home", order=800)
