"""Remove the bytes of received files that nothing public names any more."""

from celery import shared_task
from django.utils import timezone

from disclosure_pages.services.external import remove_unshown


@shared_task(name="tasks.remove_unshown_files")
def remove_unshown_files() -> int:
    """Give the space of withdrawn attachments back; returns how many."""
    return remove_unshown(timezone.now())
