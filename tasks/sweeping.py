"""The net below the signals: what changed without a row is found and recorded."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from disclosure_pages.public_state import WITHDRAWN, public_keys, public_states

from . import backoff
from .choices import target_names
from .models import ChangedKey, OutboxEntry
from .models.outbox import OutboxQuerySet, concerns, from_now
from .wake import wake

CHUNK = 500
REVIVE_AFTER_S = 24 * 3600.0


def sweep(limit: int | None = 2 * CHUNK) -> int:
    """Enrol, compare and revive; returns the number of rows that are due by it.

    Args:
        limit: rows to compare with the truth, those checked longest ago first.
    """
    public = public_keys()
    found = ChangedKey.mark_missing(public)
    found += sum(enrol(name, public=public) for name in target_names())
    found += compare(limit) + revive()
    if found:
        wake()
    return found


def enrol(
    target: str, hold_s: float = 0, *, public: Sequence[str] | None = None
) -> int:
    """Give every public key a row at ``target``, as after a target was added.

    Args:
        hold_s: seconds for which the drain leaves the new rows to the caller.
        public: the public keys, if they were read already.
    """
    public = public_keys() if public is None else public
    keys = [key for key in public if concerns(target, key)]
    rows = OutboxEntry.objects.filter(target=target, wanted__gt=0)
    missing = sorted(set(keys) - set(rows.values_list("key", flat=True)))
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        with transaction.atomic():
            OutboxEntry.record(chunk, "bulk", targets=[target])
            if hold_s:
                rows = OutboxEntry.objects.filter(target=target, key__in=chunk)
                rows.update(next_at=from_now(hold_s))
    return len(missing)


def compare_fresh() -> int:
    """Compare what was delivered since the last look; returns how many differ."""
    fresh = _settled().filter(checked_at=None).order_by("pk")[:CHUNK]
    found = _compare_rows(list(fresh))
    if found:
        wake()
    return found


def compare(limit: int | None) -> int:
    """Record rows whose delivered content is not what is true now; returns how many.

    Catches what fires no signal: bulk edits, a passed expiry, another base address. As
    long as differences turn up it goes on beyond ``limit``: they seldom come alone.
    """
    settled = _settled().order_by(F("checked_at").asc(nulls_first=True), "pk")
    total, done, found = settled.count(), 0, 0
    while done < total:
        size = min(CHUNK, total - done, CHUNK if limit is None else max(limit, 1))
        different = _compare_rows(list(settled[:size]))
        done, found = done + size, found + different
        if limit is not None and done >= limit and not different:
            break
    return found


def _settled() -> OutboxQuerySet:
    return OutboxEntry.objects.filter(
        wanted=F("delivered"), wanted__gt=0, target__in=target_names()
    )


def _compare_rows(rows: list[OutboxEntry]) -> int:
    states = public_states(sorted({row.key for row in rows}))
    differ = [row for row in rows if row.delivered_sha256 != states[row.key].sha256]
    ChangedKey.mark(row.key for row in differ)  # before the row is due: never missed
    for row in differ:
        lane = "withdraw" if states[row.key].state == WITHDRAWN else "bulk"
        OutboxEntry.record([row.key], lane, targets=[row.target])
    pks = [row.pk for row in rows]
    OutboxEntry.objects.filter(pk__in=pks).update(checked_at=Now())
    return len(differ)


def revive() -> int:
    """Once a day try again what was given up after many attempts; returns how many.

    What was refused for good, or for a higher version, waits for a person.
    """
    given_up = OutboxEntry.objects.filter(
        dead=True,
        skipped_at=None,
        held_version__isnull=True,
        attempts__gte=backoff.MAX_ATTEMPTS,
        next_at__lte=from_now(-REVIVE_AFTER_S),
    )
    return given_up.update(dead=False, next_at=Now())
