"""What is true in public now: the one interface between pages and everything later.

Index, portal, feeds and reconciliation see pages only as ``PublicState``: the same
canonical payload, with the same hash, whatever kind of page or row it comes from.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db.models import (
    CharField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.fields.files import FieldFile
from django.db.models.functions import StrIndex
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction, Site

from cms.context import base_url, public_path
from cms.models import Authority
from disclosure_pages import renderers
from disclosure_pages.choices import DisclosureMode, ExternalRelation, PublicKind
from disclosure_pages.external_html import clean_external_html, web_address
from disclosure_pages.models import (
    AnnualReportPage,
    DisclosureDocument,
    DisclosureItemPage,
    DossierPage,
    ExternalFile,
    ExternalItem,
    GuidePage,
    InstitutionPage,
    NoticePage,
    PlainPage,
    ReadingPointPage,
    RulesPage,
    Successor,
)
from disclosure_pages.models.base import PublicPage

PUBLISHED = "published"
WITHDRAWN = "withdrawn"
# What a row that came from elsewhere must be to be seen.
VISIBLE = {"state": PUBLISHED, "relation": ExternalRelation.RECEIVED.value}
AT_ONCE = 500
PAGE_MODELS: tuple[type[PublicPage], ...] = (
    *(DisclosureItemPage, GuidePage, ReadingPointPage, RulesPage, InstitutionPage),
    *(AnnualReportPage, NoticePage, DossierPage, PlainPage),
)
LISTED_FIELDS = (
    *("type", "index_number", "external_id", "title", "category", "category_label"),
    *("document_number", "publisher", "office", "office_label", "village"),
    *("date_made", "date_published", "validity", "disclosure_mode", "summary"),
    *("source_url", "url", "origin", "origin_label"),
    *("genre", "subject", "subcategory", "effective_on", "expires_on"),
    "reference_publisher",
)
LISTS = ("keywords", "audiences")
LINKS = ("supersedes", "interpretation_of")  # other items, as {key, title, url}
PAGE_KEY = re.compile(r"[0-9a-f]{32}")
OWN_ADDRESS = re.compile(r'(<(?:a|img)\b[^>]*?\s(?:href|src)=")/(?!/)')


@dataclass(frozen=True)
class PublicState:
    """One item's present public state; ``sha256`` is of the canonical JSON of it."""

    key: str
    state: str
    metadata: dict[str, Any] = field(default_factory=dict)
    html: str = ""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    sha256: str = ""


