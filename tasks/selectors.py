"""Reads about the outbox: for health checks, metrics and the officer's desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page
from wagtail.permissions import policy_registry

from disclosure_pages.models import ExternalItem
from disclosure_pages.public_state import publicly_visible

from .choices import RebuildState, target_label, target_names
from .models import IndexRebuild, OutboxEntry

SILENT_S = 120.0  # a rebuild without a sign of life for so long was cut off
UNNAMED = _("（已不公开的信息）")


@dataclass(frozen=True)
class Backlog:
    """What one target still lacks; ``oldest_s``: age of the oldest change, seconds.

    What the target itself has to confirm is counted in ``awaiting`` only, what a
    person gave up in ``skipped`` only.
    """

    target: str
    pending: int = 0
    waiting: int = 0  # pending after a failure
    awaiting: int = 0
    dead: int = 0
    oldest_s: float = 0.0
    skipped: int = 0


def backlogs() -> list[Backlog]:
    """Return the backlog of every configured target, in their order."""
    behind = Q(wanted__gt=F("delivered"))
    ours = Q(dead=False, awaiting="")
    rows = (
        OutboxEntry.objects.filter(behind, target__in=target_names())
        .order_by()
        .values("target")
        .annotate(
            pending=Count("pk", filter=ours),
            waiting=Count("pk", filter=ours & ~Q(last_error="")),
            awaited=Count("pk", filter=Q(dead=False) & ~Q(awaiting="")),
            dead_rows=Count("pk", filter=Q(dead=True, skipped_at=None)),
            skipped=Count("pk", filter=~Q(skipped_at=None)),
            oldest=Min("changed_at", filter=ours),
            now=Now(),
        )
    )
    found = {
        row["target"]: Backlog(
            target=row["target"],
            pending=row["pending"],
            waiting=row["waiting"],
            awaiting=row["awaited"],
            dead=row["dead_rows"],
            skipped=row["skipped"],
            oldest_s=max((row["now"] - row["oldest"]).total_seconds(), 0.0)
            if row["oldest"]
            else 0.0,
        )
        for row in rows
    }
    return [found.get(name, Backlog(name)) for name in target_names()]


def titles(keys: Iterable[str], reader: Any) -> dict[str, str]:
    """Return the title of each key that still has a page or a row.

    What is public no longer is named to ``reader`` only where he works: the title may
    be why it was taken back.
    """
    keys = list(keys)
    uuids = [UUID(key) for key in keys if len(key) == 32]
    own = policy_registry.get_by_type(Page).explorable_instances(reader)
    public = [UUID(key) for key in publicly_visible(keys) if len(key) == 32]
    known = Q(translation_key__in=public) | Q(pk__in=own.values("pk"))
    pages = Page.objects.filter(known, translation_key__in=uuids)
    found = {
        uuid.hex: title for uuid, title in pages.values_list("translation_key", "title")
    }
    foreign = [key.partition(".")[2] for key in keys if "." in key]
    for row in ExternalItem.objects.filter(key__in=foreign) if foreign else ():
        found[f"{row.origin}.{row.key}"] = row.title
    return found


@dataclass(frozen=True)
class Rebuild:
    """How far the rebuild of one index is, or how the last one ended.

    ``percent`` 0..100; ``rate`` in documents per second; ``seconds_left`` is None
    where it cannot be told. ``kept`` of them were there from a try that was cut
    short. ``note`` says in plain words why it failed or what was left out.
    """

    target: str
    state: RebuildState
    done: int
    total: int
    kept: int
    started_at: datetime
    ended_at: datetime | None
    note: str
    rate: float
    seconds_left: int | None

    @property
    def percent(self) -> int:
        """Share that is built; 100 only when all is done."""
        if self.state == RebuildState.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def running(self) -> bool:
        """Whether somebody is at it now."""
        return self.state == RebuildState.RUNNING

    @property
    def label(self) -> str:
        """The index in words."""
        return target_label(self.target)


def current_rebuild(target: str) -> Rebuild | None:
    """Return the rebuild of ``target`` that runs, else the last one (one query)."""
    row = IndexRebuild.objects.annotate(now=Now()).filter(target=target).first()
    return _rebuild(row, row.now) if row else None


def _rebuild(row: IndexRebuild, now: datetime) -> Rebuild:
    state = RebuildState(row.state)
    if state == RebuildState.RUNNING and (
        (now - row.beat_at).total_seconds() >= SILENT_S
    ):
        state = RebuildState.CUT
    spent = ((row.ended_at or row.beat_at) - row.started_at).total_seconds()
    rate = (row.done - row.kept) / spent if spent > 0 else 0.0
    left = row.total - row.done
    known = state == RebuildState.RUNNING and rate > 0
    return Rebuild(
        target=row.target,
        state=state,
        done=row.done,
        total=row.total,
        kept=row.kept,
        started_at=row.started_at,
        ended_at=row.ended_at,
        note=row.note,
        rate=round(rate, 1),
        seconds_left=round(left / rate) if known else None,
    )
