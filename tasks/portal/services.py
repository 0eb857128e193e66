"""What the portal role does with a request: who signed it, and the acts behind it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.models import ExternalItem, Origin

from ..models import OriginKey, SeenMessage
from .keys import HeldKey, held_keys
from .protocol import MANIFEST_LIMIT, Digest, Refused, Row
from .quotas import check_rate
from .signing import ClockOff, SignatureRefused, verify

FORGET_AFTER = timedelta(minutes=15)  # three times the tolerance of the signature
FORGET_EVERY_S = 60
NOTE_EVERY = timedelta(minutes=1)
_last_forgotten = [0.0]


def _never() -> bool:
    return False


def signed(
    headers: Mapping[str, str],
    method: str,
    target: str,
    body_sha256: str,
    *,
    origin: str | None = None,
    urgent: Callable[[], bool] = _never,
) -> "Proof":
    """Return who signed the request; nothing may be done before it is used up.

    Args:
        origin: the only one that may sign; None: any that is paired with us.
        urgent: asked, once the signature holds, when requests run short.

    Raises:
        ClockOff: its time is more than five minutes from ours.
        SignatureRefused: not signed by an accepted key.
        Refused: (401) the key has ended, (403) the township is switched off here,
            (429) it asks too often.
    """
    request = headers, method, target, body_sha256
    for signer, keys in keys_by_age(origin).items():
        found = _signed_by(keys, request)
        if found is None:
            continue
        key, message_id = found
        known = _contacted(signer)
        if key.ended:
            _refuse(known, ended_words(key), 401)
        if not known.enabled:
            _refuse(known, _("该来源已被门户停用。"), 403)
        try:
            check_rate(known, urgent)
        except Refused as refused:
            note_refusal(known, refused.reason)
            raise
        _note_use(key)
        return Proof(known, message_id)
    raise SignatureRefused("no accepted key")


@dataclass(frozen=True)
class Proof:
    """That a township signed a request; it holds once.

    Used up in the transaction of what is asked, both are written together.
    """

    origin: Origin
    message_id: str

    def use_up(self) -> None:
        """Let nobody come with the same request again.

        Raises:
            SignatureRefused: somebody did.
        """
        try:
            with transaction.atomic():
                SeenMessage.objects.create(
                    signer=self.origin.credit_code, message_id=self.message_id
                )
        except IntegrityError as error:
            raise SignatureRefused("replayed") from error
        _forget_old()


def keys_by_age(origin: str | None) -> dict[str, list[HeldKey]]:
    """Return the keys to try, by township; those that ended last."""
    found = held_keys(origin)
    return {code: sorted(keys, key=lambda k: k.ended) for code, keys in found.items()}


def _signed_by(
    keys: list[HeldKey], request: tuple[Mapping[str, str], str, str, str]
) -> tuple[HeldKey, str] | None:
    for key in keys:
        try:
            return key, verify([key.secret] if key.secret else [], *request)
        except ClockOff:
            raise
        except SignatureRefused:
            continue
    return None


def ended_words(key: HeldKey) -> str:
    """Say that a key has ended, for the township that still signs with it."""
    ended_on = timezone.localtime(key.ends_at)
    return _(
        "签名用的旧密钥（指纹 %(mark)s）已于 %(date)s 停用，请换上门户新发的密钥。"
    ) % {"mark": key.fingerprint, "date": f"{ended_on:%Y-%m-%d %H:%M}"}


def _contacted(code: str) -> Origin:
    """Return the township's row and note, once a minute, that it was in contact."""
    known, _made = Origin.objects.get_or_create(
        credit_code=code, defaults={"name": code}
    )
    now = timezone.now()
    if known.contacted_at is None or now - known.contacted_at > NOTE_EVERY:
        Origin.objects.filter(pk=known.pk).update(contacted_at=now)
    return known


def _note_use(key: HeldKey) -> None:
    now = timezone.now()
    row = key.row
    if row and (row.used_at is None or now - row.used_at > NOTE_EVERY):
        OriginKey.objects.filter(pk=row.pk).update(used_at=now)


def _refuse(origin: Origin, reason: str, status: int) -> NoReturn:
    note_refusal(origin, reason)
    raise Refused(reason, status=status)


def note_refusal(origin: Origin, reason: str) -> None:
    """Keep why a township was refused, for the desk of the portal; once a minute."""
    now = timezone.now()
    same = origin.refusal == reason[:200] and origin.refused_at is not None
    if same and now - origin.refused_at < NOTE_EVERY:
        return
    Origin.objects.filter(pk=origin.pk).update(refused_at=now, refusal=reason[:200])


def _forget_old() -> None:
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
