"""Take the text out of stored files."""

from celery import shared_task

from disclosure_pages.services import extraction


@shared_task(name="tasks.extract")
def extract() -> int:
    """Read some of the files that wait; returns how many."""
    return extraction.extract_waiting()
