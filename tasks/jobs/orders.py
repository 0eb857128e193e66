"""Do what was asked for at the desk: rebuild an index, or compare it."""

from celery import shared_task

from ..orders import work_off


@shared_task(name="tasks.orders", soft_time_limit=780, time_limit=840)
def orders() -> int:
    """Work off the orders that wait; returns how many."""
    return work_off()
