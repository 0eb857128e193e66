"""Find what nobody recorded."""

from celery import shared_task

from .. import sweeping, withdrawn_list


@shared_task(name="tasks.sweep")
def sweep() -> int:
    """Check a part of the outbox against what is true; returns rows put right."""
    swept = sweeping.sweep()
    withdrawn_list.note_missing()
    return swept


@shared_task(name="tasks.sweep_fresh")
def sweep_fresh() -> int:
    """Check what was delivered lately against what is true; returns what differed."""
    return sweeping.compare_fresh()
