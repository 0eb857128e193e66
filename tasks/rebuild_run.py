"""Whose turn it is to rebuild an index, and how far he is: one row for each index."""

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from search.engines.base import EngineDown

from .choices import RebuildState
from .locks import target_lock
from .models import IndexRebuild
from .models.outbox import from_now
from .selectors import SILENT_S

BEAT_S = 1.0
Progress = Callable[[int, int], None]


class RebuildRunning(Exception):
    """Somebody else is rebuilding the same index."""


class Mismatch(Exception):
    """The new index is not what the database says; ``reason_zh`` tells how."""

    def __init__(self, reason_zh: str) -> None:
        super().__init__(reason_zh)
        self.reason_zh = reason_zh


class Run:
    """One rebuild: counts, and lets others see that it is alive."""

    def __init__(self, target: str, progress: Progress | None = None) -> None:
        self.target = target
        self.claim = uuid.uuid4().hex
        self.done = self.total = self.kept = 0
        self._progress = progress
        self._beaten_at = time.monotonic()

    def begin(self) -> None:
        """Take the row.

        Raises:
            RebuildRunning: another host is at it and showed signs of life lately.
        """
        host = socket.gethostname()[:120]
        rows = IndexRebuild.objects.filter(target=self.target)
        now = {"started_at": Now(), "beat_at": Now(), "ended_at": None, "note": ""}
        fresh = {
            **{"state": RebuildState.RUNNING, "host": host, "claim": self.claim},
            **{"done": 0, "total": 0, "kept": 0},
        }
        _row, made = rows.get_or_create(
            target=self.target, defaults=fresh | {"started_at": Now(), "beat_at": Now()}
        )
        silent = Q(beat_at__lt=from_now(-SILENT_S))
        free = ~Q(state=RebuildState.RUNNING) | Q(host=host) | silent
        if not made and not rows.filter(free).update(**fresh, **now):
            raise RebuildRunning(self.target)

    def beat(self, *, told: bool = False) -> None:
        """Show a sign of life at most once a second; ``told``: and tell how far.

        Raises:
            RebuildRunning: somebody took this run for dead and goes on with it.
        """
        if told and self._progress:
            self._progress(self.done, self.total)
        if time.monotonic() - self._beaten_at < BEAT_S:
            return
        self._beaten_at = time.monotonic()
        if not self._write(beat_at=Now()):
            raise RebuildRunning(self.target)

    def end(self, state: RebuildState, note: str = "") -> None:
        """Write down how it ended."""
        self._write(state=state, ended_at=Now(), beat_at=Now(), note=note[:500])

    def _write(self, **values: Any) -> int:
        row = IndexRebuild.objects.filter(target=self.target, claim=self.claim)
        return row.update(done=self.done, total=self.total, kept=self.kept, **values)


@contextmanager
def alone(target: str, progress: Progress | None) -> Iterator[Run]:
    """Be the only one to rebuild this index, as long as the block lasts.

    A process that is killed leaves a row without signs of life: who comes next on the
    same host takes over at once (its lock is free), on another after two minutes.

    Raises:
        RebuildRunning: it is not our turn.
    """
    with target_lock(f"rebuild-{target}") as ours:
        if not ours:
            raise RebuildRunning(target)
        run = Run(target, progress)
        run.begin()
        try:
            yield run
        except Mismatch as error:
            run.end(RebuildState.FAILED, error.reason_zh)
            raise
        except EngineDown:
            reason = _(
                "检索引擎不可用。已建好的部分留着，下次接着建；原来的索引照常用。"
            )
            run.end(RebuildState.CUT, reason)
            raise
        except BaseException:
            run.end(RebuildState.CUT)
            raise
