"""Tags for the head of public pages: feeds, tags of the kind, data for machines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from wagtail.models import Page

from cms.context import SiteFrame, public_path
from disclosure_pages import contexts, structured_data
from disclosure_pages.models import CollectionPage, HomePage
from disclosure_pages.models.base import PublicPage
from disclosure_pages.qr import QrPath, qr_path

register = template.Library()
NOT_IN_SCRIPT = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@dataclass(frozen=True)
class ListLinks:
    """Where a list can be subscribed to and taken home."""

    name: str
    rss: str
    atom: str
    csv: str
    json: str


def page_of(context: Context) -> Page | None:
    """Return the page that is shown; none for a tombstone, which tells nothing."""
    page = context.get("page")
    if not isinstance(page, Page) or getattr(page, "withdrawn_at", None):
        return None
    return page


@register.simple_tag(takes_context=True)
def structured(context: Context) -> SafeString:
    """Write what the page is as JSON-LD, so that no text of it can end the block."""
    frame: SiteFrame = context["frame"]
    data = structured_data.graph(frame, page_of(context), context.flatten())
    text = json.dumps(data, ensure_ascii=False).translate(NOT_IN_SCRIPT)
    return format_html(
        '<script type="application/ld+json">{}</script>',
        mark_safe(text),  # noqa: S308  # no < > & left in it
    )


@register.simple_tag(takes_context=True)
def time_of_publication(context: Context) -> str:
    """Return ``PubDate`` of the page that is shown; nothing where there is none."""
    page = page_of(context)
    return contexts.publication_time(page) if page else ""


@register.simple_tag(takes_context=True)
def qr_of_page(context: Context) -> QrPath:
    """Return the QR code of the page that is shown."""
    frame: SiteFrame = context["frame"]
    page = page_of(context)
    path = public_path(page.url_path) if page and page.url_path else "/"
    return qr_path(f"{frame.base_url}{path}")


@register.simple_tag(takes_context=True)
def kind_of_tags(context: Context) -> str:
    """Return "article" for a text of its own, "column" for a list, else nothing."""
    page = page_of(context)
    if page is None or isinstance(page, HomePage):
        return ""
    return "article" if isinstance(page, PublicPage) else "column"


@register.simple_tag(takes_context=True)
def list_links(context: Context) -> ListLinks:
    """Return feeds and exports of the list that is shown, else of everything."""
    return links_of(context.flatten())


def links_of(shown: Mapping[str, Any]) -> ListLinks:
    """Find the addresses that belong to a page's template variables."""
    page, query = shown.get("page"), shown.get("query")
    if isinstance(page, CollectionPage) and not page.withdrawn_at:
        return ListLinks(
            page.title,
            *(reverse("feed_collection", args=[page.slug, f]) for f in ("rss", "atom")),
            *(
                reverse("collection_export", args=[page.slug, f])
                for f in ("csv", "json")
            ),
        )
    address = ""
    if query is not None and hasattr(query, "address"):
        within = {"category": shown.get("current_category")}
        within["subcategory"] = shown.get("current_subcategory")
        within["office"] = getattr(shown.get("office"), "code", "")
        changes = {name: value for name, value in within.items() if value}
        address = query.address(**changes).removesuffix("?")
    return ListLinks(
        page.title if address and isinstance(page, Page) else _("最新公开"),
        *(f"{reverse('feed_latest', args=[f])}{address}" for f in ("rss", "atom")),
        *(f"{reverse('list_export', args=[f])}{address}" for f in ("csv", "json")),
    )
