"""Ask whether the superiors' pages still open."""

from celery import shared_task

from disclosure_pages.services import references


@shared_task(name="tasks.check_links")
def check_links() -> int:
    """Check some of the links that nobody asked for a day; returns how many."""
    return references.check_due_links()
