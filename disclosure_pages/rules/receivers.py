"""Where events come from: signals of the acts themselves, in their transactions."""

from functools import partial
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from wagtail.models import TaskState, WorkflowState
from wagtail.signals import (
    page_published,
    task_approved,
    task_rejected,
    workflow_submitted,
)

from cms.models import ReviewDuty
from cms.signals import review_overdue
from disclosure_pages.models import DisclosureDocument, Feedback
from disclosure_pages.rules import actions, events, subjects  # noqa: F401
from disclosure_pages.rules.engine import happened
from disclosure_pages.rules.steps import SUBMITTED
from disclosure_pages.signals import page_withdrawn


@receiver(workflow_submitted, dispatch_uid="rules_submitted")
def on_submission(instance: WorkflowState, **kwargs: Any) -> None:
    happened(SUBMITTED, partial(subjects.of_workflow, instance))


@receiver(task_approved, dispatch_uid="rules_step_approved")
def on_approval(instance: TaskState, **kwargs: Any) -> None:
    happened(events.STEP_APPROVED, partial(subjects.of_state, instance))


@receiver(task_rejected, dispatch_uid="rules_sent_back")
def on_rejection(instance: TaskState, **kwargs: Any) -> None:
    happened(events.SENT_BACK, partial(subjects.of_state, instance))


@receiver(page_published, dispatch_uid="rules_published")
def on_publication(instance: Any, **kwargs: Any) -> None:
    # Scheduling sends this signal too, with a page that is not live yet.
    if instance.live:
        happened(events.PUBLISHED, partial(subjects.of_page, instance))


@receiver(page_withdrawn, dispatch_uid="rules_withdrawn")
def on_withdrawal(instance: Any, **kwargs: Any) -> None:
    happened(events.WITHDRAWN, partial(subjects.of_page, instance))


@receiver(review_overdue, dispatch_uid="rules_overdue")
def on_delay(instance: ReviewDuty, **kwargs: Any) -> None:
    happened(events.OVERDUE, partial(subjects.of_state, instance.task_state))


@receiver(post_save, sender=DisclosureDocument, dispatch_uid="rules_file_added")
def on_file(instance: DisclosureDocument, created: bool, **kwargs: Any) -> None:
    if created:
        happened(events.FILE_ADDED, partial(subjects.of_document, instance))


@receiver(post_save, sender=Feedback, dispatch_uid="rules_feedback")
def on_feedback(instance: Feedback, created: bool, **kwargs: Any) -> None:
    if created:
        happened(events.FEEDBACK, partial(subjects.of_feedback, instance))
