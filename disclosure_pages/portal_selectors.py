"""Reads of what other authorities sent, for the portal role."""

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, QuerySet
from django.db.models.functions import Cast, Substr

from disclosure_pages.choices import PublicKind, TermScheme
from disclosure_pages.item_rows import (
    VALIDITY,
    ItemRow,
    received_row,
    received_values,
)
from disclosure_pages.list_query import ListQuery, Sort
from disclosure_pages.models import ExternalItem, Origin, Subcategory, Term
from disclosure_pages.public_state import visible_external
from disclosure_pages.selectors import (
    LATEST,
    PAGE_SIZE,
    Catalogue,
    ItemList,
    narrowed_by,
)

METADATA = "payload__metadata"
RECEIVED_FACETS = {
    "category": "category",
    "origin": "origin",
    "year": "date_published__year",
    "validity": VALIDITY,
    "office": f"{METADATA}__office",
}


@dataclass(frozen=True)
class OriginCount:
    """A township with the number of its items here."""

    name: str
    credit_code: str
    count: int
    url: str


def origin_names() -> dict[str, str]:
    """Return the townships' names by credit code."""
    return dict(Origin.objects.values_list("credit_code", "name"))


def received_items() -> QuerySet[ExternalItem]:
    """Return the received items that are public; guides and points not among them."""
    return visible_external().filter(kind=PublicKind.ITEM)


def received_catalogue() -> Catalogue:
    """Count what was received; the origin stands in the place of the office page."""
    groups = (
        received_items()
        .order_by()
        .values(
            "category",
            "origin",
            year=Substr(Cast("date_published", CharField(max_length=10)), 1, 4),
        )
        .annotate(count=Count("pk"))
    )
    return Catalogue(
        [(g["category"], g["origin"], g["year"] or "", g["count"]) for g in groups]
    )


def origin_counts(counts: Catalogue, base: str) -> list[OriginCount]:
    """Return every township with its count and address below ``base``."""
    by_origin = counts.by_office_path()
    return [
        OriginCount(
            origin.name,
            origin.credit_code,
            by_origin[origin.credit_code],
            f"{base}?origin={origin.credit_code}",
        )
        for origin in Origin.objects.all()
    ]


def received_list(query: ListQuery, names: dict[str, str]) -> ItemList:
    """Return one page of received items, and how many there are.

    ``names`` are the townships by credit code.
    """
    return received_page(narrowed_received(received_items(), query), query, names)


def received_page(
    items: QuerySet[ExternalItem], query: ListQuery, names: dict[str, str]
) -> ItemList:
    """Return one page of these received items, and how many there are.

    Two queries: a count within the page's would read every row of a large portal.
    """
    start = (query.page - 1) * PAGE_SIZE
    ordered = items.order_by(*query.sort.ordering)[start : start + PAGE_SIZE]
    rows = [received_row(values, names) for values in received_values(ordered)]
    return ItemList(query, rows, items.count() if rows else 0)


def latest_received(names: dict[str, str]) -> list[ItemRow]:
    """Return the items published last."""
    latest = received_items().order_by(*Sort.PUBLISHED.ordering)
    return [received_row(values, names) for values in received_values(latest[:LATEST])]


def portal_home_context() -> dict[str, Any]:
    """Return categories, townships and the latest items (three queries)."""
    counts = received_catalogue()
    base = "/disclosure/"
    origins = origin_counts(counts, base)
    return {
        "portal": True,
        "total": counts.total,
        "categories": counts.categories(base),
        "origins": origins,
        "latest": latest_received({o.credit_code: o.name for o in origins}),
    }


def narrowed_received(
    items: QuerySet[ExternalItem], query: ListQuery
) -> QuerySet[ExternalItem]:
    """Return the received items that the reader's filters leave.

    A sender tells its catalogue in words, an address names codes of the same lists.
    """
    items = narrowed_by(RECEIVED_FACETS, items, query)
    for name, words in _catalogue_words(query).items():
        items = items.filter(**{f"{METADATA}__{name}__in": words})
    return items


def _catalogue_words(query: ListQuery) -> dict[str, list[str]]:
    """Return what the codes asked for are called, by facet (a query for each)."""
    found: dict[str, list[str]] = {}
    if query.subcategory:
        rows = Subcategory.objects.filter(code=query.subcategory)
        found["subcategory"] = [row.name for row in rows]
    for scheme in (TermScheme.GENRE, TermScheme.SUBJECT):
        if code := getattr(query, scheme):
            terms = Term.objects.filter(scheme=scheme, code=code)
            rows = terms.select_related("parent")
            found[scheme.value] = [str(term) for term in rows]
    return found
