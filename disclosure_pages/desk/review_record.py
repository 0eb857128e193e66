"""保密审查表: the secrecy review as a sheet to print, and as PDF."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from wagtail import hooks
from wagtail.models import TaskState

from cms.audit.actions import READ
from cms.audit.recording import record_read
from cms.models import Authority, Office, SecrecyReview
from cms.services.reviewers import is_reviewer
from disclosure_pages.services.guide_prints import (
    RETRY_S,
    PrintingBusy,
    PrintingUnavailable,
    draw_now,
)

BUSY = 503


@require_safe
@never_cache
def record(request: HttpRequest, task_state_id: int) -> HttpResponse:
    """Show the sheet, to be printed from the browser."""
    context = _sheet(request, task_state_id)
    return TemplateResponse(
        request, "disclosure_pages/desk/secrecy_record.html", context
    )


@require_safe
@never_cache
def record_pdf(request: HttpRequest, task_state_id: int) -> HttpResponse:
    """Send the same sheet as PDF."""
    context = _sheet(request, task_state_id)
    html = render_to_string("disclosure_pages/desk/secrecy_record_print.html", context)
    css = render_to_string("disclosure_pages/desk/secrecy_record.css")
    try:
        content = draw_now(html, css)
    except (PrintingBusy, PrintingUnavailable) as error:
        answer = TemplateResponse(
            request,
            "disclosure_pages/desk/secrecy_record.html",
            context | {"no_pdf": True, "why_no_pdf": str(error)},
            status=BUSY,
        )
        answer["Retry-After"] = str(RETRY_S)
        return answer
    answer = HttpResponse(content, content_type="application/pdf")
    name = f"secrecy-review-{task_state_id}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _sheet(request: HttpRequest, task_state_id: int) -> dict[str, Any]:
    """Return what stands on the sheet; reading it is an act.

    Raises:
        PermissionDenied: the user reviews no step of this page.
        Http404: no secrecy review was made at this step.
    """
    state = get_object_or_404(
        TaskState.objects.select_related("workflow_state", "task"), pk=task_state_id
    )
    page = state.workflow_state.content_object
    if not may_see_review(request.user, state):
        raise PermissionDenied
    review = get_object_or_404(
        SecrecyReview.objects.select_related("revision__user"), task_state=state
    )
    record_read(request.user, page, READ, revision_id=review.revision_id)
    draft = review.revision.as_object()
    office: Office | None = getattr(draft, "responsible_office", None)
    return {
        "review": review,
        "state": state,
        "draft": draft,
        "office": office,
        "authority": Authority.load(),
        "drafter": review.revision.user,
    }


def may_see_review(user: Any, task_state: TaskState) -> bool:
    """Whether any step of this round of the review is the user's."""
    states = task_state.workflow_state.task_states.select_related("task")
    page = task_state.workflow_state.content_object
    seen: set[int] = set()
    for state in states:
        if state.task_id not in seen and is_reviewer(state, page, user):
            return True
        seen.add(state.task_id)
    return False


@hooks.register("register_admin_urls")
def record_urls() -> list[URLPattern]:
    address = "review/<int:task_state_id>/record"
    return [
        path(f"{address}/", record, name="gongkai_secrecy_record"),
        path(f"{address}.pdf", record_pdf, name="gongkai_secrecy_record_pdf"),
    ]
