"""Build a search index anew from what is true, while the site and the drain go on."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from disclosure_pages.public_state import public_keys
from search import engines
from search.builder import build_document
from search.documents import SearchDocument
from search.engines.base import EngineDown

from . import sweeping
from .delivery import snapshot
from .locks import target_lock
from .models import OutboxEntry
from .models.outbox import concerns
from .wake import wake

logger = logging.getLogger(__name__)
CHUNK = 500
Progress = Callable[[int, int], None]
Built = tuple[int, int, str]  # primary key, version, hash


class RebuildRunning(Exception):
    """Another process on this host is rebuilding the same index."""


def rebuild_wanted(target: str) -> bool:
    """Whether the engine says that it lost its index or cannot read it."""
    kind, _sign, engine = target.partition(":")
    if kind != "index":
        return False
    try:
        return engines.get(engine).needs_rebuild
    except EngineDown:
        return False


def extent(target: str) -> int:
    """Return how many documents and tombstones a rebuild would write."""
    keys = {key for key in public_keys() if concerns(target, key)}
    return len(keys.union(_rows(target).values_list("key", flat=True)))


def rebuild(target: str, progress: Progress | None = None) -> int:
    """Build a new index for ``target`` and swap it in; returns documents written.

    Versions come from the outbox, tombstones go along, so nothing can fall back. What
    the drain delivered to the old index meanwhile is delivered again afterwards.

    Args:
        progress: called with (documents built, rows in all).

    Raises:
        RebuildRunning: somebody is at it already.
        EngineDown: the engine cannot be reached; the old index stays.
    """
    with target_lock(f"rebuild-{target}") as ours:
        if not ours:
            raise RebuildRunning(target)
        sweeping.enrol(target, hold_s=600)
        started = _database_now(target)
        fresh: list[Built] = []
        engine = engines.get(target.partition(":")[2])
        written = engine.rebuild(_documents(target, fresh, progress))
        _resend(target, started)
        _settle(fresh)
    wake()
    return written


def _rows(target: str) -> QuerySet[OutboxEntry]:
    return OutboxEntry.objects.filter(target=target, wanted__gt=0).order_by("key")


def _database_now(target: str) -> datetime | None:
    return _rows(target).annotate(now=Now()).values_list("now", flat=True).first()


def _documents(
    target: str, fresh: list[Built], progress: Progress | None
) -> Iterator[tuple[int, SearchDocument]]:
    """Yield every row's document with its version; notes in ``fresh`` what was due."""
    total, done, last = _rows(target).count(), 0, ""
    while entries := list(_rows(target).filter(key__gt=last)[:CHUNK]):
        last = entries[-1].key
        for parcel in snapshot(entries):
            if parcel.entry.pending:
                fresh.append((parcel.entry.pk, parcel.version, parcel.state.sha256))
            yield parcel.version, build_document(parcel.state)
        done += len(entries)
        if progress:
            progress(done, total)


def _resend(target: str, started: datetime | None) -> None:
    """Make due again what went to the old index, or is on its way there."""
    touched = Q(delivered_at__gte=started) if started else Q(delivered__gt=0)
    OutboxEntry.objects.filter(touched | ~Q(claim=""), target=target).update(
        delivered=0, claim="", lease_until=None, next_at=Now()
    )


def _settle(fresh: list[Built]) -> None:
    """Confirm rows that were due and are in the new index as they should be."""
    for start in range(0, len(fresh), CHUNK):
        with transaction.atomic():
            for pk, version, sha256 in fresh[start : start + CHUNK]:
                same = OutboxEntry.objects.filter(
                    pk=pk, wanted=version, delivered__lt=F("wanted"), claim=""
                )
                same.update(
                    delivered=version,
                    delivered_sha256=sha256,
                    delivered_at=Now(),
                    receipt={"version": version, "sha256": sha256, "url": ""},
                    attempts=0,
                    interruptions=0,
                    last_error="",
                    held_version=None,
                    dead=False,
                )
