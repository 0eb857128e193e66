"""The sitemap: an index of sections for machines, and a readable page for people.

Sections hold at most ``SECTION_SIZE`` addresses, in the order of their making, so that
a new page changes only the last one. Only what anybody may read now is named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe
from wagtail.models import Page

from cms.context import SEARCH_PATH, base_url, is_portal, public_path
from disclosure_pages import contexts, selectors
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalItem,
    OfficeIndexPage,
)
from disclosure_pages.portal_selectors import received_catalogue
from disclosure_pages.public_state import (
    PAGE_MODELS,
    visible_external,
    visible_pages,
)

SECTION_SIZE = 10_000
XML = "application/xml; charset=utf-8"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
Entry = tuple[str, datetime | None]


@dataclass(frozen=True)
class Section:
    """One kind of addresses: how many there are and when the last one changed."""

    name: str
    number: int
    changed_at: datetime | None

    @property
    def parts(self) -> int:
        """The files that the section needs; none when it is empty."""
        return -(-self.number // SECTION_SIZE)


def columns() -> QuerySet[Page]:
    """Return the pages that lead to others: fronts, indexes and collections."""
    return visible_pages(Page).not_exact_type(Page, *PAGE_MODELS).filter(depth__gt=1)


def texts() -> QuerySet[Page]:
    """Return the public pages that are texts but not items."""
    models = [model for model in PAGE_MODELS if model is not DisclosureItemPage]
    return visible_pages(Page).exact_type(*models)


def sections() -> dict[str, QuerySet]:
    """Return what each section lists; in the portal role also what was received."""
    found: dict[str, QuerySet] = {
        "columns": columns(),
        "texts": texts(),
        "items": visible_pages(DisclosureItemPage),
    }
    if is_portal():
        found["received"] = visible_external()
    return found


def measured() -> list[Section]:
    """Count every section (one query each)."""
    result = []
    for name, found in sections().items():
        changed = "received_at" if name == "received" else "last_published_at"
        row = found.order_by().aggregate(number=Count("pk"), at=Max(changed))
        result.append(Section(name, row["number"], row["at"]))
    return result


@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The index: the address of each part with its last change."""
    entries = [
        (reverse("sitemap_section", args=[section.name, part]), section.changed_at)
        for section in measured()
        for part in range(1, section.parts + 1)
    ]
    return _written("sitemapindex", "sitemap", iter(entries))


@require_safe
def sitemap_section(request: HttpRequest, section: str, part: str) -> HttpResponse:
    """One part: at most ``SECTION_SIZE`` addresses."""
    found = sections().get(section)
    start = (int(part) - 1) * SECTION_SIZE
    if found is None or start < 0:
        raise Http404
    rows = found.order_by("pk")[start : start + SECTION_SIZE]
    entries = list(_received(rows) if section == "received" else _pages(rows))
    if section == "columns" and start == 0:
        entries += [(reverse("sitemap_page"), None), (SEARCH_PATH, None)]
    if not entries:
        raise Http404
    return _written("urlset", "url", iter(entries))


def _pages(rows: QuerySet[Page]) -> Iterator[Entry]:
    for url_path, changed in rows.values_list("url_path", "last_published_at"):
        yield public_path(url_path), changed


def _received(rows: QuerySet[ExternalItem]) -> Iterator[Entry]:
    for origin, key, changed in rows.values_list("origin", "key", "received_at"):
        yield reverse("external_item", args=[origin, key]), changed


def _written(root: str, element: str, entries: Iterator[Entry]) -> HttpResponse:
    text = StringIO()
    xml = SimplerXMLGenerator(text, "utf-8")
    xml.startDocument()
    xml.startElement(root, {"xmlns": NAMESPACE})
    for path, changed in entries:
        xml.startElement(element, {})
        xml.addQuickElement("loc", f"{base_url()}{path}")
        if changed:
            moment = timezone.localtime(changed).isoformat(timespec="seconds")
            xml.addQuickElement("lastmod", moment)
        xml.endElement(element)
    xml.endElement(root)
    xml.endDocument()
    response = HttpResponse(text.getvalue(), content_type=XML)
    response["Cache-Control"], response["X-Robots-Tag"] = "no-cache", "noindex"
    return response


@dataclass
class Branch:
    """One line of the readable map with the lines below it."""

    title: str
    url: str
    count: int | None = None
    below: list["Branch"] | None = None


@require_safe
def sitemap_page(request: HttpRequest) -> HttpResponse:
    """网站地图 for people: every part, category, office and text, items as a number."""
    return TemplateResponse(
        request, "disclosure_pages/sitemap_page.html", {"branches": branches()}
    )


def branches() -> list[Branch]:
    """Return the tree of what leads to texts, and the texts that are no items."""
    counts = _counts()
    shown = Page.objects.filter(pk__in=columns().values("pk"))
    shown = shown | Page.objects.filter(pk__in=texts().values("pk"))
    found: dict[str, Branch] = {}
    roots: list[Branch] = []
    for page in shown.order_by("path").values("path", "title", "url_path"):
        branch = Branch(
            page["title"],
            public_path(page["url_path"]),
            counts.get(page["url_path"]),
            below=[],
        )
        found[page["path"]] = branch
        parent = found.get(page["path"][: -Page.steplen])
        (parent.below if parent else roots).append(branch)
    return roots


def _counts() -> dict[str, int]:
    """Return how many items each category and office has, by tree address."""
    if is_portal():
        catalogue, base = received_catalogue(), _index_url_path()
        return {
            f"{base}{row.url.rpartition('/disclosure/')[2]}": row.count
            for row in catalogue.categories("/disclosure/")
        }
    catalogue, base = selectors.catalogue(selectors.visible_items()), _index_url_path()
    counts = {f"{base}{row.value}/": row.count for row in catalogue.categories("")}
    by_path = catalogue.by_office_path()
    for page in OfficeIndexPage.objects.values("path", "url_path"):
        counts[page["url_path"]] = by_path[page["path"]]
    return counts


def _index_url_path() -> str:
    page: Any = contexts.DisclosureIndexPage.objects.values("url_path").first()
    return page["url_path"] if page else ""
