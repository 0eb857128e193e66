"""Boxes above the hits: 推荐结果, and the way to what is given only on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.db.models import Q
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone
from wagtail.models import Page

from cms.context import NAVIGATION, is_portal, public_path
from disclosure_pages.choices import DisclosureMode
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.public_state import publicly_visible, visible_pages

from .bet_models import url_path_of
from .kept import Kept
from .log import question_of
from .models import BestBet
from .request_link import request_address

FRESH_S = 60.0
MOST_SHOWN = 3
# Addresses that are no page, and show nothing that is not public when they are opened.
ROUTES = frozenset(
    (
        *("search", "search_feed", "feed_latest", "feed_category", "feed_collection"),
        *("list_export", "collection_export", "sitemap_page", "feedback"),
        *("guide_print", "reading_point_coverage", "external_index"),
    )
)
_kept = Kept(lambda: list(BestBet.objects.filter(enabled=True)), FRESH_S)
forget = _kept.forget


@dataclass(frozen=True)
class Box:
    """One box; without an address the reader is told whom to call."""

    title: str
    text: str
    address: str
    on_request: bool


def boxes(text: str, typed: str = "") -> list[Box]:
    """Return the boxes for a question, at most three.

    Args:
        typed: what the request form is filled in with, if not ``text``.

    The rows are read once a minute in each process; only what matches is looked up:
    a page that is not public now has no box.
    """
    question = question_of(text)
    if not question:
        return []
    today = timezone.localdate()
    found = [b for b in _kept.get() if b.answers(question) and b.holds_on(today)]
    return _shown(found, typed or text)[:MOST_SHOWN] if found else []


def _shown(bets: Sequence[BestBet], typed: str) -> list[Box]:
    pages = _pages(bets)
    routes = _open_routes(bets)
    shown = []
    for bet in bets:
        if bet.kind == BestBet.Kind.REQUEST:
            shown.append(Box(bet.title, bet.text, request_address(typed), True))
            continue
        page = pages.get(bet.page_id or url_path_of(bet.path))
        if page is None:
            if bet.path in routes:  # a list, a search
                shown.append(Box(bet.title, bet.text, bet.path, False))
        elif page.is_visible:
            address = bet.path or public_path(page.url_path)
            shown.append(Box(bet.title or page.title, bet.text, address, False))
    return shown


def _open_routes(bets: Sequence[BestBet]) -> set[str]:
    """Return the addresses of no page that anybody may open now."""
    matches = {bet.path: _match(bet.path) for bet in bets if bet.path}
    foreign = {
        path: "{origin}.{key}".format_map(match.kwargs)
        for path, match in matches.items()
        if match and match.url_name == "external_item" and is_portal()
    }
    visible = publicly_visible(foreign.values()) if foreign else set()
    found = {path for path, key in foreign.items() if key in visible}
    sections = {f"/{slug}/" for slug in NAVIGATION}
    for path, match in matches.items():
        if (match and match.url_name in ROUTES) or _plain(path) in sections:
            found.add(path)
    return found


def _match(path: str) -> ResolverMatch | None:
    for plain in (unquote(urlsplit(path).path), _plain(path)):
        try:
            return resolve(plain)
        except Resolver404:
            continue
    return None


def _plain(path: str) -> str:
    return f"{unquote(urlsplit(path).path).rstrip('/')}/"


def _pages(bets: Sequence[BestBet]) -> dict[int | str, Page]:
    """Return the pages that are named, by number and by place in the tree.

    ``is_visible``: anybody may read it now.
    """
    ids = {bet.page_id for bet in bets if bet.page_id}
    paths = {url_path_of(bet.path) for bet in bets if bet.path}
    if not ids and not paths:
        return {}
    pages = list(Page.objects.filter(Q(pk__in=ids) | Q(url_path__in=paths)))
    kept_back = DisclosureItemPage.objects.exclude(
        disclosure_mode=DisclosureMode.PROACTIVE
    )
    visible = visible_pages(Page).filter(pk__in=[page.pk for page in pages])
    visible = visible.exclude(pk__in=kept_back.order_by().values("pk"))
    public = set(visible.values_list("pk", flat=True))
    for page in pages:
        page.is_visible = page.pk in public
    return {name: page for page in pages for name in (page.pk, page.url_path)}
