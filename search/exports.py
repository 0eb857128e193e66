"""What one search finds, to take home: as a table, a feed, a list on paper."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.context import base_url, is_portal
from disclosure_pages.choices import PublicKind
from disclosure_pages.csv_answers import CONTENT_TYPE, csv_rows, dated_download
from disclosure_pages.feedback_views import reader_address
from disclosure_pages.feeds import NEWEST, feed_answer
from disclosure_pages.item_rows import iso
from disclosure_pages.list_exports import joined
from disclosure_pages.qr import qr_path
from disclosure_pages.services.feedback import TooMany, count_attempt

from . import services
from .address import Address, in_words
from .documents import SearchDocument
from .item_rows import row_of

MOST_ROWS = 10_000  # newest first, where the next piece costs little
MOST_RANKED = 2_000  # by relevance, where each piece ranks everything again
PER_HOUR = 30  # tables for one network address
AT_A_TIME = 2  # tables that one process makes
MOST_PRINTED = 200
LONGEST_QR = 600  # characters of an address that a phone still reads from paper
View = Callable[..., Any]
_slots = threading.BoundedSemaphore(AT_A_TIME)


def unless_unavailable(view: View) -> View:
    """Answer 503 in plain words while no engine answers, or none with everything."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except services.SearchUnavailable:
            return _refusal(_("搜索服务正在恢复，请稍后再试。"), 503, after_s=60)

    return answer


@require_safe
@unless_unavailable
def search_export(request: HttpRequest) -> HttpResponseBase:
    """The first rows of a search as CSV, in its order; made before it is sent.

    A reader with a slow line keeps nobody else from a table.
    """
    try:
        count_attempt(reader_address(request), act="export", per_hour=PER_HOUR)
    except TooMany:
        text = _("您刚才下载了很多次，请过一小时再来。")
        return _refusal(text, 429, after_s=3600)
    if not _slots.acquire(blocking=False):
        text = _("现在下载表格的人多，请过一会儿再试。")
        return _refusal(text, 503, after_s=30)
    try:
        lines = list(csv_rows(_header(), _rows(Address.read(request.GET))))
    finally:
        _slots.release()
    response = StreamingHttpResponse(joined(lines), content_type=CONTENT_TYPE)
    dated_download(response, "search", "csv")
    return response


def most_rows(address: Address) -> int:
    """Return how many rows a table of this search has at most."""
    by_date = address.sort == "date" or not address.q
    return MOST_ROWS if by_date else MOST_RANKED


@require_safe
@unless_unavailable
def search_feed(request: HttpRequest, form: str) -> HttpResponse:
    """The newest that have all that a search asks for."""
    address = Address.read(request.GET).newest_first
    found = services.newest(address.asked(), NEWEST)
    asks = address.q or address.filters or address.period
    return feed_answer(
        request,
        form,
        [row_of(hit.document) for hit in found.hits],
        name=_("搜索：%(q)s") % {"q": in_words(address)} if asks else _("最新公开"),
        link=f"{reverse('search')}{address}",
        query=str(address),
    )


@require_safe
@unless_unavailable
def search_print(request: HttpRequest) -> HttpResponse:
    """The first 200 of a search on paper, for who reads at a reading point."""
    typed = replace(Address.read(request.GET), page=1)
    asked = replace(typed.asked(), page_size=MOST_PRINTED + 1, excerpts=False)
    answer = services.find(asked)
    address = typed.taken_home(answer.corrected)
    rows = [(row_of(hit.document), hit.lacks) for hit in answer.hits]
    link = f"{base_url()}{reverse('search')}{address.whole}"
    context = {
        "words": in_words(address),
        "answer": answer,
        "rows": rows[:MOST_PRINTED],
        "more": len(rows) > MOST_PRINTED,
        "most": MOST_PRINTED,
        "qr": qr_path(link) if len(link) <= LONGEST_QR else None,
        "back": f"{reverse('search')}{address.whole}",
    }
    return render(request, "search/print.html", context)


def _refusal(text: str, status: int, *, after_s: int) -> HttpResponse:
    response = HttpResponse(text, "text/plain; charset=utf-8", status=status)
    response["Retry-After"] = str(after_s)
    return response


def _rows(address: Address) -> Iterator[Sequence[str]]:
    """Yield the cells of each row, and last of all that there may be more."""
    most, count = most_rows(address), 0
    for document in services.walk(address.asked(), most):
        yield tuple(_cells(document))
        count += 1
    if count == most:
        told = {"most": most, "all": MOST_ROWS}
        text = _("表格最多列 %(most)s 条。")
        if most < MOST_ROWS:
            text = _("按相关程度最多列 %(most)s 条；按时间排序，可以下载 %(all)s 条。")
        yield ("", "", text % told, *[""] * (len(_header()) - 3))


def _header() -> list[str]:
    return [
        *(_("种类"), _("索引号"), _("名称"), _("类别"), _("文号"), _("发布机构")),
        *(_("来源机关") if is_portal() else _("责任科室"), _("成文日期")),
        *(_("公开日期"), _("有效性"), _("网址"), _("标识")),
    ]


def _cells(document: SearchDocument) -> Iterator[str]:
    row = row_of(document)
    known = document.type in PublicKind.values
    yield str(PublicKind(document.type).label) if known else document.type
    yield from (row.index_number, row.title, row.category_label, row.document_number)
    yield from (row.publisher, row.office, iso(row.date_made), iso(row.date_published))
    yield from (row.validity_label, row.address, row.key)
