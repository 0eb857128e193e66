"""Steps that rules add at submission: more than the page takes anyway, never fewer."""

from typing import Any

from wagtail.models import Workflow

from disclosure_pages.rules.engine import active_rules, matches
from disclosure_pages.rules.registry import Subject

SUBMITTED = "submitted"
STEP = "require_step"


def with_more_steps(page: Any, usual: Workflow | None) -> Workflow | None:
    """Return the workflow that rules ask for; one query when there is no rule.

    Each must hold every step of the one before; a rule that would leave one out is
    passed over, and its record says so.
    """
    rules = active_rules(SUBMITTED)
    if not rules or usual is None:
        return usual
    subject, chosen = Subject.of_page(page), usual
    for rule in rules:
        if not matches(rule, subject):
            continue
        for row in rule.actions.all():
            if row.action == STEP and holds(row.workflow, chosen):
                chosen = row.workflow
        if rule.stop_after:
            break
    return chosen


def holds(workflow: Workflow | None, other: Workflow) -> bool:
    """Whether a workflow that is in use has every step of another."""
    if workflow is None or not workflow.active:
        return False
    return steps_of(other) <= steps_of(workflow)


def steps_of(workflow: Workflow) -> set[int]:
    """Return the steps of a workflow that are in use."""
    return set(workflow.tasks.filter(active=True).values_list("pk", flat=True))
