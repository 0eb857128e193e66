"""Reads behind the public pages; every function is a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Window
from django.db.models.functions import Cast, Length, Substr
from django.utils import timezone
from wagtail.models import Page

from cms.models import Village
from disclosure_pages.choices import Category
from disclosure_pages.document_numbers import parse
from disclosure_pages.item_rows import ItemRow, own_row, own_values
from disclosure_pages.list_query import ListQuery, with_document_brackets
from disclosure_pages.models import (
    DisclosureItemPage,
    OfficeIndexPage,
)
from disclosure_pages.public_state import visible_pages

PAGE_SIZE = 20
PAGES_AROUND = 2
LATEST = 8
STEP = Page.steplen
OWN_FACETS = {
    "category": "category",
    "year": "date_published__year",
    "validity": "validity",
    "subcategory": "subcategory__code",
    "genre": "genre__code",
    "subject": "subject__code",
}


@dataclass(frozen=True)
class PagedList:
    """One page of a list, with what the reader needs to find the others."""

    query: Any  # a ListQuery, or what else knows its page and addresses
    rows: list[Any]
    total: int

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first(self) -> int:
        """Position of the first row shown, from 1."""
        return (self.query.page - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """Position of the last row shown."""
        return self.first + len(self.rows) - 1

    @property
    def page_links(self) -> list[tuple[int | None, str]]:
        """(number, address) for the pager; ``None`` stands for a gap."""
        here, end = self.query.page, self.pages
        near = set(range(here - PAGES_AROUND, here + PAGES_AROUND + 1)) | {1, end}
        links: list[tuple[int | None, str]] = []
        for number in sorted(near & set(range(1, end + 1))):
            if links and links[-1][0] != number - 1:
                links.append((None, ""))
            links.append((number, self.query.address(page=number)))
        return links

    @property
    def previous(self) -> str:
        """Address of the page before, if there is one."""
        here = self.query.page
        return self.query.address(page=here - 1) if here > 1 else ""

    @property
    def next(self) -> str:
        """Address of the page after, if there is one."""
        here = self.query.page
        return self.query.address(page=here + 1) if here < self.pages else ""


@dataclass(frozen=True)
class ItemList(PagedList):
    """One page of items."""

    rows: list[ItemRow]

    @property
    def shared_number_head(self) -> str:
        """The first part of the index number, when all rows have the same."""
        heads = {row.number_parts[0] for row in self.rows if row.index_number}
        return heads.pop() if len(heads) == 1 else ""


@dataclass(frozen=True)
class CategoryCount:
    """A category with the number of its public items."""

    value: str
    label: str
    count: int
    url: str


@dataclass
class Catalogue:
    """How many items are public, by category, office page and year (one query)."""

    groups: list[tuple[str, str, str, int]] = field(default_factory=list)
    this_month: int = 0

    @property
    def total(self) -> int:
        """All public items."""
        return sum(count for *_group, count in self.groups)

    def categories(self, base: str) -> list[CategoryCount]:
        """All six categories with counts; ``base`` is the index page's address."""
        counts: Counter[str] = Counter()
        for category, _office, _year, count in self.groups:
            counts[category] += count
        return [
            CategoryCount(value, str(label), counts[value], f"{base}{value}/")
            for value, label in Category.choices
        ]

    def by_office_path(self) -> Counter[str]:
        """Counts by the tree path of the office's page."""
        counts: Counter[str] = Counter()
        for _category, office_path, _year, count in self.groups:
            counts[office_path] += count
        return counts

    def years(self, *, category: str = "", office_path: str = "") -> list[str]:
        """The years with items of one category or office, newest first."""
        found = {
            year
            for group_category, group_path, year, _count in self.groups
            if (not category or group_category == category)
            and (not office_path or group_path == office_path)
        }
        return sorted(filter(None, found), reverse=True)


def visible_items() -> QuerySet[DisclosureItemPage]:
    """Return the items that anybody may read now (one query for restrictions)."""
    return visible_pages(DisclosureItemPage)


