"""Links within the site that lead nowhere, or to what nobody may see."""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from wagtail.models import Page, Site

from cms.numbers import small_int
from disclosure_pages.models import DisclosureDocument, DisclosureItemPage
from disclosure_pages.public_state import visible_pages

Link = tuple[str, dict[str, str], str]


def dead_links(links: Iterable[Link]) -> list[tuple[str, str, str]]:
    """Return (field, words of the link, why) of the links that lead nowhere.

    ``why`` is "missing" or "hidden". Four queries at most, whatever the number of
    links; addresses elsewhere are not asked.
    """
    links = list(links)
    wanted = _ids(links, "page")
    known = set(Page.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    public = _public_pages(Q(pk__in=wanted)) if wanted else set()
    files = _ids(links, "document")
    stored = set(
        DisclosureDocument.objects.filter(pk__in=files).values_list("pk", flat=True)
    )
    paths = _paths(links)
    dead = []
    for name, values, shown in links:
        kind, number = values.get("linktype", ""), _number(values.get("id", ""))
        if kind == "page" and number not in public:
            dead.append((name, shown, "hidden" if number in known else "missing"))
        elif kind == "document" and number not in stored:
            dead.append((name, shown, "missing"))
        elif not kind and paths.get(values.get("href", "")) is False:
            dead.append((name, shown or values["href"], "missing"))
    return dead


def _number(text: str) -> int:
    return small_int(text) or 0


def _ids(links: Iterable[Link], kind: str) -> set[int]:
    return {
        _number(values.get("id", ""))
        for _name, values, _shown in links
        if values.get("linktype") == kind
    }


def _public_pages(chosen: Q) -> set[int]:
    """Return which of the pages anybody may read now; items by their own rule."""
    pages = Page.objects.live().public().filter(chosen)
    pages = pages.filter(Q(expire_at=None) | Q(expire_at__gt=timezone.now()))
    found = set(pages.values_list("pk", flat=True))
    items = DisclosureItemPage.objects.filter(pk__in=found).values_list("pk", flat=True)
    shown = visible_pages(DisclosureItemPage).filter(pk__in=found)
    return found - (set(items) - set(shown.values_list("pk", flat=True)))


def _paths(links: Iterable[Link]) -> dict[str, bool]:
    """Return whether each typed address below our own pages leads to one of them."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        return {}
    wanted: dict[str, str] = {}
    for _name, values, _shown in links:
        path = _own_path(values.get("href", ""))
        if path:
            wanted[values["href"]] = site.root_page.url_path.rstrip("/") + path
    if not wanted:
        return {}
    pages = Page.objects.filter(url_path__in=set(wanted.values()))
    rows = dict(pages.values_list("pk", "url_path"))
    public = {rows[pk] for pk in _public_pages(Q(pk__in=rows))}
    return {href: path in public for href, path in wanted.items()}


def _own_path(href: str) -> str:
    """Return the path of an address of a page here; "" for anything else."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    own = urlsplit(settings.GONGKAI_BASE_URL)
    if parts.netloc and parts.netloc != own.netloc:
        return ""
    path = unquote(parts.path)
    if not path.startswith("/disclosure/"):
        return ""  # only these addresses are all pages
    return path if path.endswith("/") else f"{path}/"
