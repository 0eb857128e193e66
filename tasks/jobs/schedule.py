"""Publish and take back what its date says."""

from celery import shared_task

from disclosure_pages.services import publishing


@shared_task(name="tasks.publish_scheduled")
def publish_scheduled() -> int:
    """Publish approved items that are due, withdraw the expired; returns how many."""
    return publishing.publish_scheduled()
