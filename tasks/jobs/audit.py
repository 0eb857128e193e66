"""Seal the acts that were logged."""

from celery import shared_task

from cms.audit.sealing import seal

BUDGET_S = 120.0


@shared_task(name="tasks.seal")
def seal_acts() -> int:
    """Seal what was committed lately; returns how many acts."""
    return seal(budget_s=BUDGET_S)


@shared_task(name="tasks.seal_missed")
def seal_missed() -> int:
    """Look through the whole log for acts that nobody sealed; returns how many."""
    return seal(everything=True, budget_s=BUDGET_S)
