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
    fitting = (path.workflow for path in paths if fits(path, facts))
    return next((workflow for workflow in fitting if workflow.active), None)


def fits(conditions: Any, facts: ReviewFacts) -> bool:
    """Whether a row's office, category, kind and risk are those; empty ones fit all."""
    return all(
        not wanted or wanted == found
        for wanted, found in (
            (conditions.office_id, facts.office_id),
            (conditions.category, facts.category),
            (conditions.kind, facts.kind),
            (conditions.risk, facts.risk),
        )
    )
