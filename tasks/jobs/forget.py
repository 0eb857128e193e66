"""Forget what the search noted and need not keep."""

from celery import shared_task

from search.log_writing import forget_old


@shared_task(name="tasks.forget")
def forget() -> int:
    """Delete salts, visitors and questions that are old; returns how many of these."""
    return forget_old()
