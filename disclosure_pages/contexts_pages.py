"""Template variables of rules, institution, annual reports, notices, plain pages."""

from typing import Any

from django.http import Http404, HttpRequest

from cms.context import frame_of
from disclosure_pages import page_selectors
from disclosure_pages.contexts import file_row, publication_time
from disclosure_pages.institution import institution
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import (
    AnnualReportIndexPage,
    AnnualReportPage,
    InstitutionPage,
    NoticeIndexPage,
    PlainPage,
    RulesIndexPage,
)
from disclosure_pages.models.pages import TextPage
from disclosure_pages.page_context import page_context


@page_context.register
def text_context(page: TextPage, request: HttpRequest) -> dict[str, Any]:
    """Return what every page of text shows beside its own fields."""
    return {"pub_date": publication_time(page)}


@page_context.register
def rules_index_context(page: RulesIndexPage, request: HttpRequest) -> dict[str, Any]:
    """Return the rules, those in force first."""
    return {"rules": page_selectors.rules()}


@page_context.register
def institution_context(page: InstitutionPage, request: HttpRequest) -> dict[str, Any]:
    """Return the register's tables; no copy of the page may outlive a change of it."""
    page.names_others = True
    found = institution(frame_of(request).authority)
    return text_context(page, request) | {"institution": found}


@page_context.register
def report_index_context(
    page: AnnualReportIndexPage, request: HttpRequest
) -> dict[str, Any]:
    """Return the reports by year."""
    return {"reports": page_selectors.reports()}


@page_context.register
def report_context(page: AnnualReportPage, request: HttpRequest) -> dict[str, Any]:
    """Return the file of the report, if there is one."""
    files = [file_row(page.document)] if page.document else []
    return text_context(page, request) | {"files": files}


@page_context.register
def notice_index_context(page: NoticeIndexPage, request: HttpRequest) -> dict[str, Any]:
    """Return one page of the notices; 404 behind the last one."""
    query = ListQuery(page=ListQuery.read(request.GET).page)
    found = page_selectors.notice_list(query)
    if query.page > found.pages:
        raise Http404
    return {"list": found, "number": query.page}


@page_context.register
def plain_context(page: PlainPage, request: HttpRequest) -> dict[str, Any]:
    """Return the pages above and below; nothing withdrawn may stay named in a copy."""
    above, below = page_selectors.around(page)
    page.names_others = bool(above or below)
    return text_context(page, request) | {"above": above, "below": below}
