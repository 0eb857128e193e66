"""The one place to decide on a review, and the way on to the next."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.models import Page, TaskState

from cms.audit.actions import READ
from cms.audit.recording import record_read
from cms.services.review import (
    ReviewConflict,
    decide,
    is_secrecy_step,
    seems_to_review,
)
from cms.services.reviewers import is_reviewer
from disclosure_pages import renderers
from disclosure_pages.desk.checks_panel import panel_context
from disclosure_pages.desk.differences import differences, live_version
from disclosure_pages.desk.forms import ReviewForm, SecrecyForm
from disclosure_pages.desk.selectors import next_waiting
from disclosure_pages.models import DisclosureItemPage

EARLIER = 20


def refuse_direct_publication(request: HttpRequest, page: Page) -> HttpResponse:
    """Send the editor back to the page with the reason, publishing nothing."""
    messages.error(request, _("须经审查才能公开，请点“提交审查”。"))
    return redirect("wagtailadmin_pages:edit", page.pk)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, task_state_id: int) -> HttpResponse:
    """Show one revision with its record and files, and take the decision on it."""
    task_state = get_object_or_404(
        TaskState.objects.select_related(
            "workflow_state", "task", "revision", "duty__assignee"
        ),
        pk=task_state_id,
    )
    seen = _Seen(task_state)
    form = _form_of(request, seen)
    if request.method == "POST":  # `decide` asks whether the user may
        response = _take_decision(request, task_state, form)
        if response:
            return response
    if not is_reviewer(task_state, _page(task_state), request.user):
        raise PermissionDenied
    page = seen.page
    if request.method == "GET":
        record_read(request.user, page, READ, revision_id=task_state.revision_id)
    told = [row for row in seen.checked["problems"] if not row.beside_file]
    shown = {"problems": told, "files": seen.checked["files"]}
    return TemplateResponse(
        request,
        "disclosure_pages/desk/review.html",
        _shown(request, task_state, form, page) | shown | _compared(page),
    )


class _Seen:
    """The revision of a step and what the checks say of it, worked out when asked."""

    def __init__(self, task_state: TaskState) -> None:
        self.task_state = task_state

    @cached_property
    def page(self) -> Page:
        return self.task_state.revision.as_object()

    @cached_property
    def checked(self) -> dict[str, Any]:
        return panel_context(self.page)


def _compared(page: Page) -> dict[str, Any]:
    """Return the public version, if there is one, and what differs from it."""
    live = live_version(page)
    return {"live": live, "found": differences(live, page) if live else None}


def _form_of(request: HttpRequest, seen: _Seen) -> ReviewForm:
    """Return the form of this step; the secrecy review looks where no check could."""
    data = request.POST if request.method == "POST" else None
    initial = {"revision": seen.task_state.revision_id}
    if not is_secrecy_step(seen.task_state):
        return ReviewForm(data, initial=initial)
    unread = [file.name for file in seen.checked["files"] if file.unread]
    return SecrecyForm(data, initial=initial, unread=unread)


def _page(task_state: TaskState) -> Page:
    return task_state.workflow_state.content_object


def _shown(
    request: HttpRequest, task_state: TaskState, form: ReviewForm, page: Page
) -> dict[str, Any]:
    is_item = isinstance(page, DisclosureItemPage)
    return {
        "task_state": task_state,
        "page": page,
        "form": form,
        "hindrance": seems_to_review(task_state, request.user)
        if task_state.status == TaskState.STATUS_IN_PROGRESS
        else _("这一步已经办结。"),
        "html": renderers.draft_html(page),
        "is_item": is_item,
        "is_secrecy": isinstance(form, SecrecyForm),
        "earlier": _earlier(task_state),
    }


def _earlier(task_state: TaskState) -> list[TaskState]:
    """Return the steps before this one, those of rounds that were sent back too."""
    review = task_state.workflow_state
    states = TaskState.objects.filter(
        workflow_state__base_content_type=review.base_content_type_id,
        workflow_state__object_id=review.object_id,
    ).exclude(pk=task_state.pk)
    states = states.select_related("task", "finished_by", "secrecy_review")
    return list(states.order_by("-started_at", "-pk")[:EARLIER])[::-1]


def _take_decision(
    request: HttpRequest, task_state: TaskState, form: ReviewForm
) -> HttpResponse | None:
    """Return the answer to a decision, or None when the form must be shown again."""
    if not form.is_valid():
        return None
    approve = request.POST.get("decision") == "approve"
    if isinstance(form, SecrecyForm) and approve and form.unanswered():
        form.add_error(
            None,
            _("还没有逐项确认：%(items)s。") % {"items": "；".join(form.unanswered())},
        )
        return None
    if approve and form.cleaned_data["reasons"]:
        form.add_error("reasons", _("勾了退回原因，却点了“通过”。请去掉勾，或者退回。"))
        return None
    if not approve and not form.cleaned_data["comment"].strip():
        form.add_error("comment", _("退回时请写明原因，起草人会逐字看到。"))
        return None
    record = form.record(approve=approve) if isinstance(form, SecrecyForm) else None
    try:
        decide(
            task_state,
            request.user,
            approve=approve,
            revision_id=form.cleaned_data["revision"],
            comment=form.cleaned_data["comment"],
            record=record,
        )
    except ReviewConflict as conflict:
        return TemplateResponse(
            request,
            "disclosure_pages/desk/conflict.html",
            {"message": str(conflict), "task_state": task_state},
            status=409,
        )
    messages.success(request, _decided(task_state, approve=approve))
    return redirect("gongkai_review_next")


@require_safe
def following(request: HttpRequest) -> HttpResponse:
    """Lead on to the most pressing step that waits for the user, else to the queue."""
    found = next_waiting(request.user)
    if found is None:
        return redirect("gongkai_review_queue")
    return redirect("gongkai_review", found.pk)


def _decided(task_state: TaskState, *, approve: bool) -> str:
    page = Page.objects.get(pk=task_state.workflow_state.object_id)
    title = {"title": page.draft_title}
    if not approve:
        return _("《%(title)s》已退回起草人。") % title
    if page.live and page.live_revision_id == task_state.revision_id:
        return _("《%(title)s》已通过终审并公开。") % title
    return _("《%(title)s》已通过，转入下一步。") % title
