"""Changing a draft by rule: a new version of nobody's, which the review sees."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.models import Page, TaskState, WorkflowState

from disclosure_pages.rules.registry import Refused, Subject
from disclosure_pages.rules.steps import SUBMITTED


def write_draft(
    page: Page, change: Callable[[Any], None], *, subject: Subject | None = None
) -> None:
    """Save a new draft version with the change; what is public stays as it is.

    What is under review is left alone, except in the moment of its submission: then
    nobody has seen it yet, and the first step takes the new version.

    Raises:
        Refused: under review, locked, or no longer valid with the change.
    """
    page = Page.objects.select_for_update().get(pk=page.pk).specific
    fresh = _just_submitted(page, subject)
    if not fresh and (page.current_workflow_task or page.locked):
        raise Refused(_("正在审查或已锁定，现在不能改。"))
    draft = page.get_latest_revision_as_object()
    change(draft)
    try:
        draft.full_clean()
    except ValidationError as error:
        raise Refused("；".join(error.messages)) from error
    revision = draft.save_revision(changed=True, clean=False)
    if fresh:
        fresh.revision = revision
        fresh.save(update_fields=["revision"])


def _just_submitted(page: Page, subject: Subject | None) -> TaskState | None:
    """Return the first step of a review that began in this very act."""
    if subject is None or subject.event != SUBMITTED or subject.workflow_state is None:
        return None
    state = WorkflowState.objects.get(pk=subject.workflow_state.pk)
    step = state.current_task_state
    first = step and state.task_states.count() == 1
    if not first or step.revision_id != page.latest_revision_id:
        return None
    return step if step.status == TaskState.STATUS_IN_PROGRESS else None
