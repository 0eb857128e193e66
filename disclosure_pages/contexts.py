"""Template variables of each page type; imported once the models are ready."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from wagtail.models import Page

from cms.context import is_portal, public_path
from disclosure_pages import page_selectors, selectors
from disclosure_pages.catalogue_selectors import used_terms
from disclosure_pages.choices import Category, LegalStatus
from disclosure_pages.item_rows import shown_moment
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureIndexPage,
    DisclosureItemPage,
    HomePage,
    OfficeIndexPage,
)
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.page_context import page_context, tombstone_context
from disclosure_pages.portal_selectors import (
    origin_counts,
    portal_home_context,
    received_catalogue,
    received_list,
)
from disclosure_pages.public_state import successor_links

CARDS = 3
NOTICES = 5


@dataclass(frozen=True)
class FileRow:
    """An attachment as the reader sees it: kind, size and checksum in words."""

    label: str
    url: str
    kind: str
    bytes: int
    sha256: str

    @property
    def size(self) -> str:
        """The size in kB or MB, as file managers count."""
        if self.bytes >= 1_000_000:
            return f"{self.bytes / 1_000_000:.1f} MB"
        return f"{max(1, round(self.bytes / 1000))} kB"


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str


def options(choices: Any) -> list[Option]:
    """Return a TextChoices as filter options."""
    return [Option(value, str(label)) for value, label in choices]


def publication_time(page: Page) -> str:
    """Return ``PubDate``: "YYYY-MM-DD HH:MM" of the date that the record shows.

    The hour is that of the act when it happened on this date; a date brought along by
    an import has no hour.
    """
    shown = getattr(page, "date_published", None)
    moment = shown_moment(shown, page.first_published_at)
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def file_row(document: DisclosureDocument, label: str = "") -> FileRow:
    """Describe a document as the reader sees it; without a label by its title."""
    return FileRow(
        label=label or document.title,
        url=document.url,
        kind=document.file_extension.upper()[:5],
        bytes=document.file_size or 0,
        sha256=document.sha256,
    )


def file_rows(page: DisclosureItemPage) -> list[FileRow]:
    """Return the files that the page names (one query)."""
    rows = page.attachments.select_related("document")
    return [file_row(row.document, row.label) for row in rows]


@page_context.register
def _home(page: HomePage, request: HttpRequest) -> dict[str, Any]:
    if is_portal():
        return portal_home_context()
    items = selectors.visible_items()
    counts = selectors.catalogue(items)
    rows = selectors.latest_rows(items, selectors.office_pages())
    told = [row for row in rows if row.category == Category.WORK and row.summary]
    return {
        "catalogue": counts,
        "categories": counts.categories(f"{public_path(page.url_path)}disclosure/"),
        "latest": rows[: selectors.LATEST],
        "cards": told[:CARDS],
        "words": selectors.usual_words(rows),
        "villages": selectors.villages(),
        "notices": page_selectors.latest_notices(NOTICES),
    }


@dataclass(frozen=True)
class ListParts:
    """What the three kinds of lists have in common."""

    index_url: str
    query: ListQuery
    offices: list[OfficeIndexPage]
    counts: selectors.Catalogue
    items: selectors.ItemList

    def context(self, **more: Any) -> dict[str, Any]:
        return {
            "list": self.items,
            "query": self.query,
            "categories": self.counts.categories(self.index_url),
            "catalogue": self.counts,
            "index_url": self.index_url,
            "validities": options(LegalStatus.choices),
            **more,
        }


def list_parts(
    index_url: str,
    query: ListQuery,
    *,
    office: OfficeIndexPage | None = None,
    with_offices: bool = True,
) -> ListParts:
    """Read one page of a list; 404 behind its last page."""
    visible = selectors.visible_items()
    counts = selectors.catalogue(visible)
    offices = selectors.office_pages() if with_offices else []
    items = selectors.narrowed(visible, query, offices)
    total = None if query.is_filtered else counts.total
    if office is not None:
        items = items.filter(selectors.under(office))
        total = None
    found = selectors.item_list(items, query, total=total)
    if query.page > found.pages:
        raise Http404
    return ListParts(index_url, query, offices, counts, found)


def received_context(
    index_url: str, query: ListQuery, category: str = ""
) -> dict[str, Any]:
    """The same list in the portal role: what townships sent, by township."""
    counts = received_catalogue()
    origins = origin_counts(counts, index_url)
    names = {origin.credit_code: origin.name for origin in origins}
    within = replace(query, category=category or query.category)
    found = replace(received_list(within, names), query=query)
    if query.page > found.pages:
        raise Http404
    return ListParts(index_url, query, [], counts, found).context(
        portal=True,
        origins=origins,
        origin_options=[Option(code, name) for code, name in names.items()],
        category_options=[] if category else options(Category.choices),
        current_category=category,
        years=counts.years(category=category),
    )


def term_options(items: QuerySet, query: ListQuery) -> dict[str, list[Option]]:
    """Return genres, subjects and sub-categories as filter options (one query)."""
    used = used_terms(items, query.category)
    rows = used.subcategories
    return {
        "genre_options": [Option(*term) for term in used.genres],
        "subject_options": [Option(*term) for term in used.subjects],
        "subcategory_options": [Option(row.code, row.name) for row in rows],
    }


@page_context.register
def _disclosure_index(
    page: DisclosureIndexPage, request: HttpRequest
) -> dict[str, Any]:
    query = ListQuery.read(request.GET)
    if is_portal():
        return received_context(public_path(page.url_path), query)
    parts = list_parts(public_path(page.url_path), query)
    counts = parts.counts.by_office_path()
    return parts.context(
        **term_options(selectors.visible_items(), query),
        category_options=options(Category.choices),
        office_options=[Option(p.office.code, p.office.name) for p in parts.offices],
        years=parts.counts.years(),
        offices=[
            {"page": p, "url": public_path(p.url_path), "count": counts[p.path]}
            for p in parts.offices
        ],
    )


@page_context.register
def _office(page: OfficeIndexPage, request: HttpRequest) -> dict[str, Any]:
    query = replace(ListQuery.read(request.GET), office="")
    index_url = public_path(page.url_path.removesuffix(f"{page.slug}/"))
    parts = list_parts(index_url, query, office=page, with_offices=False)
    return parts.context(
        **term_options(selectors.visible_items().filter(selectors.under(page)), query),
        office=page.office,
        category_options=options(Category.choices),
        years=parts.counts.years(office_path=page.path),
    )


@tombstone_context.register
def withdrawn_context(page: ModeratedPage) -> dict[str, Any]:
    return {"successor": successor_links([page.pk]).get(page.pk)}