def canonical_sha256(
    state: str, metadata: dict[str, Any], html: str, attachments: list[dict[str, Any]]
) -> str:
    """Return the SHA-256 of sorted, UTF-8, space-free JSON (portal protocol v1)."""
    text = json.dumps(
        {
            "state": state,
            "metadata": metadata,
            "html": html,
            "attachments": attachments,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def absolute(html: str) -> str:
    """Return HTML of ours whose links and pictures are found from anywhere."""
    return OWN_ADDRESS.sub(rf"\g<1>{base_url()}/", html)


def visible_pages(model: type[Page]) -> QuerySet:
    """Return the pages of one model that anybody may read now."""
    pages = model.objects.live().filter(~Exists(_restrictions_above()))
    pages = pages.filter(Q(expire_at=None) | Q(expire_at__gt=timezone.now()))
    if model is DisclosureItemPage:
        pages = pages.filter(disclosure_mode=DisclosureMode.PROACTIVE)
    return pages


def _restrictions_above() -> QuerySet[PageViewRestriction]:
    """Return the view restrictions on an outer query's page or above it.

    The restricted page is looked up by its key, never joined: without statistics (just
    after a bulk load) PostgreSQL would read every page again for each page.
    """
    top = Page.objects.filter(pk=OuterRef("page_id")).order_by().values("path")
    path = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    position = StrIndex(path, Subquery(top))
    return PageViewRestriction.objects.annotate(position=position).filter(position=1)


def visible_external() -> QuerySet[ExternalItem]:
    """Return what other authorities published and did not withdraw (portal role)."""
    return ExternalItem.objects.filter(**VISIBLE)


def _external_by_key(keys: Iterable[str]) -> QuerySet[ExternalItem]:
    """Return rows by the second half of their keys, of any origin and state."""
    named = [key.split(".", 1)[1] for key in keys]
    return ExternalItem.objects.filter(key__in=named).order_by()


def public_states(keys: Sequence[str]) -> dict[str, PublicState]:
    """Return what is true now for every key; what nobody may see is "withdrawn".

    Keys are permanent: 32 hexadecimal digits for pages, ``origin.key`` for rows that
    came from elsewhere. The number of queries does not grow with the keys.
    """
    states = {key: _absent(key) for key in keys}
    uuids = [UUID(key) for key in keys if PAGE_KEY.fullmatch(key)]
    if uuids:
        context = _PageContext()
        for model in _models_of(uuids):
            _describe_pages(model, uuids, context, states)
    _describe_external([key for key in keys if _is_foreign(key)], states)
    return states


def public_keys(after: str = "", limit: int | None = None) -> list[str]:
    """Return the keys of all that is public now, sorted, from after ``after`` on."""
    types = ContentType.objects.get_for_models(*PAGE_MODELS).values()
    kept_back = DisclosureItemPage.objects.exclude(
        disclosure_mode=DisclosureMode.PROACTIVE
    )
    pages = visible_pages(Page).filter(content_type__in=types)
    pages = pages.exclude(pk__in=kept_back.order_by().values("pk"))
    keys = [u.hex for u in pages.values_list("translation_key", flat=True)]
    keys += [
        f"{origin}.{key}"
        for origin, key in visible_external().values_list("origin", "key")
    ]
    return sorted(key for key in keys if key > after)[:limit]


def publicly_visible(keys: Iterable[str]) -> set[str]:
    """Return which of the keys anybody may see now, whatever an index still holds."""
    keys = set(keys)
    uuids = [UUID(key) for key in keys if PAGE_KEY.fullmatch(key)]
    found: set[str] = set()
    if uuids:
        for model in _models_of(uuids):
            visible = visible_pages(model).filter(translation_key__in=uuids)
            found |= {u.hex for u in visible.values_list("translation_key", flat=True)}
    foreign = {key for key in keys if _is_foreign(key)}
    if foreign:
        # Found by key alone: SQLite would read all that is visible, nearly every row.
        rows = _external_by_key(foreign).values_list("origin", "key", *VISIBLE)
        shown = tuple(VISIBLE.values())
        found |= {f"{row[0]}.{row[1]}" for row in rows if row[2:] == shown} & foreign
    return found


def is_key(key: str) -> bool:
    """Whether a text has the form of a permanent key; nothing else is ever public."""
    return bool(PAGE_KEY.fullmatch(key)) or _is_foreign(key)


def _is_foreign(key: str) -> bool:
    return "." in key and "\0" not in key


def attachment_file(sha256: str) -> FieldFile | None:
    """Return the stored file with this hash, for sending; None when there is none."""
    document = DisclosureDocument.objects.filter(sha256=sha256).first()
    if document and default_storage.exists(document.file.name):
        return document.file
    row = ExternalFile.objects.held().filter(sha256=sha256).first()
    return row.file if row else None


class _PageContext:
    """What every page of one batch shares: authority and URL prefix (two queries)."""

    def __init__(self) -> None:
        self.authority = Authority.load()
        site = Site.objects.select_related("root_page").filter(is_default_site=True)
        root = site.first()
        self.prefix_length = len(root.root_page.url_path) - 1 if root else 0

    def url(self, page: Page) -> str:
        return f"{base_url()}{page.url_path[self.prefix_length :]}"


def _models_of(uuids: list[UUID]) -> list[type[PublicPage]]:
    """Return the page models that occur among the keys (one query)."""
    found = Page.objects.filter(translation_key__in=uuids).order_by()
    types = set(found.values_list("content_type_id", flat=True).distinct())
    by_type = ContentType.objects.get_for_models(*PAGE_MODELS)
    return [model for model, kind in by_type.items() if kind.pk in types]


def _absent(key: str) -> PublicState:
    return PublicState(
        key=key, state=WITHDRAWN, sha256=canonical_sha256(WITHDRAWN, {}, "", [])
    )


def _describe_pages(
    model: type[Page],
    uuids: list[UUID],
    context: _PageContext,
    states: dict[str, PublicState],
) -> None:
    """Put the true state of this model's pages into ``states``."""
    pages = list(
        renderers.with_relations(
            model.objects.filter(translation_key__in=uuids),
            visible_pages(DisclosureItemPage),
        )
    )
    visible = set(
        visible_pages(model)
        .filter(pk__in=[page.pk for page in pages])
        .values_list("pk", flat=True)
    )
    renderers.read_bodies([page for page in pages if page.pk in visible])
    offices = renderers.offices_by_path(pages)
    linked = _linked(pages, context)
    gone = [page.pk for page in pages if page.pk not in visible]
    successors = successor_links(gone) if gone else {}
    for page in pages:
        if page.pk in visible:
            states[page.key] = _published(page, context, offices, linked)
        else:
            states[page.key] = _withdrawn(page, context, successors.get(page.pk, {}))


def _linked(pages: list[Page], context: _PageContext) -> dict[int, dict[str, str]]:
    """Return the public items that these items name, by primary key (one query)."""
    wanted = {getattr(page, f"{name}_id", None) for page in pages for name in LINKS}
    if wanted <= {None}:
        return {}
    found = visible_pages(DisclosureItemPage).filter(pk__in=wanted - {None})
    return {
        item.pk: {"key": item.key, "title": item.title, "url": context.url(item)}
        for item in found.only("pk", "translation_key", "title", "url_path")
    }


def successor_links(page_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return where readers of withdrawn pages should go, as {key, title, url}.

    ``key`` and ``title`` are empty for an address elsewhere; a page that nobody may
    read any more is left out. The number of queries does not grow with the pages.
    """
    rows = Successor.objects.filter(page__in=page_ids, page__live=False)
    rows = list(rows.select_related("target"))
    keys = [row.target.translation_key.hex for row in rows if row.target]
    visible = publicly_visible(keys) if keys else set()
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        page = row.target
        if page is None:
            found[row.page_id] = {"key": "", "title": "", "url": row.url}
        elif page.translation_key.hex in visible:
            found[row.page_id] = {
                "key": page.translation_key.hex,
                "title": page.title,
                "url": f"{base_url()}{public_path(page.url_path)}",
            }
    return found


def _published(
    page: Page,
    context: _PageContext,
    offices: dict[str, Any],
    linked: dict[int, dict[str, str]],
) -> PublicState:
    metadata: dict[str, Any] = dict.fromkeys(LISTED_FIELDS, "")
    metadata.update(
        **{name: [] for name in LISTS},
        **{
            name: linked.get(getattr(page, f"{name}_id", None) or 0, {})
            for name in LINKS
        },
        type=page.kind.value,
        title=page.title,
        url=context.url(page),
        origin=context.authority.credit_code,
        origin_label=context.authority.name,
        publisher=context.authority.name,
    )
    metadata.update(renderers.metadata(page, offices))
    if not metadata["publisher"]:
        metadata["publisher"] = context.authority.name
    html = absolute(renderers.html(page))
    attachments = renderers.attachments(page)
    sha256 = canonical_sha256(PUBLISHED, metadata, html, attachments)
    return PublicState(page.key, PUBLISHED, metadata, html, attachments, sha256=sha256)


def _withdrawn(
    page: Page, context: _PageContext, successor: dict[str, str]
) -> PublicState:
    """Return the tombstone: nothing of title or text, only where it was and why."""
    metadata = {
        "type": page.kind.value,
        "index_number": getattr(page, "index_number", ""),
        "url": context.url(page),
        "origin": context.authority.credit_code,
        **({"successor": successor} if successor else {}),
    }
    return PublicState(
        page.key,
        WITHDRAWN,
        metadata,
        reason=page.withdrawn_reason,
        sha256=canonical_sha256(WITHDRAWN, metadata, "", []),
    )


def _describe_external(keys: list[str], states: dict[str, PublicState]) -> None:
    """Put the true state of rows received from elsewhere into ``states``."""
    if not keys:
        return
    for row in _external_by_key(keys):
        received = row.relation == ExternalRelation.RECEIVED
        if received and row.full_key in states:
            states[row.full_key] = _external(row)


def _external(row: ExternalItem) -> PublicState:
    """Return the state of a received row: shown at our own address, made harmless."""
    here = {
        "url": f"{base_url()}/external/{row.origin}/{row.key}/",
        "origin": row.origin,
    }
    if row.state != PUBLISHED:
        metadata = {"type": row.kind or PublicKind.ITEM.value, **here}
        if successor := row.payload.get("metadata", {}).get("successor"):
            metadata["successor"] = successor
        return PublicState(
            row.full_key,
            WITHDRAWN,
            metadata,
            reason=row.payload.get("reason", ""),
            sha256=canonical_sha256(WITHDRAWN, metadata, "", []),
        )
    metadata: dict[str, Any] = dict.fromkeys(LISTED_FIELDS, "")
    metadata.update({name: [] for name in LISTS} | {name: {} for name in LINKS})
    metadata.update(row.payload["metadata"])
    html = clean_external_html(row.payload["html"], web_address(metadata["url"]))
    metadata.update(here)
    attachments = row.payload["attachments"]
    sha256 = canonical_sha256(PUBLISHED, metadata, html, attachments)
    return PublicState(
        row.full_key, PUBLISHED, metadata, html, attachments, sha256=sha256
    )