def catalogue(items: QuerySet[DisclosureItemPage]) -> Catalogue:
    """Count visible items (one query)."""
    month = timezone.localdate().replace(day=1)
    groups = (
        items.order_by()
        .values(
            "category",
            office_path=Substr("path", 1, Length("path") - STEP),
            year=Substr(Cast("date_published", CharField(max_length=10)), 1, 4),
        )
        .annotate(
            count=Count("pk"), recent=Count("pk", filter=Q(date_published__gte=month))
        )
    )
    result = Catalogue()
    for row in groups:
        group = (row["category"], row["office_path"], row["year"] or "", row["count"])
        result.groups.append(group)
        result.this_month += row["recent"]
    return result


def office_pages() -> list[OfficeIndexPage]:
    """Return the offices' pages in the offices' order (one query)."""
    pages = OfficeIndexPage.objects.live().select_related("office")
    return list(pages.order_by("office__sort_order", "office__code"))


def narrowed(
    items: QuerySet[DisclosureItemPage],
    query: ListQuery,
    offices: Iterable[OfficeIndexPage] = (),
) -> QuerySet[DisclosureItemPage]:
    """Return the items of ours that the reader's filters leave."""
    items = narrowed_by(OWN_FACETS, items, query)
    if query.office:
        page = next((p for p in offices if p.office.code == query.office), None)
        items = items.filter(under(page)) if page else items.none()
    return items


def narrowed_by(
    facets: Mapping[str, str], items: QuerySet, query: ListQuery
) -> QuerySet:
    """Return the rows with the words and facets asked for, be they ours or received.

    ``facets``: by what lookup a row tells the value of a filter.
    """
    for word in _words(query):
        items = items.filter(
            Q(title__icontains=word)
            | Q(document_number__icontains=with_document_brackets(word))
            | Q(index_number__icontains=word)
        )
    asked = {lookup: getattr(query, name) for name, lookup in facets.items()}
    return items.filter(**{name: value for name, value in asked.items() if value})


def _words(query: ListQuery) -> list[str]:
    """Return the words; a document number typed with spaces in it is one word."""
    return [query.q] if parse(query.q) else query.words


def under(page: Page) -> Q:
    """Condition for the children of a page, by the tree's path."""
    return Q(
        path__gt=page.path, path__lt=f"{page.path}{'Z' * STEP}", depth=page.depth + 1
    )


def item_list(
    items: QuerySet[DisclosureItemPage], query: ListQuery, *, total: int | None = None
) -> ItemList:
    """Return one page of rows, counted in the same query unless the total is known.

    Behind the last page there are no rows, and a total of 0 when it was not known.
    """
    start = (query.page - 1) * PAGE_SIZE
    ordered = items.order_by(*query.sort.ordering)
    if total is None:
        ordered = ordered.annotate(found=Window(Count("pk")))
    counted = () if total is not None else ("found",)
    found = list(own_values(ordered, *counted)[start : start + PAGE_SIZE])
    if total is None:
        total = found[0]["found"] if found else 0
    return ItemList(query, [own_row(values) for values in found], total)


def office_names(offices: Iterable[OfficeIndexPage]) -> dict[str, str]:
    """Return the offices' names by the tree path of their pages."""
    return {page.path: page.office.name for page in offices}


def latest_rows(
    items: QuerySet[DisclosureItemPage], offices: Iterable[OfficeIndexPage]
) -> list[ItemRow]:
    """Return the items published last (one query)."""
    latest = own_values(items.order_by(*ListQuery().sort.ordering))[:PAGE_SIZE]
    names = office_names(offices)
    return [own_row(values, names) for values in latest]


def usual_words(rows: Iterable[ItemRow], limit: int = 5) -> list[str]:
    """Return the keywords that the latest items share most; each finds something."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(row.keywords)
    return [word for word, _count in counts.most_common(limit)]


def villages() -> list[Village]:
    """Return the villages, for the chooser on the front page."""
    return list(Village.objects.all())
