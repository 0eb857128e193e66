"""Fetch what superiors published."""

from celery import shared_task

from disclosure_pages.harvest import running


@shared_task(name="tasks.harvest")
def harvest() -> int:
    """Go on with the sources that are due, some seconds long; returns how many."""
    return len(running.run_due())
