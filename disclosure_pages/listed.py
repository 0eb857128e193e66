"""What feeds and exports read: what a list finds, from its first row to the last.

Nothing is paged here: readers of feeds take the newest, exports stream everything.
"""

import json
from collections.abc import Iterator

from django.db.models import Q, QuerySet

from cms.context import is_portal
from cms.models import Authority
from disclosure_pages import portal_selectors, selectors
from disclosure_pages.item_rows import (
    KEYWORDS,
    ItemRow,
    own_row,
    own_values,
    received_row,
    received_values,
)
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import (
    CollectionPage,
    ExternalItem,
)

CHUNK = 2000


def items_of(query: ListQuery) -> QuerySet:
    """Return what the filters leave, in the order that was asked for."""
    if is_portal():
        found = portal_selectors.received_items()
        found = portal_selectors.narrowed_received(found, query)
    else:
        offices = selectors.office_pages() if query.office else []
        found = selectors.narrowed(selectors.visible_items(), query, offices)
    return found.order_by(*query.sort.ordering)


def items_of_collection(page: CollectionPage) -> QuerySet:
    """Return what the saved query of a collection finds now, newest first."""
    query = ListQuery(
        q=page.q,
        category=page.category,
        office=page.office.code if page.office else "",
        year=f"{page.year:04d}" if page.year else "",
        validity=page.validity,
        subcategory=page.subcategory.code if page.subcategory else "",
        genre=page.genre.code if page.genre else "",
    )
    found = items_of(query)
    if page.keyword:
        found = found.filter(_has_keyword(page.keyword))
    return found


def _has_keyword(word: str) -> Q:
    """SQLite keeps received keywords as JSON text with escapes, PostgreSQL without."""
    if not is_portal():
        return Q(keywords__icontains=word)
    escaped = json.dumps(word)[1:-1]
    column = f"{KEYWORDS}__icontains"
    return Q((column, word)) | Q((column, escaped))


def rows(items: QuerySet, limit: int | None = None) -> Iterator[ItemRow]:
    """Read the rows one chunk at a time; names of offices and townships once."""
    if items.model is ExternalItem:
        names = portal_selectors.origin_names()
        for values in received_values(items[:limit]).iterator(chunk_size=CHUNK):
            yield received_row(values, names)
        return
    authority = Authority.objects.first() or Authority()
    offices = selectors.office_names(selectors.office_pages())
    for values in own_values(items[:limit]).iterator(chunk_size=CHUNK):
        yield own_row(values, offices, authority.name)
