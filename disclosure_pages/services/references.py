"""引用: pointing to what a superior published instead of posting it again."""

import hashlib
import time
import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.choices import ExternalRelation
from disclosure_pages.compared import superior_items
from disclosure_pages.links import LinkChecker
from disclosure_pages.models import ExternalItem, Origin
from disclosure_pages.models.external import bucket_of
from disclosure_pages.outgoing import UnsafeAddress, split_web_address

LINK_CHECK_EVERY = timedelta(days=1)
web_url = URLValidator(schemes=["http", "https"])


@transaction.atomic
def record_superior_item(
    *,
    url: str,
    title: str,
    publisher: str,
    document_number: str = "",
    date_published: date | None = None,
) -> ExternalItem:
    """Keep what a superior published under its address; the same address, the same row.

    Raises:
        ValidationError: by field, in Chinese.
    """
    url = page_address(url)
    title, publisher = title.strip(), publisher.strip()
    if not title:
        raise ValidationError({"title": _("请填写上级文件的标题。")})
    if not publisher:
        raise ValidationError({"publisher": _("请填写是哪个机关发布的。")})
    if known := superior_at(url):
        return known
    key = key_of(url)
    origin = Origin.objects.filter(name=publisher).first()
    item, _made = ExternalItem.objects.filter(
        relation=ExternalRelation.SUPERIOR
    ).get_or_create(
        key=key,
        relation=ExternalRelation.SUPERIOR,
        defaults={
            "origin": origin.credit_code if origin else "",
            "bucket": bucket_of(key),
            "version": 1,
            "state": "published",
            "sha256": hashlib.sha256(url.encode()).hexdigest(),
            "kind": "item",
            "url": url,
            "title": title[:255],
            "publisher": publisher[:80],
            "document_number": document_number.strip()[:80],
            "date_published": date_published,
        },
    )
    return item


def key_of(url: str) -> str:
    """Return the key under which a superior's page is kept."""
    return uuid.uuid5(uuid.NAMESPACE_URL, url).hex


def superior_at(url: str) -> ExternalItem | None:
    """Return the row of this address, also when it was written a little otherwise."""
    rest = url.partition("://")[2]
    ends = {rest, rest.rstrip("/"), f"{rest.rstrip('/')}/"}
    urls = [f"{scheme}://{end}" for scheme in ("https", "http") for end in sorted(ends)]
    same = Q(key__in=[key_of(one) for one in urls]) | Q(url__in=urls)
    rows = ExternalItem.objects.filter(same, relation=ExternalRelation.SUPERIOR)
    return rows.order_by("pk").first()


def page_address(url: str) -> str:
    """Return the address without fragment.

    Raises:
        ValidationError: with words for ``url``.
    """
    try:
        parts = split_web_address(url)
        web_url(url.strip())
    except UnsafeAddress as error:
        raise ValidationError({"url": str(error)}) from error
    except ValidationError as error:
        raise ValidationError({"url": _("网址写得不对。")}) from error
    address = parts._replace(fragment="", netloc=parts.netloc.lower()).geturl()
    if len(address) > 500:
        raise ValidationError({"url": _("网址太长，最多 500 个字符。")})
    return address


def check_links(
    checker: LinkChecker | None = None, items: Iterable[ExternalItem] | None = None
) -> list[ExternalItem]:
    """Ask every superior's address that an item names; keep and return what was found.

    Each result is written as soon as it is known: an interrupted run loses nothing.
    """
    checker = checker or LinkChecker()
    if items is None:
        items = superior_items().exclude(url="").order_by("link_checked_at", "pk")
    return [_check(item, checker) for item in items]


def check_due_links(checker: LinkChecker | None = None, budget_s: float = 20.0) -> int:
    """Ask the addresses that nobody asked for a day; returns how many were asked.

    Those that waited longest come first; what the time did not allow comes next time.
    """
    checker = checker or LinkChecker()
    long_ago = timezone.now() - LINK_CHECK_EVERY
    due = (
        superior_items()
        .exclude(url="")
        .filter(Q(link_checked_at=None) | Q(link_checked_at__lt=long_ago))
    )
    started, asked = time.monotonic(), 0
    for item in due.order_by(F("link_checked_at").asc(nulls_first=True), "pk")[:100]:
        if time.monotonic() - started > budget_s:
            break
        _check(item, checker)
        asked += 1
    return asked


def _check(item: ExternalItem, checker: LinkChecker) -> ExternalItem:
    result = checker.check(item.url)
    item.link_status = result.status
    item.link_detail = result.detail[:200]
    item.link_checked_at = timezone.now()
    item.save(update_fields=["link_status", "link_detail", "link_checked_at"])
    return item
