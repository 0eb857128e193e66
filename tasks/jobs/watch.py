"""Tell the officer of deliveries that do not get on."""

from celery import shared_task

from .. import throughput
from .. import watch as watching


@shared_task(name="tasks.watch")
def watch() -> int:
    """Tell of what began and what is over; returns how many notices' worth."""
    throughput.forget_old()
    return watching.watch()
