"""Bring one target up to date for rows that were claimed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from disclosure_pages.public_state import WITHDRAWN, PublicState, public_states

from . import backoff
from .choices import Lane
from .failpoints import failpoint
from .models import OutboxEntry, TargetState
from .models.outbox import MAX_INTERRUPTIONS
from .targets import Outcome, Receipt, Target, TargetDown, TargetError, Waiting

logger = logging.getLogger(__name__)
SNAPSHOT_TRIES = 5
OUTBID_TRIES = 2  # how often we raise our version at once; later with a wait
ENOUGH_FAILURES = 8  # rows that fail alone before the rest is not even tried
ALONE_AFTER = 2  # interruptions after which a row is sent alone


@dataclass
class Tally:
    """What became of a batch; ``down``: nobody answered, so stop asking for now.

    ``waiting``: taken, and to be confirmed later.
    """

    delivered: int = 0
    failed: int = 0
    down: bool = False
    waiting: int = 0

    def __iadd__(self, other: "Tally") -> "Tally":
        self.delivered += other.delivered
        self.failed += other.failed
        self.waiting += other.waiting
        self.down = self.down or other.down
        return self


@dataclass(frozen=True)
class Parcel:
    """One row with the version and content that go out for it."""

    entry: OutboxEntry
    version: int
    state: PublicState


def deliver(target: Target, entries: Sequence[OutboxEntry]) -> Tally:
    """Send claimed rows and note the outcome of each.

    A row that already saw a process die goes alone, so that it takes nobody along.
    """
    tally = Tally()
    together = [entry for entry in entries if entry.interruptions < ALONE_AFTER]
    batches = [together] if together else []
    batches += [[entry] for entry in entries if entry.interruptions >= ALONE_AFTER]
    for batch in batches:
        if tally.down:
            OutboxEntry.objects.held(batch).release()
        else:
            tally += _deliver_batch(target, batch)
    return tally


def snapshot(entries: Sequence[OutboxEntry]) -> list[Parcel]:
    """Return version and content of each row, read so that they belong together.

    ``wanted`` is read before and after the content; a row that moved in between is
    read again. Rows that never rest are released and left out.
    """
    parcels: list[Parcel] = []
    waiting = {entry.pk: entry for entry in entries}
    for _try in range(SNAPSHOT_TRIES):
        before = _wanted(waiting)
        states = public_states([entry.key for entry in waiting.values()])
        after = _wanted(waiting)
        for pk, version in before.items():
            if after.get(pk) == version:
                entry = waiting.pop(pk)
                parcels.append(Parcel(entry, version, states[entry.key]))
        waiting = {pk: entry for pk, entry in waiting.items() if pk in after}
        if not waiting:
            break
    OutboxEntry.objects.held(waiting.values()).release()
    order = {entry.pk: place for place, entry in enumerate(entries)}
    return sorted(parcels, key=lambda parcel: order[parcel.entry.pk])


def _wanted(entries: dict[int, OutboxEntry]) -> dict[int, int]:
    rows = OutboxEntry.objects.filter(pk__in=list(entries)).order_by()
    return dict(rows.values_list("pk", "wanted"))


def _deliver_batch(target: Target, entries: Sequence[OutboxEntry]) -> Tally:
    """Send one batch; if it fails as a whole, halve it until the culprit is alone."""
    given_up = [e for e in entries if e.interruptions > MAX_INTERRUPTIONS]
    if given_up and entries[0].lane != Lane.WITHDRAW:
        return _fail(entries, _("处理这一条时程序多次中断，请管理员检查。"), False)
    try:
        parcels = snapshot(entries)
        failpoint("before_send")
        outcomes = target.put_many([(p.version, p.state) for p in parcels])
        failpoint("after_send")
    except TargetDown as error:
        return _down(parcels, error)
    except DatabaseError:
        raise  # our own trouble: the lease runs out and the row comes back
    except Exception as error:
        logger.exception("delivery of %s rows to %s", len(entries), target.name)
        return _split(target, entries, error)
    return _settle(parcels, outcomes)


def _split(target: Target, entries: Sequence[OutboxEntry], error: Exception) -> Tally:
    """Look for the row that breaks a batch; if every row does, stop looking."""
    reason = _("程序出错（%(kind)s），已记入日志。") % {"kind": type(error).__name__}
    if len(entries) == 1:
        return _fail(entries, reason)
    middle = len(entries) // 2
    tally = _deliver_batch(target, entries[:middle])
    rest = entries[middle:]
    if middle >= ENOUGH_FAILURES and not tally.delivered:
        tally += _fail(rest, reason)
    else:
        tally += _deliver_batch(target, rest)
    return tally


def _settle(parcels: list[Parcel], outcomes: Sequence[Outcome]) -> Tally:
    """Write down every outcome; a missing one counts as a failure."""
    good: list[tuple[Parcel, Receipt]] = []
    waiting: dict[Waiting, list[Parcel]] = {}
    tally = Tally()
    missing = TargetError(_("目标没有给出回执。"))
    padded = [*outcomes, *[missing] * len(parcels)]
    for parcel, outcome in zip(parcels, padded, strict=False):
        if isinstance(outcome, Receipt):
            if _echoes(outcome, parcel):
                good.append((parcel, outcome))
                continue
            outcome = TargetError(_("回执与所发内容不符，不能算送达。"))
        if isinstance(outcome, Waiting):
            waiting.setdefault(outcome, []).append(parcel)
            continue
        _reject(parcel, outcome)
        tally.failed += 1
    for outcome, these in waiting.items():
        tally.waiting += _wait(these, outcome)
    failpoint("before_confirm")
    tally.delivered = _confirm(good)
    return tally


def _wait(parcels: Sequence[Parcel], outcome: Waiting) -> int:
    """Put rows off; returns how many of them the target has.

    Rows that changed meanwhile are due at once.
    """
    by_version: dict[int, list[int]] = {}
    for parcel in parcels:
        by_version.setdefault(parcel.version, []).append(parcel.entry.pk)
    same = Q()
    for version, pks in by_version.items():
        same |= Q(wanted=version, pk__in=pks)
    held = OutboxEntry.objects.held(parcel.entry for parcel in parcels)
    held.filter(same).put_off(outcome.reason_zh, outcome.again_s)
    held.release()
    return len(parcels) if outcome.again_s else 0


def _echoes(receipt: Receipt, parcel: Parcel) -> bool:
    return (receipt.key, receipt.version, receipt.sha256) == (
        parcel.state.key,
        parcel.version,
        parcel.state.sha256,
    )


def _confirm(good: list[tuple[Parcel, Receipt]]) -> int:
    """Confirm in one transaction what nobody is writing, then the rest one by one.

    Waiting for one row while holding others could end in a deadlock with an editor.
    """
    confirmed = 0
    with transaction.atomic():
        rows = OutboxEntry.objects.held(parcel.entry for parcel, _receipt in good)
        free = set(
            rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
        )
        for place, (parcel, receipt) in enumerate(good):
            if place == len(good) // 2:
                failpoint("mid_bulk")
            if parcel.entry.pk in free:
                confirmed += _confirm_one(parcel, receipt)
    for parcel, receipt in good:
        if parcel.entry.pk not in free:
            confirmed += _confirm_one(parcel, receipt)
    return confirmed


def _confirm_one(parcel: Parcel, receipt: Receipt) -> bool:
    note = {"version": receipt.version, "sha256": receipt.sha256, "url": receipt.url}
    if receipt.read_back:
        note["read_back"] = True
    return parcel.entry.confirm(parcel.version, receipt.sha256, note)


def _reject(parcel: Parcel, error: TargetError) -> None:
    """Note why a target did not take an item.

    A refused version is outbid where ours is right by definition: an index follows
    the database, a withdrawal always wins, and equal versions with other content
    mean that content changed without being recorded. Else, and where the portal has
    a tombstone of what is public here, a person decides.
    """
    entry, version = parcel.entry, parcel.version
    if error.stale is None:
        entry.postpone(
            error.reason_zh,
            version,
            retryable=error.retryable,
            again_s=error.again_s,
        )
        return
    withdrawn = parcel.state.state == WITHDRAWN
    unrecorded = error.stale == version and not error.gone_there
    ours = entry.target.startswith("index:") or withdrawn or unrecorded
    if ours and (withdrawn or entry.attempts < backoff.MAX_ATTEMPTS):
        cap_s = backoff.CAP_WITHDRAW_S if withdrawn else backoff.CAP_S
        at_once = entry.attempts <= OUTBID_TRIES
        wait_s = 0.0 if at_once else backoff.delay_s(entry.attempts, cap_s=cap_s)
        entry.outbid(error.reason_zh, version, error.stale, wait_s)
    else:
        entry.refuse(error.reason_zh, version, error.stale)


def _fail(entries: Sequence[OutboxEntry], reason: str, retryable: bool = True) -> Tally:
    for entry in entries:
        entry.postpone(reason, entry.wanted, retryable=retryable)
    return Tally(failed=len(entries))


def _down(parcels: list[Parcel], error: TargetDown) -> Tally:
    """Settle what was judged before the target went away, and give it a rest."""
    judged = len(error.done)
    tally = _settle(parcels[:judged], error.done)
    entries = [parcel.entry for parcel in parcels[judged:]]
    if entries:
        TargetState.note_down(entries[0].target, error.reason_zh, error.retry_after)
    with transaction.atomic():
        for entry in sorted(entries, key=lambda entry: entry.key):
            entry.postpone(error.reason_zh, entry.wanted, down=True)
    tally += Tally(failed=len(entries), down=True)
    return tally
