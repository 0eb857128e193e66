"""Reads behind the smaller pages; every function is a fixed number of queries."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet, Window
from django.utils import timezone
from wagtail.models import Page

from cms.context import public_path
from disclosure_pages.choices import LegalStatus
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import (
    AnnualReportPage,
    NoticePage,
    PlainPage,
    RulesPage,
)
from disclosure_pages.public_state import visible_pages
from disclosure_pages.selectors import PAGE_SIZE, PagedList

IN_FORCE = (LegalStatus.VALID, LegalStatus.AMENDED)
FIRST_YEAR = 2008  # the Regulation is in force since 1 May 2008


@dataclass(frozen=True)
class RuleRow:
    """One rule in the list of rules."""

    title: str
    url: str
    document_number: str
    date_made: date | None
    validity: str

    @property
    def validity_label(self) -> str:
        """Whether it is in force, in a word."""
        return str(LegalStatus(self.validity).label)


@dataclass(frozen=True)
class Rules:
    """The rules, those in force apart from those that no longer are."""

    in_force: list[RuleRow]
    past: list[RuleRow]


def rules() -> Rules:
    """Return all public rules, the newest first (one query)."""
    fields = ("title", "url_path", "document_number", "date_made", "validity")
    found = visible_pages(RulesPage).order_by("-date_made", "path").values(*fields)
    rows = [RuleRow(url=public_path(row.pop("url_path")), **row) for row in found]
    return Rules(
        in_force=[row for row in rows if row.validity in IN_FORCE],
        past=[row for row in rows if row.validity not in IN_FORCE],
    )


@dataclass(frozen=True)
class ReportRow:
    """The report of one year; ``url`` is empty when it is not here."""

    year: int
    title: str = ""
    url: str = ""
    published_on: date | None = None
    has_file: bool = False


def reports() -> list[ReportRow]:
    """Return the reports, the newest first, with the years between that lack one."""
    fields = ("year", "title", "url_path", "first_published_at", "document_id")
    found = {
        row["year"]: ReportRow(
            year=row["year"],
            title=row["title"],
            url=public_path(row["url_path"]),
            published_on=_day(row["first_published_at"]),
            has_file=row["document_id"] is not None,
        )
        for row in visible_pages(AnnualReportPage).exclude(year=None).values(*fields)
    }
    if not found:
        return []
    today = timezone.localdate()
    due = today.year - 1 if today.month > 1 else today.year - 2
    years = {*found, *range(max(min(found), FIRST_YEAR), due + 1)}
    return [found.get(year, ReportRow(year)) for year in sorted(years, reverse=True)]


def _day(moment: Any) -> date | None:
    return timezone.localtime(moment).date() if moment else None


@dataclass(frozen=True)
class NoticeRow:
    """One notice in a list."""

    title: str
    url: str
    date_published: date | None
    summary: str


@dataclass(frozen=True)
class NoticeList(PagedList):
    """One page of the notices."""

    rows: list[NoticeRow]


def _notice_values(notices: QuerySet[NoticePage], *more: str) -> QuerySet:
    ordered = notices.order_by("-first_published_at", "-pk")
    return ordered.values("title", "url_path", "summary", "first_published_at", *more)


def _notice_row(row: dict[str, Any]) -> NoticeRow:
    return NoticeRow(
        title=row["title"],
        url=public_path(row["url_path"]),
        date_published=_day(row["first_published_at"]),
        summary=row["summary"],
    )


def latest_notices(number: int) -> list[NoticeRow]:
    """Return the notices published last (one query)."""
    found = _notice_values(visible_pages(NoticePage))[:number]
    return [_notice_row(row) for row in found]


def notice_list(query: ListQuery) -> NoticeList:
    """Return one page of the notices, the newest first (one query)."""
    start = (query.page - 1) * PAGE_SIZE
    counted = visible_pages(NoticePage).annotate(found=Window(Count("pk")))
    found = list(_notice_values(counted, "found")[start : start + PAGE_SIZE])
    total = found[0]["found"] if found else 0
    return NoticeList(query, [_notice_row(row) for row in found], total)


@dataclass(frozen=True)
class Link:
    """A page by title and address."""

    title: str
    url: str


def around(page: PlainPage) -> tuple[list[Link], list[Link]]:
    """Return the plain pages above and below a plain page (one query each)."""
    pages = visible_pages(Page)
    above = pages.filter(path__in=_paths_above(page)).order_by("depth")
    below = pages.child_of(page).order_by("path")
    return _links(above), _links(below)


def _paths_above(page: Page) -> list[str]:
    # The root and the front page lead every path of crumbs; they are not repeated.
    ends = range(3 * page.steplen, len(page.path), page.steplen)
    return [page.path[:end] for end in ends]


def _links(pages: QuerySet[Page]) -> list[Link]:
    rows = pages.values_list("title", "url_path")
    return [Link(title, public_path(url_path)) for title, url_path in rows]
