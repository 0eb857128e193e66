"""RSS and Atom of what is public: the newest items, of all or of any list.

Feeds are rendered from the present state of the database and may be kept only as long
as the ETag holds: a withdrawn item is gone from the next answer.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.context import frame_of, public_path
from disclosure_pages import listed
from disclosure_pages.choices import Category
from disclosure_pages.item_rows import ItemRow
from disclosure_pages.list_query import ListQuery, Sort
from disclosure_pages.models import CollectionPage
from disclosure_pages.public_state import visible_pages

NEWEST = 50
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class StableDates:
    """An empty feed is dated to the start of the day, so that its ETag holds."""

    def latest_post_date(self) -> datetime:
        if self.items:
            return super().latest_post_date()
        return timezone.make_aware(datetime.combine(timezone.localdate(), time.min))


class RssFeed(StableDates, Rss201rev2Feed):
    """RSS 2.0."""

    content_type = "application/rss+xml; charset=utf-8"


class AtomFeed(StableDates, Atom1Feed):
    """Atom 1.0."""

    content_type = "application/atom+xml; charset=utf-8"


FORMS = {"rss": RssFeed, "atom": AtomFeed}


def clean(text: str) -> str:
    """Return the text without what no XML document may hold."""
    return NOT_IN_XML.sub("", text)


class ItemFeed(Feed):
    """One feed of one request: its rows are read before it is written."""

    language = "zh-cn"
    item_guid_is_permalink = False

    def __init__(
        self, form: str, *, title: str, author: str, link: str, feed_url: str
    ) -> None:
        self.feed_type = FORMS[form]
        self.title = self.description = clean(title)
        self.author_name = clean(author)
        self.link, self.feed_url = link, feed_url
        self.rows: list[ItemRow] = []

    def items(self) -> list[ItemRow]:
        return self.rows

    def item_title(self, item: ItemRow) -> str:
        return clean(item.title)

    def item_description(self, item: ItemRow) -> str:
        facts = (item.category_label, item.document_number, item.validity_label)
        return clean(item.summary or " · ".join(filter(None, facts)))

    def item_link(self, item: ItemRow) -> str:
        return item.address

    def item_guid(self, item: ItemRow) -> str:
        return item.guid

    def item_author_name(self, item: ItemRow) -> str:
        return clean(item.publisher)

    def item_pubdate(self, item: ItemRow) -> datetime | None:
        return item.published_at and timezone.localtime(item.published_at)

    def item_updateddate(self, item: ItemRow) -> datetime | None:
        moment = item.updated_at or item.published_at
        return moment and timezone.localtime(moment)

    def item_categories(self, item: ItemRow) -> Iterable[str]:
        return [clean(word) for word in (item.category_label, *item.keywords) if word]


def feed_answer(
    request: HttpRequest,
    form: str,
    rows: Iterable[ItemRow],
    *,
    name: str,
    link: str,
    query: str,
) -> HttpResponse:
    """Render rows, newest first; 304 when the reader holds exactly this.

    Args:
        link: path of the page that shows the same, ``query`` what follows the
            feed's own path (``?…`` or nothing).
    """
    frame = frame_of(request)
    feed = ItemFeed(
        form,
        title=f"{frame.site_title} · {name}" if name else frame.site_title,
        author=frame.site_name,
        link=f"{frame.base_url}{link}",
        feed_url=f"{frame.base_url}{request.path}{query}",
    )
    feed.rows = list(rows)
    response = feed(request)
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"], response["Cache-Control"] = etag, "no-cache"
    del response["Last-Modified"]  # no time tells of restrictions and new names
    return get_conditional_response(request, etag, None, response)


@require_safe
def feed_latest(request: HttpRequest, form: str) -> HttpResponse:
    """The newest of all, or of what the list's own filters leave."""
    query = replace(ListQuery.read(request.GET), sort=Sort.PUBLISHED, page=1)
    address = query.address().removesuffix("?")
    return feed_answer(
        request,
        form,
        listed.rows(listed.items_of(query), NEWEST),
        name=_feed_name(query),
        link=f"/disclosure/{address}" if address else "/",
        query=address,
    )


@require_safe
def feed_category(request: HttpRequest, category: str, form: str) -> HttpResponse:
    """The newest of one category."""
    if category not in Category.values:
        raise Http404
    query = replace(ListQuery.read(request.GET), sort=Sort.PUBLISHED, page=1)
    within = replace(query, category=category)
    address = replace(query, category="").address().removesuffix("?")
    return feed_answer(
        request,
        form,
        listed.rows(listed.items_of(within), NEWEST),
        name=_feed_name(within),
        link=f"/disclosure/{category}/{address}",
        query=address,
    )


@require_safe
def feed_collection(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The newest that a collection finds."""
    page = get_object_or_404(
        visible_pages(CollectionPage).select_related("office"), slug=slug
    )
    return feed_answer(
        request,
        form,
        listed.rows(listed.items_of_collection(page), NEWEST),
        name=page.title,
        link=public_path(page.url_path),
        query="",
    )


def _feed_name(query: ListQuery) -> str:
    parts = [str(Category(query.category).label)] if query.category else []
    parts += [word for word in (query.q, query.year) if word]
    return "，".join(parts) if parts else _("最新公开")


def feed_address(name: str, form: str, *args: str, query: str = "") -> str:
    """Return the path of a feed with the filters of a list (``?…`` or nothing)."""
    return f"{reverse(name, args=[*args, form])}{query.removesuffix('?')}"
