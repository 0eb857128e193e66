"""Build a search index anew from what is true, while the site and the drain go on.

One that was cut short goes on where it stopped; the new index answers only after its
keys, versions and hashes were compared with what the database says.
"""

import time
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from disclosure_pages.public_state import public_keys
from search import engines
from search.engines.base import EngineDown, NewIndex

from . import sweeping
from .choices import RebuildState
from .failpoints import failpoint
from .models import IndexRebuild, OutboxEntry
from .models.outbox import concerns, from_now
from .rebuild_contents import Building, rows_of
from .rebuild_run import Mismatch, Progress, RebuildRunning, alone
from .wake import wake

MARGIN_S = 5.0
REST_S = 1800.0  # after a new index was not what it should be
HOLD_S = 600.0
__all__ = ["Mismatch", "RebuildRunning", "extent", "rebuild", "rebuild_wanted"]


def rebuild_wanted(target: str) -> bool:
    """Whether the engine says that it lost its index or cannot read it.

    Not for half an hour after one that was refused: it would be the same again.
    """
    kind, _sign, engine = target.partition(":")
    if kind != "index" or _refused_lately(target):
        return False
    try:
        return engines.get(engine).needs_rebuild
    except EngineDown:
        return False


def _refused_lately(target: str) -> bool:
    failed = IndexRebuild.objects.filter(target=target, state=RebuildState.FAILED)
    return failed.filter(ended_at__gt=from_now(-REST_S)).exists()


def extent(target: str) -> int:
    """Return how many documents and tombstones a rebuild would write."""
    keys = {key for key in public_keys() if concerns(target, key)}
    return len(keys.union(rows_of(target).values_list("key", flat=True)))


def rebuild(target: str, progress: Progress | None = None) -> int:
    """Build a new index for ``target`` and swap it in; returns documents in it.

    Versions come from the outbox, tombstones go along, so nothing can fall back. What
    the drain delivered to the old index meanwhile is delivered again afterwards.

    Args:
        progress: called with (documents built, rows in all).

    Raises:
        RebuildRunning: somebody is at it already.
        EngineDown: the engine cannot be reached; the old index stays, and what was
            built waits for the next try.
        Mismatch: the new index is not what it should be and was thrown away.
    """
    with alone(target, progress) as run:
        sweeping.enrol(target, hold_s=HOLD_S)
        with engines.get(target.partition(":")[2]).building() as new:
            since = _began(target, new)
            work = Building(target, new, run)
            work.fill()
            try:
                work.verify()
            except Mismatch:
                new.drop()
                raise
            failpoint("before_swap")
            new.finish()
        _resend(target, since)
        work.settle()
        run.end(RebuildState.DONE, work.note)
    wake()
    return run.done


def _began(target: str, new: NewIndex) -> datetime | None:
    """Return when the new index was begun, by the database's clock."""
    age_s = max(0.0, time.time() - new.began_s) + MARGIN_S
    instant = from_now(-age_s) if new.kept else Now()
    return rows_of(target).annotate(at=instant).values_list("at", flat=True).first()


def _resend(target: str, since: datetime | None) -> None:
    """Make due again what went to the old index, or is on its way there."""
    touched = Q(delivered_at__gte=since) if since else Q(delivered__gt=0)
    OutboxEntry.objects.filter(touched | ~Q(claim=""), target=target).update(
        delivered=0, claim="", lease_until=None, next_at=Now()
    )
