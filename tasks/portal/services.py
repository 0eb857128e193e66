"""What the portal role does with a request: who signed it, and the acts behind it."""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.models import ExternalItem, Origin

from ..models import SeenMessage
from .protocol import MANIFEST_LIMIT, Digest, Refused, Row
from .signing import ClockOff, SignatureRefused, verify

FORGET_AFTER = timedelta(minutes=15)  # three times the tolerance of the signature
FORGET_EVERY_S = 60
_last_forgotten = [0.0]


def authenticate(
    headers: Mapping[str, str],
    method: str,
    target: str,
    body_sha256: str,
    *,
    origin: str | None = None,
) -> str:
    """Return the origin that signed the request; its message id is used up.

    Args:
        origin: the only one that may sign; None: any that is paired with us.

    Raises:
        ClockOff: its time is more than five minutes from ours.
        SignatureRefused: not signed by an accepted key, or seen before.
        Refused: (403) the origin is switched off here.
    """
    paired: dict[str, list[str]] = settings.GONGKAI_ORIGIN_KEYS
    for signer in [origin] if origin else paired:
        keys = [key for key in paired.get(signer, []) if key]
        try:
            message_id = verify(keys, headers, method, target, body_sha256)
        except ClockOff:
            raise
        except SignatureRefused:
            continue
        _use_up(signer, message_id)
        if Origin.objects.filter(credit_code=signer, enabled=False).exists():
            raise Refused(_("该来源已被门户停用。"), status=403)
        return signer
    raise SignatureRefused("no accepted key")


def _use_up(signer: str, message_id: str) -> None:
    try:
        with transaction.atomic():
            SeenMessage.objects.create(signer=signer, message_id=message_id)
    except IntegrityError as error:
        raise SignatureRefused("replayed") from error
    if time.monotonic() - _last_forgotten[0] > FORGET_EVERY_S:
        _last_forgotten[0] = time.monotonic()
        old = timezone.now() - FORGET_AFTER
        SeenMessage.objects.filter(seen_at__lt=old).delete()


def held_rows(origin: str, bucket: int | None = None, after: str = "") -> Iterator[Row]:
    """Yield what is held from one origin, sorted by key."""
    rows = ExternalItem.objects.filter(origin=origin, key__gt=after).order_by("key")
    if bucket is not None:
        rows = rows.filter(bucket=bucket)
    columns = rows.values_list("key", "version", "sha256", "state")
    return (Row(*row) for row in columns.iterator(chunk_size=5000))


def digest(origin: str) -> Digest:
    """Return the 256 bucket hashes of what is held from one origin."""
    return Digest(held_rows(origin))


def manifest(
    origin: str, bucket: int | None, after: str, limit: int
) -> tuple[list[Row], str | None]:
    """Return a page of rows, sorted by key, and where the next page starts."""
    limit = max(1, min(limit, MANIFEST_LIMIT))
    rows = []
    for row in held_rows(origin, bucket, after):
        if len(rows) == limit:
            return rows, rows[-1].key
        rows.append(row)
    return rows, None
