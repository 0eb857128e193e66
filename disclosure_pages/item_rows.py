"""One line of any list: page, feed and export tell the same of an item.

A row is the same whether the item is ours or was received (portal role).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from cms.context import base_url, public_path
from disclosure_pages.choices import Category, LegalStatus
from disclosure_pages.models import DisclosureItemPage

VALIDITY = "payload__metadata__validity"
KEYWORDS = "payload__metadata__keywords"
OWN_FIELDS = (
    *("translation_key", "url_path", "path", "title", "index_number", "category"),
    *("document_number", "publisher", "date_made", "date_published", "validity"),
    *("summary", "keywords", "first_published_at", "last_published_at"),
)
RECEIVED_FIELDS = (
    *("origin", "key", "title", "index_number", "category", "document_number"),
    *("publisher", "date_made", "date_published", "received_at", KEYWORDS),
)


def iso(day: date | None) -> str:
    """Return a date as lists, exports and portals tell it; "" when there is none."""
    return day.isoformat() if day else ""


@dataclass(frozen=True)
class ItemRow:
    """One public item as lists, feeds and exports tell it; ``url`` is a path."""

    key: str
    title: str
    url: str
    index_number: str = ""
    category: str = ""
    document_number: str = ""
    publisher: str = ""
    office: str = ""
    date_made: date | None = None
    date_published: date | None = None
    validity: str = ""
    summary: str = ""
    keywords: list[str] = field(default_factory=list)
    published_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def address(self) -> str:
        """The absolute address."""
        return f"{base_url()}{self.url}"

    @property
    def category_label(self) -> str:
        """The category in the words of the catalogue."""
        known = self.category in Category.values
        return str(Category(self.category).label) if known else ""

    @property
    def validity_label(self) -> str:
        """Whether it is in force, in words."""
        known = self.validity in LegalStatus.values
        return str(LegalStatus(self.validity).label) if known else ""

    @property
    def status_label(self) -> str:
        """The status if it is another than "in force", else nothing."""
        return "" if self.validity == LegalStatus.VALID else self.validity_label

    @property
    def number_parts(self) -> tuple[str, str]:
        """The index number as (up to the last slash, rest)."""
        head, slash, tail = self.index_number.rpartition("/")
        return f"{head}{slash}", tail

    @property
    def guid(self) -> str:
        """A name that stays when the address changes."""
        if "." in self.key:
            return f"urn:gongkai:{self.key.replace('.', ':')}"
        return UUID(self.key).urn


def own_values(items: QuerySet[DisclosureItemPage], *more: str) -> QuerySet:
    """Return what rows of our own items are made of."""
    return items.values(*OWN_FIELDS, *more)


def own_row(
    values: Mapping[str, Any], offices: Mapping[str, str] = {}, authority: str = ""
) -> ItemRow:
    """Return the row of an item of ours; ``offices`` are names by their page's path."""
    return ItemRow(
        key=values["translation_key"].hex,
        title=values["title"],
        url=public_path(values["url_path"]),
        index_number=values["index_number"],
        category=values["category"],
        document_number=values["document_number"],
        publisher=values["publisher"] or authority,
        office=offices.get(values["path"][: -Page.steplen], ""),
        date_made=values["date_made"],
        date_published=values["date_published"],
        validity=values["validity"],
        summary=values["summary"],
        keywords=DisclosureItemPage(keywords=values["keywords"]).keyword_list,
        published_at=shown_moment(
            values["date_published"], values["first_published_at"]
        ),
        updated_at=values["last_published_at"],
    )


def row_of(item: DisclosureItemPage) -> ItemRow:
    """Return the row of an item that was read whole."""
    return own_row({name: getattr(item, name) for name in OWN_FIELDS})


def received_values(items: QuerySet) -> QuerySet:
    """Return what rows of received items are made of."""
    return items.values(
        *RECEIVED_FIELDS,
        status=KT(VALIDITY),
        gist=KT("payload__metadata__summary"),
    )


def received_row(values: Mapping[str, Any], names: Mapping[str, str]) -> ItemRow:
    """Return the row of a received item; ``names`` are townships by credit code."""
    words = values[KEYWORDS]
    origin = values["origin"]
    return ItemRow(
        key=f"{origin}.{values['key']}",
        title=values["title"],
        url=reverse("external_item", args=[origin, values["key"]]),
        index_number=values["index_number"],
        category=values["category"],
        document_number=values["document_number"],
        publisher=values["publisher"] or names.get(origin, ""),
        office=names.get(origin, origin),
        date_made=values["date_made"],
        date_published=values["date_published"],
        validity=values["status"] or "",
        summary=values["gist"] or "",
        keywords=[str(word) for word in words] if isinstance(words, list) else [],
        published_at=shown_moment(values["date_published"], None),
        updated_at=values["received_at"],
    )


def shown_moment(shown: date | None, acted: datetime | None) -> datetime | None:
    """Return the time of the act if it was on the day shown, else that midnight."""
    if shown is None or (acted and timezone.localtime(acted).date() == shown):
        return acted
    return timezone.make_aware(datetime.combine(shown, time.min))
