"""Keys of townships at this portal: which are valid, and how one replaces another.

A key that the desk gives out is an HMAC of its row's nonce under ``SECRET_KEY``: a
stolen database opens nothing. Whoever replaces ``SECRET_KEY`` keeps the old one in
``SECRET_KEY_FALLBACKS`` until every township has a new key.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from disclosure_pages.models import Origin

from ..models import OriginKey

SALT = "gongkai.origin-key"
FORGOTTEN = timedelta(days=90)  # after its end, whoever signs with it is a stranger


class KeyMoved(Exception):
    """Somebody gave out another key since the page was opened."""


@dataclass(frozen=True)
class HeldKey:
    """A key of a township as requests are checked against it.

    ``row`` is None for one from the settings that nobody gave an end.
    """

    secret: str
    fingerprint: str
    row: OriginKey | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends or ended; None: it stays."""
        return self.row.ends_at if self.row else None

    @property
    def ended(self) -> bool:
        """Whether it opens nothing any more."""
        return self.row is not None and self.row.ended

    @property
    def configured(self) -> bool:
        """Whether it stands in the settings of this portal."""
        return self.row is None or not self.row.nonce


def fingerprint(secret: str) -> str:
    """Return what two people can compare by phone without telling the key."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def _derived(origin: str, nonce: str, secret: str) -> str:
    mac = salted_hmac(SALT, f"{origin}.{nonce}", secret=secret, algorithm="sha256")
    return f"whsec_{base64.b64encode(mac.digest()).decode()}"


def _secret_of(row: OriginKey) -> str:
    """Return the key of a row; "" if it was made under a secret that is gone."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = _derived(row.origin, row.nonce, secret)
        if fingerprint(key) == row.fingerprint:
            return key
    return ""


def held_keys(origin: str | None = None) -> dict[str, list[HeldKey]]:
    """Return every key by township, those that ended lately too (one query).

    Keys of the settings are not forgotten: an end that was set here stays.
    """
    old = timezone.now() - FORGOTTEN
    rows = OriginKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=old) | Q(nonce=""))
    if origin is not None:
        rows = rows.filter(origin=origin)
    found: dict[str, list[HeldKey]] = {}
    ends: dict[tuple[str, str], OriginKey] = {}
    for row in rows:
        if row.nonce:
            secret = _secret_of(row)
            held = HeldKey(secret, row.fingerprint, row)
            found.setdefault(row.origin, []).append(held)
        else:
            ends[row.origin, row.fingerprint] = row
    for code, secret in _configured(origin):
        mark = fingerprint(secret)
        held = HeldKey(secret, mark, ends.get((code, mark)))
        found.setdefault(code, []).append(held)
    return found


def _configured(origin: str | None) -> Iterator[tuple[str, str]]:
    paired: dict[str, list[str]] = settings.GONGKAI_ORIGIN_KEYS
    for code in paired if origin is None else [origin]:
        yield from ((code, key) for key in paired.get(code, []) if key)


@transaction.atomic
def replace_key(origin: str, *, by: Any, overlap: timedelta, known: str) -> str:
    """Give a township a new key and end the others after ``overlap``; returns the key.

    It can't be shown again later.

    Args:
        known: fingerprint of the newest key that the person saw; "" if there was none.

    Raises:
        KeyMoved: it is not the newest any more; nothing was changed.
    """
    list(Origin.objects.select_for_update().filter(credit_code=origin))  # one by one
    held = held_keys(origin).get(origin, [])
    if newest(held) != known:
        raise KeyMoved
    ends_at = timezone.now() + overlap
    for key in held:
        _end(origin, key, ends_at)
    nonce = secrets.token_hex(16)
    made = _derived(origin, nonce, settings.SECRET_KEY)
    OriginKey.objects.create(
        origin=origin,
        nonce=nonce,
        fingerprint=fingerprint(made),
        made_by=str(by)[:80],
    )
    return made


def newest(held: list[HeldKey]) -> str:
    """Return the fingerprint of the key that was given out last; "" without one."""
    return held[0].fingerprint if held else ""


def _end(origin: str, key: HeldKey, ends_at: datetime) -> None:
    """End a key, but never later than was said before."""
    if key.row is None:
        OriginKey.objects.create(
            origin=origin, fingerprint=key.fingerprint, ends_at=ends_at
        )
    elif key.row.ends_at is None or key.row.ends_at > ends_at:
        OriginKey.objects.filter(pk=key.row.pk).update(ends_at=ends_at)


def end_now(origin: str, mark: str) -> bool:
    """End one key at once, as when it was stolen; False if there is no such key."""
    for key in held_keys(origin).get(origin, []):
        if key.fingerprint == mark and not key.ended:
            _end(origin, key, timezone.now())
            return True
    return False
