"""Prove once a day that index and portals hold what is true."""

from celery import shared_task

from ..reports import reconcile_nightly


@shared_task(name="tasks.reconcile", time_limit=840, soft_time_limit=780)
def reconcile() -> int:
    """Compare every target and keep the reports; returns how many keys differed."""
    return reconcile_nightly()
