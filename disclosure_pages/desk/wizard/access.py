"""Who may work on which draft: the office's people, superusers like everybody else."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from wagtail.models import WorkflowState

from disclosure_pages.desk.selectors import offices_to_write_in
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage

MAX_UNFINISHED = 10


def offices_or_deny(request: HttpRequest) -> list[OfficeIndexPage]:
    """Return the office pages under which the user may write.

    Raises:
        PermissionDenied: there is none.
    """
    offices = offices_to_write_in(request.user)
    if not offices:
        raise PermissionDenied
    return offices


def draft_or_deny(
    request: HttpRequest, page_id: int
) -> tuple[DisclosureItemPage, OfficeIndexPage]:
    """Return the page and its office's page, if the user may work on it here.

    Raises:
        PermissionDenied: it belongs to another office or is locked.
    """
    offices = offices_or_deny(request)
    rows = DisclosureItemPage.objects.select_related("latest_revision")
    page = get_object_or_404(rows.annotate_approved_schedule(), pk=page_id)
    states = page.workflow_states.active().select_related("current_task_state__task")
    page._current_workflow_states = list(states)  # Wagtail's own place to keep them
    parent = next((o for o in offices if page.is_child_of(o)), None)
    if parent is None or not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    page._cached_parent_obj = parent  # the tree's own place to keep it
    return page, parent


def in_review(page: DisclosureItemPage) -> bool:
    """Whether the draft is with the reviewers and may not be changed."""
    state = page.current_workflow_state
    return bool(state and state.status == WorkflowState.STATUS_IN_PROGRESS)


def sent_back_with(page: DisclosureItemPage) -> str:
    """Return the reviewer's words when the draft was sent back, else ""."""
    state = page.current_workflow_state
    if state and state.status == WorkflowState.STATUS_NEEDS_CHANGES:
        return state.current_task_state.comment if state.current_task_state else ""
    return ""


def unfinished_drafts(user: Any) -> list[DisclosureItemPage]:
    """Return what this user began and did not submit yet, the newest first.

    Two queries: the drafts and which of them are with the reviewers.
    """
    drafts = list(
        DisclosureItemPage.objects.filter(
            live=False, withdrawn_at=None, first_published_at=None, owner=user
        )
        .exclude(
            pk__in=WorkflowState.objects.filter(
                status=WorkflowState.STATUS_IN_PROGRESS
            ).values_list(Cast("object_id", BigIntegerField()))
        )
        .order_by("-latest_revision_created_at")[:MAX_UNFINISHED]
    )
    return drafts
