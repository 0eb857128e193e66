"""Rebuild an index that was lost."""

from celery import shared_task

from ..choices import target_names
from ..rebuild import RebuildRunning, rebuild, rebuild_wanted


@shared_task(name="tasks.rebuild_lost", soft_time_limit=780, time_limit=840)
def rebuild_lost() -> int:
    """Rebuild every index that is missing or unreadable; returns documents written."""
    written = 0
    for name in target_names():
        if rebuild_wanted(name):
            try:
                written += rebuild(name)
            except RebuildRunning:
                continue
    return written
