"""The rows behind feeds and exports: what a list finds, from its first row to the last.

A row is the same whether the item is ours or was received (portal role). Nothing is
paged here: readers of feeds take the newest, exports stream everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from cms.context import public_path
from cms.models import Authority
from disclosure_pages import portal_selectors, selectors
from disclosure_pages.choices import Category, LegalStatus
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import (
    CollectionPage,
    DisclosureItemPage,
    ExternalItem,
    Origin,
)

CHUNK = 2000
OWN_FIELDS = (
    *("translation_key", "url_path", "path", "title", "index_number", "category"),
    *("document_number", "publisher", "date_made", "date_published", "validity"),
    *("summary", "keywords", "first_published_at", "last_published_at"),
)
RECEIVED_FIELDS = (
    *("origin", "key", "title", "index_number", "category", "document_number"),
    *("publisher", "date_made", "date_published", "received_at"),
)


@dataclass(frozen=True)
class Listed:
    """One public item as feeds and exports tell it; ``url`` is absolute."""

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
    def guid(self) -> str:
        """A name that stays when the address changes."""
        if "." in self.key:
            return f"urn:gongkai:{self.key.replace('.', ':')}"
        return UUID(self.key).urn


def is_portal() -> bool:
    """Whether this installation shows what others sent."""
    return settings.GONGKAI_ROLE == "portal"


def base_url() -> str:
    """Scheme and host of the public site, without a slash at the end."""
    return settings.GONGKAI_BASE_URL.rstrip("/")


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
    )
    found = items_of(query)
    if is_portal():
        return found
    if page.subcategory_id:
        found = found.filter(subcategory=page.subcategory_id)
    if page.genre_id:
        found = found.filter(genre=page.genre_id)
    if page.keyword:
        found = found.filter(keywords__icontains=page.keyword)
    return found


def rows(items: QuerySet, limit: int | None = None) -> Iterator[Listed]:
    """Read the rows one chunk at a time; names of offices and townships once."""
    if items.model is ExternalItem:
        names = dict(Origin.objects.values_list("credit_code", "name"))
        values = items[:limit].values(
            *RECEIVED_FIELDS,
            "payload__metadata__keywords",
            status=KT(portal_selectors.VALIDITY),
            gist=KT("payload__metadata__summary"),
        )
        for row in values.iterator(chunk_size=CHUNK):
            yield _received(row, names)
        return
    authority = Authority.objects.first() or Authority()
    offices = {page.path: page.office.name for page in selectors.office_pages()}
    for row in items[:limit].values(*OWN_FIELDS).iterator(chunk_size=CHUNK):
        yield _own(row, offices, authority.name)


def changed_at() -> datetime | None:
    """When any list may last have changed: a publication, withdrawal or expiry."""
    if is_portal():
        return ExternalItem.objects.aggregate(at=Max("received_at"))["at"]
    past = Q(expire_at__lte=timezone.now())
    times = DisclosureItemPage.objects.aggregate(
        published=Max("last_published_at"),
        withdrawn=Max("withdrawn_at"),
        expired=Max("expire_at", filter=past),
    )
    return max(filter(None, times.values()), default=None)


def _own(row: dict[str, Any], offices: dict[str, str], authority: str) -> Listed:
    return Listed(
        key=row["translation_key"].hex,
        title=row["title"],
        url=f"{base_url()}{public_path(row['url_path'])}",
        index_number=row["index_number"],
        category=row["category"],
        document_number=row["document_number"],
        publisher=row["publisher"] or authority,
        office=offices.get(row["path"][: -Page.steplen], ""),
        date_made=row["date_made"],
        date_published=row["date_published"],
        validity=row["validity"],
        summary=row["summary"],
        keywords=DisclosureItemPage(keywords=row["keywords"]).keyword_list,
        published_at=_moment(row["date_published"], row["first_published_at"]),
        updated_at=row["last_published_at"],
    )


def _received(row: dict[str, Any], names: dict[str, str]) -> Listed:
    path = reverse("external_item", args=[row["origin"], row["key"]])
    words = row["payload__metadata__keywords"]
    return Listed(
        key=f"{row['origin']}.{row['key']}",
        title=row["title"],
        url=f"{base_url()}{path}",
        index_number=row["index_number"],
        category=row["category"],
        document_number=row["document_number"],
        publisher=row["publisher"] or names.get(row["origin"], ""),
        office=names.get(row["origin"], ""),
        date_made=row["date_made"],
        date_published=row["date_published"],
        validity=row["status"] or "",
        summary=row["gist"] or "",
        keywords=[str(word) for word in words] if isinstance(words, list) else [],
        published_at=_moment(row["date_published"], None),
        updated_at=row["received_at"],
    )


def _moment(shown: date | None, acted: datetime | None) -> datetime | None:
    """The hour of the act when it happened on the day shown, else midnight of it."""
    if shown is None or (acted and timezone.localtime(acted).date() == shown):
        return acted
    return timezone.make_aware(datetime.combine(shown, time.min))
