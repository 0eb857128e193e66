"""Which steps a page takes: chosen by data, never fewer than the law asks."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from wagtail.models import Workflow

from cms.models.paths import ReviewPath, Risk


@dataclass(frozen=True)
class ReviewFacts:
    """What the choice of the steps goes by."""

    office_id: int | None = None
    category: str = ""
    kind: str = ""
    risk: str = Risk.NORMAL


def risk_of(kind: str, category: str = "") -> str:
    """Return the risk of a kind of page, for items by category; both are settings."""
    if kind in settings.GONGKAI_LOW_RISK_KINDS:
        return Risk.LOW
    high = category in settings.GONGKAI_HIGH_RISK_CATEGORIES
    return Risk.HIGH if high else Risk.NORMAL


def path_for(page: Any) -> Workflow | None:
    """Return the workflow of the first active path that fits the page, else None."""
    paths = list(ReviewPath.objects.filter(is_active=True).select_related("workflow"))
    if not paths:
        return None
    facts = page.review_facts()
    return next((path.workflow for path in paths if _fits(path, facts)), None)


def _fits(path: ReviewPath, facts: ReviewFacts) -> bool:
    return path.workflow.active and all(
        not wanted or wanted == found
        for wanted, found in (
            (path.office_id, facts.office_id),
            (path.category, facts.category),
            (path.kind, facts.kind),
            (path.risk, facts.risk),
        )
    )
