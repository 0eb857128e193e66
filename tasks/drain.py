"""The one function that delivers what is due: thread, Celery and command call it."""

import time
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from . import targets
from .choices import Lane, is_portal_target, target_names
from .delivery import Tally, deliver
from .failpoints import failpoint
from .fencing import may_send, note_reached
from .locks import target_place
from .models import ChangedKey, DeliveryHour, Mode, OutboxEntry, TargetState

FAILURES_IN_A_ROW = 3  # batches without any success before a target gets a rest


def drain(
    limit: int | None = None,
    *,
    only: Sequence[str] | None = None,
    budget_s: float | None = None,
) -> int:
    """Deliver what is due, withdrawals first; returns the number of rows delivered.

    Before that, looks whether the database was set back to an older copy, and numbers
    the changes that were committed, for those who follow them.

    Safe to run twice, late, out of order or side by side. A target that is down, busy
    or keeps failing is left alone until the next call; the others go on.

    Args:
        limit: stop after so many rows were tried.
        only: these targets instead of all configured ones.
        budget_s: begin no batch after so many seconds.
    """
    if not may_send():
        return 0
    ChangedKey.number_waiting()
    note_reached()
    every, urgent = TargetState.limits(target_names() if only is None else only)
    names = every | urgent
    ends = None if budget_s is None else time.monotonic() + budget_s
    failures = dict.fromkeys(names, 0)
    delivered = tried = 0
    while names and (limit is None or tried < limit):
        if ends is not None and time.monotonic() > ends:
            break
        allowed = Q(target__in=names & every) | Q(
            target__in=names & urgent, lane=Lane.WITHDRAW
        )
        due = OutboxEntry.objects.filter(allowed).due_targets()
        if not due:
            break
        name = due[0]
        room = None if limit is None else limit - tried
        tally = drain_batch(name, room, urgent_only=name in urgent)
        if tally is None:
            names.discard(name)
            continue
        delivered += tally.delivered
        tried += tally.delivered + tally.failed + tally.waiting
        taken = tally.delivered or tally.waiting
        failures[name] = 0 if taken else failures[name] + 1
        if tally.down or failures[name] >= FAILURES_IN_A_ROW:
            names.discard(name)
    return delivered


def drain_batch(
    name: str, room: int | None = None, *, urgent_only: bool = False
) -> Tally | None:
    """Claim and deliver one batch of one target; None if others are at it.

    ``urgent_only``: withdrawals, to a target that is paused or rests.
    """
    places = TargetState.places(name)
    with target_place(name, places + 1 if is_portal_target(name) else 1) as place:
        if place is None:
            return None
        target = targets.get(name)
        size = target.batch_size if room is None else min(room, target.batch_size)
        entries = _claim(name, size, urgent_only=urgent_only or place >= places)
        if not entries:
            return None
        failpoint("after_claim")
        tally = deliver(target, entries)
    if not tally.down:
        TargetState.note_answer(name)
    if tally.delivered or tally.failed:
        now = timezone.now()
        DeliveryHour.count(name, now, tally.delivered, tally.failed)
    if tally.delivered and any(entry.last_error for entry in entries):
        _hurry(name)
    return tally


def _claim(name: str, size: int, *, urgent_only: bool) -> list[OutboxEntry]:
    """Claim a batch, if the target takes one more at once.

    How many are on their way is told by the claims, whichever host they are made on:
    one of a process that died counts until its lease is over. Beyond the limit of
    a portal there is one place more, for withdrawals alone: they wait for nobody.
    A portal that was stopped meanwhile gets nothing more than it would now.
    """
    rows = OutboxEntry.objects.all()
    if urgent_only:
        rows = rows.filter(lane=Lane.WITHDRAW)
    if not is_portal_target(name):
        return rows.claim_due([name], size, settings.GONGKAI_LEASE_S)
    if not rows.due().filter(target=name).exists():
        return []
    with transaction.atomic():
        state = TargetState.lock(name)
        running = OutboxEntry.objects.claims(name)
        if running > state.at_once or state.mode == Mode.FENCED:
            return []
        if running == state.at_once or state.mode == Mode.PAUSED:
            rows = rows.filter(lane=Lane.WITHDRAW)
        return rows.claim_due([name], size, settings.GONGKAI_LEASE_S)


def _hurry(name: str) -> None:
    """A target that failed works again: let what waits for it be tried at once."""
    waiting = OutboxEntry.objects.pending().filter(target=name, next_at__gt=Now())
    waiting.filter(claim="").update(next_at=Now())
