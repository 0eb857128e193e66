"""Any list as CSV or JSON: the same filters, all rows, streamed."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.context import is_portal
from disclosure_pages import listed
from disclosure_pages.csv_answers import CONTENT_TYPE, csv_rows, dated_download
from disclosure_pages.item_rows import ItemRow, iso
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import CollectionPage
from disclosure_pages.public_state import visible_pages

LINES_AT_ONCE = 200
TYPES = {
    "csv": CONTENT_TYPE,
    "json": "application/json; charset=utf-8",
}


def csv_lines(rows: Iterable[ItemRow], header: list[str]) -> Iterator[str]:
    """Write the header and one line for each row."""
    return csv_rows(header, map(_cells, rows))


def _cells(row: ItemRow) -> tuple[str, ...]:
    return (
        *(row.index_number, row.title, row.category_label, row.document_number),
        *(row.publisher, row.office, iso(row.date_made)),
        *(iso(row.date_published), row.validity_label, row.summary),
        *("；".join(row.keywords), row.address, row.key),
    )


def json_lines(rows: Iterable[ItemRow]) -> Iterator[str]:
    """Write one object: when it was made, the rows, and at the end their number."""
    made_at = json.dumps(timezone.localtime().isoformat(timespec="seconds"))
    yield f'{{"made_at": {made_at}, "items": ['
    number = 0
    for row in rows:
        separator = ",\n" if number else "\n"
        number += 1
        yield separator + json.dumps(_described(row), ensure_ascii=False)
    yield f'\n], "total": {number}}}\n'


def _described(row: ItemRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "index_number": row.index_number,
        "title": row.title,
        "category": row.category,
        "category_label": row.category_label,
        "document_number": row.document_number,
        "publisher": row.publisher,
        "office": row.office,
        "date_made": iso(row.date_made),
        "date_published": iso(row.date_published),
        "validity": row.validity,
        "summary": row.summary,
        "keywords": row.keywords,
        "url": row.address,
    }


def _header() -> list[str]:
    return [
        *(_("索引号"), _("名称"), _("类别"), _("文号"), _("发布机构")),
        *(_("来源机关") if is_portal() else _("责任科室"), _("成文日期")),
        *(_("公开日期"), _("有效性"), _("内容概述"), _("关键词"), _("网址")),
        _("标识"),
    ]


def _stream(items: QuerySet, form: str, name: str) -> StreamingHttpResponse:
    rows = listed.rows(items)
    lines = csv_lines(rows, _header()) if form == "csv" else json_lines(rows)
    response = StreamingHttpResponse(joined(lines), content_type=TYPES[form])
    dated_download(response, name, form)
    return response


def joined(lines: Iterator[str]) -> Iterator[bytes]:
    """Send many lines at once: each piece costs a system call."""
    piece: list[str] = []
    for line in lines:
        piece.append(line)
        if len(piece) == LINES_AT_ONCE:
            yield "".join(piece).encode("utf-8", "replace")
            piece.clear()
    yield "".join(piece).encode("utf-8", "replace")


@require_safe
def list_export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """All rows that the filters of a list leave; its page number means nothing here."""
    query = ListQuery.read(request.GET)
    return _stream(listed.items_of(query), form, "items")


@require_safe
def collection_export(
    request: HttpRequest, slug: str, form: str
) -> StreamingHttpResponse:
    """All rows that a collection finds."""
    page = get_object_or_404(
        visible_pages(CollectionPage).select_related("office"), slug=slug
    )
    return _stream(listed.items_of_collection(page), form, "collection")
