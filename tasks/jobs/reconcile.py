"""Prove once a day that index and portals hold what is true."""

from celery import shared_task

from ..reports import reconcile_daily


@shared_task(name="tasks.reconcile", time_limit=840, soft_time_limit=780)
def reconcile(target: str) -> int:
    """Compare one target and keep the report; returns how many keys differ."""
    return reconcile_daily([target])
