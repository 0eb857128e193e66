"""The demo's stand-ins, and steps that are hurried, late or in somebody's hands."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from wagtail.models import Page, TaskState

from cms.models import Priority, ReviewDuty, StandIn
from cms.services import duties

STAND_INS = {"head": "officer", "secrecy": "officer"}  # A 岗 → B 岗


def load_stand_ins(users: dict[str, AbstractUser]) -> None:
    """Name the stand-ins that are missing."""
    for principal, substitute in STAND_INS.items():
        StandIn.objects.get_or_create(
            principal=users[principal], substitute=users[substitute]
        )


def load_duty(
    page: Page, record: dict[str, Any], users: dict[str, AbstractUser]
) -> None:
    """Bring the step that waits into the state that the record tells."""
    if not record:
        return
    page.refresh_from_db()
    review = page.current_workflow_state
    state = TaskState.objects.get(
        workflow_state=review, status=TaskState.STATUS_IN_PROGRESS
    )
    if by := record.get("hurried_by"):
        reason = record["reason"]
        duties.set_priority(review, Priority.URGENT, by=users[by], reason=reason)
    if by := record.get("claimed_by"):
        duties.claim(state, users[by])
    if days := record.get("days_late"):
        due = timezone.now() - dt.timedelta(days=days)
        ReviewDuty.objects.filter(task_state=state).update(due_at=due)
