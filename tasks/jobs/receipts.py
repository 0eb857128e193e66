"""Read the receipts of portals that load by hand, and remind of those that lack."""

from celery import shared_task

from ..locks import target_lock
from ..template import inbox


@shared_task(name="tasks.receipts")
def receipts() -> int:
    """Read new receipt files; returns how many. One at a time on this host."""
    with target_lock("receipts") as alone:
        if not alone:
            return 0
        inbox.remind()
        return inbox.collect()
