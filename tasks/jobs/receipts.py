"""Portals that load by hand: clean packages, read receipts, remind of lacking ones."""

from celery import shared_task

from ..locks import target_lock
from ..template import inbox, removing


@shared_task(name="tasks.receipts")
def receipts() -> int:
    """Read new receipt files; returns how many. One at a time on this host."""
    with target_lock("receipts") as alone:
        if not alone:
            return 0
        removing.clean()
        inbox.remind()
        return inbox.collect()
