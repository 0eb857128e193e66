"""Who does a step until when: opening, claiming, handing over, reminding (办理)."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page, TaskState, WorkflowState

from cms.models.duties import Priority, ReviewDuty
from cms.people import person_name
from cms.services.notices import notify
from cms.services.review import ReviewConflict, may_review
from cms.services.reviewers import is_emergency, is_reviewer, reviewers_of
from cms.signals import review_overdue
from cms.workdays import WorkCalendar

MANAGE = "gongkai_cms.change_reviewduty"
END_OF_DAY = dt.time(23, 59, 59)
REMIND_BEFORE = dt.timedelta(hours=8)
REVIEW, HAND_OVER = "gongkai_review", "gongkai_hand_over"  # pages of the desk
ESCALATE_AFTER = 1  # working days after the due time; the unit's own practice


def open_duty(task_state: TaskState) -> ReviewDuty | None:
    """Open who does a step that has just begun; priority stays that of the step before.

    Returns None for a task that is not one of ours.
    """
    task = task_state.task.specific
    if not hasattr(task, "due_days"):
        return None
    earlier = ReviewDuty.objects.filter(
        task_state__workflow_state=task_state.workflow_state_id
    )
    before = earlier.order_by("-pk").values_list("priority", flat=True).first()
    priority = before or Priority.NORMAL
    duty = ReviewDuty.objects.create(
        task_state_id=task_state.pk,
        priority=priority,
        due_at=due_at(task, task_state.started_at, priority),
    )
    if priority == Priority.EMERGENCY:
        _call(duty)
    return duty


def due_at(task: Any, started: dt.datetime, priority: int) -> dt.datetime:
    """Return until when a step must be done: minutes in an emergency, else days.

    Working days count from the day after the step began; the last one counts whole.
    """
    if priority == Priority.EMERGENCY:
        return started + dt.timedelta(minutes=task.emergency_minutes)
    days = 1 if priority == Priority.URGENT else task.due_days
    last = WorkCalendar.load().after(timezone.localdate(started), days)
    return timezone.make_aware(dt.datetime.combine(last, END_OF_DAY))


@transaction.atomic
def claim(task_state: TaskState, user: Any) -> ReviewDuty:
    """Take a step over for oneself (接办).

    Raises:
        PermissionDenied: the user may not do this step.
        ReviewConflict: somebody else was faster, or the step is done.
    """
    duty = _locked(task_state)
    if duty.assignee_id not in (None, user.pk):
        raise ReviewConflict(
            _("%(name)s已经接办。需要您办时，请先改派给您。")
            % {"name": person_name(duty.assignee)}
        )
    if reason := may_review(duty.task_state, user):
        raise PermissionDenied(reason)
    return _assign(duty, user, by=user, action="gongkai.review.claim", reason="")


@transaction.atomic
def release(task_state: TaskState, user: Any) -> ReviewDuty:
    """Give back a step that the user has in hand (交回): anybody who may takes it.

    Raises:
        ReviewConflict: it is not in his hands, or it is done.
    """
    duty = _locked(task_state)
    if duty.assignee_id != user.pk:
        raise ReviewConflict(_("这一步不在您手上，没有改变。"))
    duty.reminded_at = None  # whoever takes it is reminded anew
    return _assign(duty, None, by=user, action="gongkai.review.release", reason="")


def may_hand_over(task_state: TaskState, user: Any) -> bool:
    """Whether the user does this step, or manages the reviews."""
    page = task_state.workflow_state.content_object
    return user.has_perm(MANAGE) or is_reviewer(task_state, page, user)


def possible_assignees(task_state: TaskState) -> list[Any]:
    """Return who else may do this step now: the four eyes hold for each of them."""
    page = task_state.workflow_state.content_object
    users = reviewers_of(task_state, page, emergency=is_emergency(task_state))
    rows = ReviewDuty.objects.filter(task_state=task_state.pk)
    has_it = set(rows.values_list("assignee_id", flat=True))
    return [
        user
        for user in users.order_by("pk")
        if user.pk not in has_it and not may_review(task_state, user)
    ]


@transaction.atomic
def reassign(task_state: TaskState, to: Any, *, by: Any, reason: str) -> ReviewDuty:
    """Hand a step over to somebody who may do it (改派); the reason is kept.

    Raises:
        PermissionDenied: neither may ``by`` hand it over, nor ``to`` do it.
        ReviewConflict: the step is done, or no reason was given.
    """
    duty = _locked(task_state)
    if not may_hand_over(task_state, by):
        raise PermissionDenied(_("这一步不由您办，不能改派。"))
    if not reason.strip():
        raise ReviewConflict(_("请写明为什么改派。"))
    if hindrance := may_review(duty.task_state, to):
        raise PermissionDenied(
            _("不能改派给%(name)s：%(reason)s")
            % {"name": person_name(to), "reason": hindrance}
        )
    duty.reminded_at = None
    duty = _assign(
        duty, to, by=by, action="gongkai.review.reassign", reason=reason.strip()
    )
    text = _("%(by)s把《%(title)s》的审查改派给您：%(reason)s")
    _tell(
        [to], "review_assigned", text, duty, by=person_name(by), reason=reason.strip()
    )
    return duty


def may_set_priority(workflow_state: WorkflowState, page: Page, user: Any) -> bool:
    """Whether the user wrote or submitted it, or manages the reviews."""
    asks = user.pk in {workflow_state.requested_by_id, page.owner_id}
    return asks or user.has_perm(MANAGE)


@transaction.atomic
def set_priority(
    workflow_state: WorkflowState, priority: int, *, by: Any, reason: str
) -> None:
    """Make a review urgent or an emergency; the steps stay the same, only faster.

    Whoever wrote or submitted it may, and whoever manages the reviews. In an emergency
    all reviewers of the step and their stand-ins are called at once.

    Raises:
        PermissionDenied: the user has no part in it.
        ReviewConflict: nothing is under review, or no reason was given.
    """
    page = workflow_state.content_object
    if not may_set_priority(workflow_state, page, by):
        raise PermissionDenied(_("这条信息不是您提交的，不能改缓急。"))
    if not reason.strip():
        raise ReviewConflict(_("请写明为什么要加急。"))
    state = workflow_state.current_task_state
    if state is None or state.status != TaskState.STATUS_IN_PROGRESS:
        raise ReviewConflict(_("这条信息现在没有在审查。"))
    duty = _locked(state)
    duty.priority = priority
    duty.due_at = due_at(state.task.specific, timezone.now(), priority)
    duty.reminded_at = duty.escalated_at = None
    duty.save()
    log(
        instance=page.specific,
        action="gongkai.review.priority",
        user=by,
        revision=state.revision,
        data={"priority": int(priority), "reason": reason.strip()},
    )
    if priority == Priority.EMERGENCY:
        _call(duty)


def remind_and_escalate() -> int:
    """Remind of what is nearly due, report what is a working day over; returns both.

    Safe to run late, twice or side by side: each duty is marked and told in one go.
    """
    now = timezone.now()
    waiting = ReviewDuty.objects.filter(
        task_state__status=TaskState.STATUS_IN_PROGRESS,
        task_state__workflow_state__status=WorkflowState.STATUS_IN_PROGRESS,
    ).select_related("task_state__workflow_state", "task_state__task", "assignee")
    told = 0
    near = waiting.filter(reminded_at=None, due_at__lte=now + REMIND_BEFORE)
    for duty in list(near):
        with transaction.atomic():
            told += _once(duty, "reminded_at", now) and _remind(duty)
    calendar = WorkCalendar.load()
    for duty in list(waiting.filter(escalated_at=None, due_at__lt=now)):
        if _is_late(duty, now, calendar):
            with transaction.atomic():
                told += _once(duty, "escalated_at", now) and _escalate(duty)
    return told


def _is_late(duty: ReviewDuty, now: dt.datetime, calendar: WorkCalendar) -> bool:
    if duty.priority == Priority.EMERGENCY:
        return True
    due = timezone.localdate(duty.due_at)
    return calendar.between(due, timezone.localdate(now)) >= ESCALATE_AFTER


def _once(duty: ReviewDuty, field: str, now: dt.datetime) -> bool:
    """Mark the duty by compare-and-set; False when another run was faster."""
    rows = ReviewDuty.objects.filter(pk=duty.pk, **{field: None})
    return bool(rows.update(**{field: now}))


def _remind(duty: ReviewDuty) -> bool:
    text = _("请办理《%(title)s》的%(step)s，应于 %(due)s 前办结。")
    return bool(_tell(_doers(duty), "review_due", text, duty))


def _escalate(duty: ReviewDuty) -> bool:
    review_overdue.send(ReviewDuty, instance=duty)
    group = duty.task_state.task.specific.escalation_group
    if group is None:
        return False
    text = _("《%(title)s》的%(step)s已超过时限（%(due)s），还没有办。")
    return bool(_tell(group.user_set.all(), "review_late", text, duty, route=HAND_OVER))


def _call(duty: ReviewDuty) -> None:
    """Call everybody who may do the step at once, stand-ins included."""
    text = _("紧急公开：请立即办理《%(title)s》的%(step)s，%(due)s 前办结。")
    _tell(_doers(duty), "review_emergency", text, duty)


def _doers(duty: ReviewDuty) -> Iterable[Any]:
    emergency = duty.priority == Priority.EMERGENCY
    if duty.assignee and not emergency:
        return [duty.assignee]
    page = duty.task_state.workflow_state.content_object
    return reviewers_of(duty.task_state, page, emergency=emergency)


def _tell(
    users: Iterable[Any],
    kind: str,
    text: str,
    duty: ReviewDuty,
    *,
    route: str = REVIEW,
    **more: str,
) -> int:
    state = duty.task_state
    page: Page = state.workflow_state.content_object
    words = {
        "title": page.draft_title or page.title,
        "step": state.task.name,
        "due": f"{timezone.localtime(duty.due_at):%m-%d %H:%M}",
    }
    url = reverse(route, args=[state.pk])
    return notify(users, kind, text % (words | more), url=url)


def _locked(task_state: TaskState) -> ReviewDuty:
    """Return the duty of a step that goes on, locked against a second hand.

    Raises:
        ReviewConflict: the step is done.
    """
    rows = ReviewDuty.objects.select_for_update(of=("self",)).select_related(
        "assignee", "task_state__task", "task_state__workflow_state"
    )
    duty = rows.filter(
        task_state=task_state.pk, task_state__status=TaskState.STATUS_IN_PROGRESS
    ).first()
    if duty is None:
        raise ReviewConflict(_("这一步已经由别人办结，请返回待审列表。"))
    return duty


def _assign(
    duty: ReviewDuty, to: Any, *, by: Any, action: str, reason: str
) -> ReviewDuty:
    duty.assignee, duty.assigned_at = to, timezone.now() if to else None
    duty.save(update_fields=["assignee", "assigned_at", "reminded_at"])
    state = duty.task_state
    log(
        instance=state.workflow_state.content_object.specific,
        action=action,
        user=by,
        revision=state.revision,
        data={
            "to": person_name(to or by),
            "step": state.task.name,
            "reason": reason,
        },
    )
    return duty
