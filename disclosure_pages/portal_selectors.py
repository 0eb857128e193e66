"""Reads of what other authorities sent, for the portal role."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import NoReverseMatch, reverse

from disclosure_pages.choices import Category, PublicKind
from disclosure_pages.models import ExternalItem, Origin
from disclosure_pages.public_state import visible_external
from disclosure_pages.selectors import LATEST, CategoryCount, ItemRow

SEARCH = "/search/"


@dataclass(frozen=True)
class OriginCount:
    """A township with the number of its items here."""

    name: str
    credit_code: str
    count: int
    url: str


def portal_home_context() -> dict[str, Any]:
    """Return categories, townships and the latest items (three queries)."""
    by_category: Counter[str] = Counter()
    by_origin: Counter[str] = Counter()
    items = visible_external().filter(kind=PublicKind.ITEM)
    counted = items.order_by().values("origin", "category").annotate(n=Count("pk"))
    for group in counted:
        by_category[group["category"]] += group["n"]
        by_origin[group["origin"]] += group["n"]
    origins = list(Origin.objects.all())
    names = {origin.credit_code: origin.name for origin in origins}
    latest = items.order_by("-date_published", "-pk").defer("payload")[:LATEST]
    return {
        "portal": True,
        "total": by_origin.total(),
        "categories": [
            CategoryCount(
                value, str(label), by_category[value], f"{SEARCH}?category={value}"
            )
            for value, label in Category.choices
        ],
        "origins": [
            OriginCount(
                origin.name,
                origin.credit_code,
                by_origin[origin.credit_code],
                _origin_url(origin.credit_code),
            )
            for origin in origins
        ],
        "latest": [external_row(item, names) for item in latest],
    }


def external_row(item: ExternalItem, names: dict[str, str]) -> ItemRow:
    """Return the list line of an external item; its "office" is the township."""
    return ItemRow(
        title=item.title,
        url=reverse("external_item", args=[item.origin, item.key]),
        index_number=item.index_number,
        category=item.category if item.category in Category.values else "",
        office=names.get(item.origin, item.origin),
        date_published=item.date_published,
    )


def _origin_url(credit_code: str) -> str:
    try:
        return f"{reverse('external_index')}?origin={credit_code}"
    except NoReverseMatch:
        return f"{SEARCH}?origin={credit_code}"
