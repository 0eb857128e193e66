"""What one search finds, to take home: as a table, a feed, a list on paper."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.context import base_url, is_portal
from disclosure_pages.choices import PublicKind
from disclosure_pages.csv_answers import CONTENT_TYPE, csv_rows, dated_download
from disclosure_pages.feeds import NEWEST, feed_answer
from disclosure_pages.item_rows import iso
from disclosure_pages.list_exports import joined
from disclosure_pages.qr import qr_path

from . import services
from .address import Address, in_words
from .documents import SearchDocument
from .item_rows import row_of

MOST_ROWS = 10_000
MOST_PRINTED = 200
LONGEST_QR = 600  # characters of an address that a phone still reads from paper
View = Callable[..., Any]


def unless_unavailable(view: View) -> View:
    """Answer 503 in plain words while no engine answers, or none with everything."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except services.SearchUnavailable:
            text = _("搜索服务正在恢复，请稍后再试。")
            response = HttpResponse(text, "text/plain; charset=utf-8", status=503)
            response["Retry-After"] = "60"
            return response

    return answer


@require_safe
@unless_unavailable
def search_export(request: HttpRequest) -> StreamingHttpResponse:
    """The first 10,000 rows of a search as CSV, in its order."""
    found = services.walk(Address.read(request.GET).asked(), MOST_ROWS)
    first = list(islice(found, 1))  # whether an engine answers, before anything is sent
    lines = csv_rows(_header(), map(_cells, chain(first, found)))
    response = StreamingHttpResponse(joined(lines), content_type=CONTENT_TYPE)
    dated_download(response, "search", "csv")
    return response


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
