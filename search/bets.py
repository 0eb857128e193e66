"""Boxes above the hits: 推荐结果, and the way to what is given only on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.db.models import Q
from django.utils import timezone
from wagtail.models import Page, Site

from cms.context import public_path
from disclosure_pages.choices import DisclosureMode
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.public_state import visible_pages

from .kept import Kept
from .log import question_of
from .models import BestBet
from .request_link import request_address

FRESH_S = 60.0
MOST_SHOWN = 3
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
    shown = []
    for bet in bets:
        if bet.kind == BestBet.Kind.REQUEST:
            shown.append(Box(bet.title, bet.text, request_address(typed), True))
            continue
        if bet.page_id:
            page = next((p for p in pages if p.pk == bet.page_id), None)
        else:
            page = next((p for p in pages if p.url_path == _url_path(bet.path)), None)
            if page is None:  # an address that is no page: a list, a search
                shown.append(Box(bet.title, bet.text, bet.path, False))
        if page is not None and page.is_visible:
            address = bet.path or public_path(page.url_path)
            shown.append(Box(bet.title or page.title, bet.text, address, False))
    return shown


def _pages(bets: Sequence[BestBet]) -> list[Page]:
    """Return the pages that are named; ``is_visible``: anybody may read it now."""
    ids = {bet.page_id for bet in bets if bet.page_id}
    paths = {_url_path(bet.path) for bet in bets if bet.path}
    if not ids and not paths:
        return []
    pages = list(Page.objects.filter(Q(pk__in=ids) | Q(url_path__in=paths)))
    kept_back = DisclosureItemPage.objects.exclude(
        disclosure_mode=DisclosureMode.PROACTIVE
    )
    visible = visible_pages(Page).filter(pk__in=[page.pk for page in pages])
    visible = visible.exclude(pk__in=kept_back.order_by().values("pk"))
    public = set(visible.values_list("pk", flat=True))
    for page in pages:
        page.is_visible = page.pk in public
    return pages


def _url_path(path: str) -> str:
    roots = Site.get_site_root_paths()
    plain = unquote(urlsplit(path).path)
    return f"{roots[0].root_path.rstrip('/') if roots else ''}{plain.rstrip('/')}/"
