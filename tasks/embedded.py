"""Embedded mode: threads of the web process drain the outbox and keep the calendar.

Several processes may do so at once: leases, locks and versions keep them apart.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import close_old_connections, connections
from django.utils.module_loading import import_string

from cms.audit.sealing import seal
from search.engines.base import EngineDown

from . import wake
from .choices import target_names
from .drain import drain
from .orders import work_off
from .rebuild import Mismatch, RebuildRunning, rebuild, rebuild_wanted
from .schedule import Periodic, periodic_jobs

logger = logging.getLogger(__name__)
POLL_S = 0.5
SEAL_S = 2.0
ORDERS_S = 2.0
APART_S = 0.25  # between two steps of a drain: what comes meanwhile is done together
REST_S = 5.0  # after an exception

_stopping = threading.Event()
_threads: list[threading.Thread] = []
_events: list[threading.Event] = []


def start() -> bool:
    """Start the threads, once; says if so.

    One for each target, two for periodic jobs (quick and slow), one for what the desk
    asked of an index, and one that seals the audit chain: it must not wait until a file
    is read or an index is built.

    Does nothing unless ``GONGKAI_EMBEDDED_JOBS``. Call it in the process that serves,
    after any fork.
    """
    if not settings.GONGKAI_EMBEDDED_JOBS or _threads:
        return False
    _stopping.clear()
    for name in target_names():
        _spawn(f"drain {name}", _drainer(name), POLL_S, wake.listen())
    jobs = periodic_jobs()
    _spawn("ticker", _ticker([job for job in jobs if not job.slow]), 1.0)
    _spawn("slow ticker", _ticker([job for job in jobs if job.slow]), 1.0)
    _spawn("seal", seal, SEAL_S)
    _spawn("orders", work_off, ORDERS_S)
    return True


def stop(timeout_s: float = 5.0) -> None:
    """Stop all threads; a batch that is on its way is finished or comes back."""
    _stopping.set()
    for event in _events:
        event.set()
    for thread in _threads:
        thread.join(timeout_s)
    for event in _events:
        wake.forget(event)
    _threads.clear()
    _events.clear()


def _spawn(
    name: str,
    step: Callable[[], object],
    poll_s: float,
    event: threading.Event | None = None,
) -> None:
    """Start a thread; ``event``: what wakes it earlier than every ``poll_s``."""
    event = event or threading.Event()
    _events.append(event)
    thread = threading.Thread(
        target=_run, args=(name, step, event, poll_s), name=name, daemon=True
    )
    _threads.append(thread)
    thread.start()


def _run(
    name: str, step: Callable[[], object], event: threading.Event, poll_s: float
) -> None:
    """Repeat ``step`` for ever, whatever happens to it."""
    try:
        while not _stopping.is_set():
            event.clear()
            close_old_connections()
            try:
                step()
            except Exception:
                logger.exception("%s: will go on in %s s", name, REST_S)
                connections.close_all()
                _stopping.wait(REST_S)
            _stopping.wait(APART_S)
            event.wait(poll_s)
    finally:
        connections.close_all()


def _drainer(name: str) -> Callable[[], object]:
    """Return a step that repairs the index first if need be, then drains."""
    asked = False

    def step() -> None:
        nonlocal asked
        if not asked and rebuild_wanted(name):
            with suppress(RebuildRunning, Mismatch, EngineDown):
                rebuild(name)
        asked = True
        drain(only=[name])

    return step


def _ticker(jobs: list[Periodic]) -> Callable[[], object]:
    """Return a step that runs every periodic job when its time has come."""
    due = {job: time.monotonic() + job.first_s for job in jobs if job.embedded}

    def step() -> None:
        for job in jobs:
            if job.embedded and due[job] <= time.monotonic():
                due[job] = time.monotonic() + job.every_s
                import_string(job.path)(*job.args)

    return step
