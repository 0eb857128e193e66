"""Say so when a portal does not confirm a withdrawal."""

from celery import shared_task

from .. import confirmation


@shared_task(name="tasks.alarm")
def alarm() -> int:
    """Tell people of withdrawals that no portal confirmed; returns how many."""
    return confirmation.alarm()
