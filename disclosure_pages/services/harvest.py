"""Keeping what was found at a superior's site: rows to refer to and to compare with.

Such rows are never served, indexed or sent on. What was typed by hand stays as typed.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.notice_kinds import NoticeKind, register_kind
from cms.services.notices import notify
from disclosure_pages.choices import ExternalRelation, HarvestState, LinkStatus
from disclosure_pages.duplicates import title_key
from disclosure_pages.external_html import clean_external_html
from disclosure_pages.harvest.base import Content
from disclosure_pages.harvest.profiles import host_of, is_own
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalItem,
    HarvestedLink,
    HarvestSource,
    Origin,
)
from disclosure_pages.models.external import bucket_of
from disclosure_pages.public_state import PUBLISHED, WITHDRAWN, canonical_sha256
from disclosure_pages.services.references import key_of, page_address, superior_at

KEEPS = "disclosure_pages.change_harvestsource"
GONE, FAILING = "source_gone", "source_failing"
TYPED = ("title", "publisher", "url", "document_number", "date_published")
MAX_HTML = 1_000_000
NAMED = 3  # titles in a notice
NEW, CHANGED, SAME = "new", "changed", "same"

register_kind(NoticeKind(GONE, gettext_lazy("上级撤下的信息")))
register_kind(NoticeKind(FAILING, gettext_lazy("采集不到的来源")))


@transaction.atomic
def keep(link: HarvestedLink, content: Content) -> str:
    """Keep one document under its address; returns ``NEW``, ``CHANGED`` or ``SAME``.

    A row of the same address is the same document; so is one typed by hand with the
    same 文号 and title. What was typed there is not overwritten. A source writes only
    what its own site, or one that its profile names, published.

    Raises:
        ValidationError: it has no title or no usable address, or a foreign one.
    """
    source = link.source
    url = page_address(content.url or link.address)
    if not _is_own(url, source):
        words = _(
            "网址在别的网站（%(host)s）上，没有取。要取的话，请技术人员把它写进"
            "取数规则的 hosts。"
        )
        raise ValidationError({"url": words % {"host": host_of(url)[:80]}})
    if not content.title:
        raise ValidationError({"title": _("网页上找不到标题。")})
    publisher = content.publisher or source.publisher
    values = _columns(content, source, url, publisher)
    held = link.item if link.item and _is_own(link.item.url, source) else None
    item = held or superior_at(url) or _typed_before(content, source)
    if item is None:
        item, outcome = _create(url, publisher, values), NEW
    elif _is_of_another(item, source):
        outcome = SAME  # whoever found it first writes it
    else:
        outcome = _update(item, values)
    link.item, link.state = item, HarvestState.HELD
    link.misses, link.tries, link.detail = 0, 0, ""
    link.checked_at, link.next_at = timezone.now(), None
    link.save()
    return outcome


def _is_own(url: str, source: HarvestSource) -> bool:
    return is_own(url, source.url, source.profile)


def _columns(
    content: Content, source: HarvestSource, url: str, publisher: str
) -> dict[str, Any]:
    attachments = [dict(file) for file in content.attachments]
    html = clean_external_html(content.html[:MAX_HTML], url)
    html = html if len(html) <= MAX_HTML else ""  # grew by cleaning: no document
    told = content.hint
    metadata = {n: v for n, v in told.items() if n not in ("html", "attachments")}
    metadata |= {"url": url, "publisher": publisher, "source": source.name}
    return {
        "state": PUBLISHED,
        "sha256": canonical_sha256(PUBLISHED, metadata, html, attachments),
        "payload": {
            "metadata": metadata,
            "html": html,
            "attachments": attachments,
            "reason": "",
        },
        "kind": "item",
        "url": url,
        "title": content.title[:255],
        "publisher": publisher[:80],
        "document_number": content.document_number[:80],
        "index_number": content.index_number[:60],
        "category": content.category or source.category,
        "date_published": content.date_published,
        "date_made": content.date_made,
    }


def _is_of_another(item: ExternalItem, source: HarvestSource) -> bool:
    held = item.harvested.filter(state=HarvestState.HELD).order_by("pk").first()
    return item.state == PUBLISHED and bool(held) and held.source_id != source.pk


def _typed_before(content: Content, source: HarvestSource) -> ExternalItem | None:
    """Return the row that somebody typed for the same document at another address.

    One of a foreign site stays what it is: else whoever knows 文号 and title could
    write into it, and take it back.
    """
    if not content.document_number:
        return None
    rows = ExternalItem.objects.filter(
        relation=ExternalRelation.SUPERIOR,
        document_number=content.document_number,
        harvested=None,
    )
    wanted = title_key(content.title)
    own = (row for row in rows if _is_own(row.url, source))
    return next((row for row in own if title_key(row.title) == wanted), None)


def _create(url: str, publisher: str, values: dict[str, Any]) -> ExternalItem:
    key = key_of(url)
    origin = Origin.objects.filter(name=publisher).first()
    try:
        with transaction.atomic():
            return ExternalItem.objects.create(
                origin=origin.credit_code if origin else "",
                key=key,
                bucket=bucket_of(key),
                version=1,
                relation=ExternalRelation.SUPERIOR,
                **values,
            )
    except IntegrityError:  # another source found it at the same moment
        item = ExternalItem.objects.get(key=key, relation=ExternalRelation.SUPERIOR)
        _update(item, values)
        return item


def _update(item: ExternalItem, values: dict[str, Any]) -> str:
    """Bring the row up to date, but for what was typed by hand."""
    if (item.state, item.sha256) == (PUBLISHED, values["sha256"]):
        return SAME
    typed = item.payload.get("typed")
    if typed is None:
        by_hand = not item.payload
        typed = [name for name in TYPED if by_hand and getattr(item, name)]
    values = {n: v for n, v in values.items() if n not in typed}
    values["payload"] = values["payload"] | {"typed": typed}
    if item.link_status == LinkStatus.GONE:
        item.link_status, item.link_detail = LinkStatus.UNKNOWN, ""
    for name, value in values.items():
        setattr(item, name, value)
    item.version += 1
    item.save()
    return CHANGED


@transaction.atomic
def drop(links: Sequence[HarvestedLink], reason: str) -> int:
    """Mark what vanished at its source; returns how many documents are gone by it.

    The row stays for the items that refer to it, without its text. A document that
    another source still has stays as it is, and so does one of a foreign site. The
    officers get one notice.
    """
    gone = []
    for link in links:
        item = link.item
        link.state, link.detail = HarvestState.GONE, reason[:200]
        link.next_at, link.checked_at = None, timezone.now()
        link.save()
        elsewhere = HarvestedLink.objects.filter(item=item, state=HarvestState.HELD)
        ours = item and item.state == PUBLISHED and _is_own(item.url, link.source)
        if ours and not elsewhere.exists():
            _withdraw(item, reason)
            gone.append(item)
    if gone:
        _tell_of(gone, links[0].source)
    return len(gone)


def _withdraw(item: ExternalItem, reason: str) -> None:
    url = item.url
    typed = item.payload.get("typed")
    item.payload = {"metadata": {"url": url}, "html": "", "attachments": []}
    item.payload |= {"reason": reason} | ({} if typed is None else {"typed": typed})
    item.sha256 = canonical_sha256(WITHDRAWN, {"url": url}, "", [])
    item.state, item.version = WITHDRAWN, item.version + 1
    item.link_status, item.link_detail = LinkStatus.GONE, reason[:200]
    item.link_checked_at = timezone.now()
    item.save()


def _tell_of(gone: list[ExternalItem], source: HarvestSource) -> None:
    titles = "".join(f"《{item.title[:60]}》" for item in gone[:NAMED])
    referred = DisclosureItemPage.objects.filter(reference__in=gone).count()
    text = _("“%(source)s”撤下了 %(count)d 条：%(titles)s等。") % {
        "source": source.name,
        "count": len(gone),
        "titles": titles,
    }
    if referred:
        text += _("本机关有 %(count)d 条信息引用了它们，请看看要不要改。") % {
            "count": referred
        }
    url = f"{reverse('gongkai_harvest_links', args=[source.pk])}?state=gone"
    notify(keepers(), GONE, text, url=url)


def tell_of_failure(source: HarvestSource, words: str) -> None:
    """Tell those who keep the sources that one keeps failing."""
    text = _("“%(source)s”连续几次取不到：%(words)s") % {
        "source": source.name,
        "words": words,
    }
    url = reverse("gongkai_harvest_links", args=[source.pk])
    notify(keepers(), FAILING, text, url=url)


def keepers() -> list[Any]:
    """Return who keeps the sources."""
    users = get_user_model().objects
    return list(users.with_perm(KEEPS, include_superusers=False))
