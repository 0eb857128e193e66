"""Rebuild an index that was lost."""

import logging

from celery import shared_task

from search.engines.base import EngineDown

from ..choices import target_names
from ..rebuild import Mismatch, RebuildRunning, rebuild, rebuild_wanted

logger = logging.getLogger(__name__)


@shared_task(name="tasks.rebuild_lost", soft_time_limit=780, time_limit=840)
def rebuild_lost() -> int:
    """Rebuild every index that is missing or unreadable; returns documents written.

    What the time does not suffice for is built by the next runs.
    """
    written = 0
    for name in target_names():
        if rebuild_wanted(name):
            try:
                written += rebuild(name)
            except RebuildRunning:
                continue
            except EngineDown as error:
                logger.warning("rebuild of %s: %s", name, error)
            except Mismatch as error:
                logger.error("rebuild of %s: %s", name, error)  # noqa: TRY400
    return written
