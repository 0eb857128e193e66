"""Claiming a step, handing it over, hurrying a review; one's own absences."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.log_actions import log
from wagtail.models import Page, TaskState

from cms.models import Absence, Priority, StandIn
from cms.people import person_name
from cms.services import duties
from cms.services.review import ReviewConflict
from cms.workdays import WorkCalendar
from disclosure_pages.desk.duty_forms import HandOverForm, OwnAbsenceForm, PriorityForm
from disclosure_pages.desk.duty_time import flagged, time_left

QUEUE = "gongkai_review_queue"


def _state(task_state_id: int) -> TaskState:
    states = TaskState.objects.select_related(
        "workflow_state", "task", "revision", "duty__assignee"
    )
    return get_object_or_404(states.filter(duty__isnull=False), pk=task_state_id)


def _title(state: TaskState) -> dict[str, str]:
    return {"title": state.revision.object_str}


def _back(request: HttpRequest) -> HttpResponse:
    """Return to where the button was, on this site only."""
    target = request.POST.get("next", "")
    here = {request.get_host()}
    if url_has_allowed_host_and_scheme(target, here, request.is_secure()):
        return redirect(target)
    return redirect(QUEUE)


@require_POST
def claim(request: HttpRequest, task_state_id: int) -> HttpResponse:
    """Take a step into one's own hands (接办)."""
    done = _("已由您承办：《%(title)s》")
    return _taken(request, task_state_id, duties.claim, done)


@require_POST
def release(request: HttpRequest, task_state_id: int) -> HttpResponse:
    """Give a step back, so that somebody else may take it (交回)."""
    done = _("已交回，别人也可以接办：《%(title)s》")
    return _taken(request, task_state_id, duties.release, done)


def _taken(
    request: HttpRequest,
    task_state_id: int,
    act: Callable[[TaskState, Any], Any],
    done: str,
) -> HttpResponse:
    state = _state(task_state_id)
    try:
        act(state, request.user)
    except (ReviewConflict, PermissionDenied) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done % _title(state))
    return _back(request)


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, task_state_id: int) -> HttpResponse:
    """Give a step to somebody who may do it (改派), with the reason."""
    state = _state(task_state_id)
    if not duties.may_hand_over(state, request.user):
        raise PermissionDenied
    people = duties.possible_assignees(state)
    form = HandOverForm(request.POST or None, people=people)
    if request.method == "POST" and form.is_valid():
        to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
        try:
            duties.reassign(state, to, by=request.user, reason=reason)
        except (ReviewConflict, PermissionDenied) as refusal:
            form.add_error(None, str(refusal))
        else:
            names = _title(state) | {"name": person_name(to)}
            text = _("《%(title)s》已改派给%(name)s，并已通知本人。")
            messages.success(request, text % names)
            return redirect(QUEUE)
    left = time_left(state.duty, WorkCalendar.load(), timezone.now())
    return TemplateResponse(
        request,
        "disclosure_pages/desk/hand_over.html",
        {
            "task_state": state,
            "form": form,
            "people": people,
            "left": left,
            "flag": flagged(state.duty, left),
            "done": state.status != TaskState.STATUS_IN_PROGRESS,
        },
    )


@require_http_methods(["GET", "POST"])
def change_priority(request: HttpRequest, page_id: int) -> HttpResponse:
    """Hurry the review of a page (加急、紧急公开) with a reason, once confirmed."""
    page = get_object_or_404(Page, pk=page_id)
    state = page.current_workflow_state
    if state is None or not duties.may_set_priority(state, page, request.user):
        raise PermissionDenied
    step = state.current_task_state
    duty = getattr(step, "duty", None)
    initial = {"priority": duty.priority if duty else Priority.NORMAL}
    form = PriorityForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen, reason = form.cleaned_data["priority"], form.cleaned_data["reason"]
        try:
            duties.set_priority(state, chosen, by=request.user, reason=reason)
        except ReviewConflict as refusal:
            form.add_error(None, str(refusal))
        else:
            names = {"title": page.draft_title, "level": Priority(chosen).label}
            messages.success(request, _("《%(title)s》已改为：%(level)s。") % names)
            return redirect("wagtailadmin_home")
    return TemplateResponse(
        request,
        "disclosure_pages/desk/priority.html",
        {"page": page, "form": form, "step": step, "minutes": _minutes(step)},
    )


def _minutes(step: TaskState | None) -> int | None:
    return getattr(step.task.specific, "emergency_minutes", None) if step else None


@require_http_methods(["GET", "POST"])
def own_absences(request: HttpRequest) -> HttpResponse:
    """List and add the days on which the user is away."""
    own = Absence(person=request.user)
    form = OwnAbsenceForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        absence = form.save()
        log(instance=absence, action="wagtail.create", user=request.user)
        messages.success(request, _("已登记，这些天由 B 岗代为审查。"))
        return redirect("gongkai_own_absences")
    return TemplateResponse(
        request,
        "disclosure_pages/desk/own_absences.html",
        {
            "form": form,
            "absences": Absence.objects.filter(person=request.user)[:100],
            "stand_ins": _names(request.user),
        },
    )


def _names(user: Any) -> list[str]:
    places = StandIn.objects.filter(principal=user).select_related("substitute")
    return [person_name(place.substitute) for place in places]


@require_POST
def delete_own_absence(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one's own absence."""
    absence = get_object_or_404(Absence, pk=pk, person=request.user)
    log(instance=absence, action="wagtail.delete", user=request.user, deleted=True)
    absence.delete()
    messages.success(request, _("已删除这段不在岗。"))
    return redirect("gongkai_own_absences")
