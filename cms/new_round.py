"""A text that was sent back goes through every step again (重新提交)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from wagtail.models import WorkflowState


def start_again(state: WorkflowState, user: Any = None) -> WorkflowState:
    """Begin a new round of the steps that the text needs now; the old one is over.

    Wagtail's own goes on at the step that sent back, in the steps of the first text: a
    leader would then sign what no secrecy reviewer has seen.

    Raises:
        PermissionDenied: it was not sent back.
    """
    if state.status != WorkflowState.STATUS_NEEDS_CHANGES:
        raise PermissionDenied
    page = state.content_object.specific
    steps = page.get_latest_revision_as_object().get_workflow()
    state.status = WorkflowState.STATUS_CANCELLED
    state.save()
    return steps.start(page, user)


def replace_resume() -> None:
    """Let Wagtail's editor, and everything else, resubmit by it."""
    WorkflowState.resume = start_again
