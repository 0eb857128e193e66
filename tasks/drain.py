"""The one function that delivers what is due: thread, Celery and command call it."""

import time
from collections.abc import Sequence

from django.conf import settings
from django.db.models.functions import Now

from . import targets
from .choices import target_names
from .delivery import Tally, deliver
from .failpoints import failpoint
from .locks import target_lock
from .models import ChangedKey, OutboxEntry

FAILURES_IN_A_ROW = 3  # batches without any success before a target gets a rest


def drain(
    limit: int | None = None,
    *,
    only: Sequence[str] | None = None,
    budget_s: float | None = None,
) -> int:
    """Deliver what is due, withdrawals first; returns the number of rows delivered.

    Before that, numbers the changes that were committed, for those who follow them.

    Safe to run twice, late, out of order or side by side. A target that is down, busy
    or keeps failing is left alone until the next call; the others go on.

    Args:
        limit: stop after so many rows were tried.
        only: these targets instead of all configured ones.
        budget_s: begin no batch after so many seconds.
    """
    ChangedKey.number_waiting()
    names = set(target_names() if only is None else only)
    ends = None if budget_s is None else time.monotonic() + budget_s
    failures = dict.fromkeys(names, 0)
    delivered = tried = 0
    while names and (limit is None or tried < limit):
        if ends is not None and time.monotonic() > ends:
            break
        due = OutboxEntry.objects.filter(target__in=names).due_targets()
        if not due:
            break
        name = due[0]
        tally = drain_batch(name, None if limit is None else limit - tried)
        if tally is None:
            names.discard(name)
            continue
        delivered += tally.delivered
        tried += tally.delivered + tally.failed
        failures[name] = 0 if tally.delivered else failures[name] + 1
        if tally.down or failures[name] >= FAILURES_IN_A_ROW:
            names.discard(name)
    return delivered


def drain_batch(name: str, room: int | None = None) -> Tally | None:
    """Claim and deliver one batch of one target; None if somebody else is at it."""
    with target_lock(name) as ours:
        if not ours:
            return None
        target = targets.get(name)
        size = target.batch_size if room is None else min(room, target.batch_size)
        entries = OutboxEntry.objects.claim_due([name], size, settings.GONGKAI_LEASE_S)
        if not entries:
            return None
        failpoint("after_claim")
        tally = deliver(target, entries)
    if tally.delivered and any(entry.last_error for entry in entries):
        _hurry(name)
    return tally


def _hurry(name: str) -> None:
    """A target that failed works again: let what waits for it be tried at once."""
    waiting = OutboxEntry.objects.pending().filter(target=name, next_at__gt=Now())
    waiting.filter(claim="").update(next_at=Now())
