"""Deliver what is due."""

from celery import shared_task

from ..drain import drain

BUDGET_S = 120.0


@shared_task(name="tasks.deliver")
def deliver(target: str | None = None) -> int:
    """Drain one target (or all); returns the number of rows delivered.

    Long work is cut into pieces, far below the time limit.
    """
    return drain(only=[target] if target else None, budget_s=BUDGET_S)
