"""With what a draft is compared, and how the text of each is read."""

import json
from typing import Any

from django.db.models import QuerySet
from wagtail.models import Page
from wagtail.permissions import policy_registry

from disclosure_pages.checks.contents import body_text, text_of_html
from disclosure_pages.choices import ExternalRelation
from disclosure_pages.external_html import clean_external_html
from disclosure_pages.models import DisclosureItemPage, ExternalItem


def superior_items() -> QuerySet[ExternalItem]:
    """Return what superiors published, as far as it is known here."""
    return ExternalItem.objects.filter(
        relation=ExternalRelation.SUPERIOR, state="published"
    )


def own_drafts(user: Any) -> QuerySet[DisclosureItemPage]:
    """Return drafts that this user may open; nobody learns of another office's."""
    own = policy_registry.get_by_type(Page).explorable_instances(user)
    return DisclosureItemPage.objects.filter(
        live=False, withdrawn_at=None, pk__in=own.values("pk")
    )


def page_text(page: DisclosureItemPage) -> str:
    """Return the text of an item: the public one, else that of its latest draft."""
    revision = None if page.live else page.latest_revision
    if revision is None:
        return body_text(page.body)
    block = page.body.stream_block
    try:
        stored = json.loads(revision.content.get("body") or "[]")
    except ValueError:
        return ""
    return body_text(block.to_python(stored))


def external_text(item: ExternalItem) -> str:
    """Return the text of a superior's item; "" when only its address is known."""
    html = item.payload.get("html") if isinstance(item.payload, dict) else ""
    return text_of_html(clean_external_html(html, "")) if isinstance(html, str) else ""
