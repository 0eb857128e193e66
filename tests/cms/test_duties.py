"""Steps as data, stand-ins, and who does what until when."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from wagtail.models import TaskState, Workflow, WorkflowTask

from cms.models import (
    Absence,
    CountersignTask,
    LeaderTask,
    Notice,
    OfficeHeadTask,
    Priority,
    ReviewDuty,
    ReviewPath,
    Risk,
    StandIn,
)
from cms.services import duties
from cms.services.review import ReviewConflict, may_review
from disclosure_pages.models import NoticeIndexPage, NoticePage
from disclosure_pages.services.site import WORKFLOW_NAME
from tests.factories import body_of, make_item, make_user
from tests.reviewing import approve, submitted, waiting

pytestmark = pytest.mark.django_db


def away(user):
    today = timezone.localdate()
    Absence.objects.create(person=user, first_day=today, last_day=today)


def workflow_of(name, *tasks):
    workflow = Workflow.objects.create(name=name)
    for order, task in enumerate(tasks):
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    return workflow


def default_tasks():
    return [task.specific for task in Workflow.objects.get(name=WORKFLOW_NAME).tasks]


# Stand-ins


def test_a_stand_in_acts_only_while_the_principal_is_away(people):
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    assert may_review(waiting(item), second) == "这一步不由您审查。"
    away(people["head"])
    approve(item, second)
    done = ReviewDuty.objects.get(task_state__status=TaskState.STATUS_APPROVED)
    assert done.task_state.finished_by == second
    assert done.acted_for == people["head"]


def test_an_absence_counts_from_its_first_to_its_last_day(people):
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    today, day = timezone.localdate(), dt.timedelta(days=1)
    for first, last, may in [
        (today - 2 * day, today - day, False),
        (today + day, today + 2 * day, False),
        (today - day, today, True),
    ]:
        Absence.objects.all().delete()
        Absence.objects.create(person=people["head"], first_day=first, last_day=last)
        assert (may_review(waiting(item), second) == "") is may


def test_who_wrote_it_does_not_review_it_as_a_stand_in(people):
    item = submitted(people)
    StandIn.objects.create(principal=people["head"], substitute=people["clerk"])
    away(people["head"])
    with pytest.raises(PermissionDenied):
        approve(item, people["clerk"])


def test_nobody_stands_in_for_an_author_or_does_a_second_step(people):
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    StandIn.objects.create(principal=people["secrecy"], substitute=second)
    away(people["head"])
    away(people["secrecy"])
    approve(item, second)
    with pytest.raises(PermissionDenied, match="一人不能审两步"):
        approve(item, second)
    people["secrecy"].groups.add(*people["leader"].groups.all())
    approve(item, people["secrecy"])
    third = make_user("third")
    StandIn.objects.create(principal=people["secrecy"], substitute=third)
    with pytest.raises(PermissionDenied, match="您代的人"):
        approve(item, third)
    StandIn.objects.create(principal=people["head"], substitute=third)
    people["head"].groups.add(*people["leader"].groups.all())
    with pytest.raises(PermissionDenied, match="您代的人"):
        approve(item, third)
    assert not item.live
    approve(item, people["leader"])
    assert item.live


def test_whoever_was_represented_does_no_other_step_himself(people):
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    away(people["head"])
    approve(item, second)
    people["head"].groups.add(*people["secrecy"].groups.all())
    with pytest.raises(PermissionDenied):
        approve(item, people["head"])


def test_a_stand_in_who_left_or_a_principal_who_left_gives_no_place(people):
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    away(people["head"])
    people["head"].is_active = False
    people["head"].save()
    assert may_review(waiting(item), second)


# Steps as data


def test_a_page_takes_the_first_path_that_fits(people):
    fourth = LeaderTask.objects.create(name="分管领导审")
    fourth.groups.add(*people["officer"].groups.all())
    longer = workflow_of("四步", *default_tasks(), fourth)
    ReviewPath.objects.create(name="执法", workflow=longer, category="enforcement")
    assert make_item(live=False).get_workflow().name == WORKFLOW_NAME
    item = submitted(people, category="enforcement")
    assert item.current_workflow_state.workflow == longer
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
        assert not item.live
    approve(item, people["officer"])
    assert item.live


def test_only_low_risk_takes_fewer_steps_and_never_without_secrecy(people):
    head, secrecy, _leader = default_tasks()
    short = workflow_of("两步", head, secrecy)
    for workflow, risk in [
        (short, Risk.NORMAL),
        (short, ""),
        (workflow_of("无保密", head, LeaderTask.objects.get()), Risk.LOW),
        (workflow_of("一步", secrecy), Risk.LOW),
    ]:
        path = ReviewPath(name="短", workflow=workflow, risk=risk)
        with pytest.raises(ValidationError):
            path.full_clean()
    path = ReviewPath(name="短", workflow=short, risk=Risk.LOW)
    path.full_clean()
    path.save()
    page = NoticePage(title="停水通知", body=body_of("<p>周三停水。</p>"), live=False)
    NoticeIndexPage.objects.get().add_child(instance=page)
    page.save_revision(user=people["clerk"])
    page.get_workflow().start(page, people["clerk"])
    page.refresh_from_db()
    approve(page, people["head"])
    assert not page.live
    approve(page, people["secrecy"])
    assert page.live


def test_what_names_people_can_take_a_further_step(people):
    fourth = LeaderTask.objects.create(name="分管领导审")
    longer = workflow_of("四步", *default_tasks(), fourth)
    ReviewPath.objects.create(name="高风险", workflow=longer, risk=Risk.HIGH)
    assert make_item(live=False, category="work").get_workflow() != longer
    assert make_item(live=False, category="personnel").get_workflow() == longer


def test_a_path_that_was_made_unlawful_publishes_nothing(people):
    """Whoever edits the workflow behind a path still cannot leave out a step."""
    head, secrecy, _leader = default_tasks()
    short = workflow_of("两步", head, secrecy)
    ReviewPath.objects.create(name="短", workflow=short)
    item = submitted(people)
    approve(item, people["head"])
    with pytest.raises(ReviewConflict):
        approve(item, people["secrecy"])
    item.refresh_from_db()
    assert not item.live


def test_every_group_countersigns_each_by_another_person(people):
    both = CountersignTask.objects.create(name="会签")
    both.groups.add(*people["officer"].groups.all(), *people["leader"].groups.all())
    ReviewPath.objects.create(
        name="会签", workflow=workflow_of("带会签", both, *default_tasks())
    )
    item = submitted(people)
    state = waiting(item)
    people["officer"].groups.add(*people["leader"].groups.all())
    approve(item, people["officer"])  # alone in his group, so he signs for that one
    assert waiting(item) == state
    with pytest.raises(PermissionDenied):
        approve(item, people["officer"])
    approve(item, people["leader"])
    assert waiting(item) != state
    approve(item, people["head"])
    approve(item, people["secrecy"])
    with pytest.raises(PermissionDenied):
        approve(item, people["leader"])
    second = make_user("second", *[g.name for g in people["leader"].groups.all()])
    approve(item, second)
    assert item.live


# Duties


def test_a_step_opens_with_its_time_in_working_days(people):
    OfficeHeadTask.objects.update(due_days=3)
    duty = waiting(submitted(people)).duty
    assert duty.priority == Priority.NORMAL
    assert timezone.localtime(duty.due_at).time() == duties.END_OF_DAY
    friday = timezone.make_aware(dt.datetime(2026, 11, 20, 9))
    due = duties.due_at(OfficeHeadTask.objects.get(), friday, Priority.NORMAL)
    assert timezone.localdate(due) == dt.date(2026, 11, 25)
    urgent = duties.due_at(OfficeHeadTask.objects.get(), friday, Priority.URGENT)
    assert timezone.localdate(urgent) == dt.date(2026, 11, 23)


def test_whoever_claimed_a_step_does_it(people):
    item = submitted(people)
    second = make_user("second", item.responsible_office.head_group.name)
    duties.claim(waiting(item), people["head"])
    with pytest.raises(ReviewConflict, match="接办"):
        duties.claim(waiting(item), second)
    with pytest.raises(ReviewConflict, match="承办"):
        approve(item, second)
    duties.reassign(waiting(item), second, by=people["head"], reason="外出开会")
    with pytest.raises(ReviewConflict, match="承办"):
        approve(item, people["head"])
    approve(item, second)
    assert Notice.objects.get(kind="review_assigned").user == second


def test_a_step_is_handed_only_to_who_may_do_it(people):
    item = submitted(people)
    people["clerk"].groups.add(item.responsible_office.head_group)
    for to in ("clerk", "secrecy"):
        with pytest.raises(PermissionDenied):
            duties.reassign(waiting(item), people[to], by=people["head"], reason="忙")
    with pytest.raises(PermissionDenied):
        duties.reassign(waiting(item), people["head"], by=people["leader"], reason="忙")
    with pytest.raises(ReviewConflict):
        duties.reassign(waiting(item), people["head"], by=people["head"], reason=" ")
    assert waiting(item).duty.assignee is None


def test_an_emergency_calls_stand_ins_and_counts_in_minutes_at_every_step(people):
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["secrecy"], substitute=second)
    state = item.current_workflow_state
    duties.set_priority(
        state, Priority.EMERGENCY, by=people["clerk"], reason="山洪预警"
    )
    called = Notice.objects.filter(kind="review_emergency")
    assert [notice.user for notice in called] == [people["head"]]
    approve(item, people["head"])
    assert set(called.values_list("user__username", flat=True)) == {
        "head",
        "secrecy",
        "second",
    }
    duty = waiting(item).duty
    assert duty.priority == Priority.EMERGENCY
    assert duty.due_at - waiting(item).started_at == dt.timedelta(minutes=30)
    approve(item, second)
    assert not item.live
    approve(item, people["leader"])
    assert item.live


def test_priority_is_for_who_submitted_it_and_with_a_reason(people):
    state = submitted(people).current_workflow_state
    with pytest.raises(PermissionDenied):
        duties.set_priority(state, Priority.URGENT, by=people["leader"], reason="急")
    with pytest.raises(ReviewConflict):
        duties.set_priority(state, Priority.URGENT, by=people["clerk"], reason="")


def test_reminders_go_once_and_lateness_is_reported_once(people):
    OfficeHeadTask.objects.update(escalation_group=people["officer"].groups.get())
    item = submitted(people)
    assert duties.remind_and_escalate() == 0
    rows = ReviewDuty.objects.filter(task_state=waiting(item))
    rows.update(due_at=timezone.now() + dt.timedelta(hours=1))
    assert duties.remind_and_escalate() == 1
    assert duties.remind_and_escalate() == 0
    assert Notice.objects.get().user == people["head"]
    rows.update(due_at=timezone.now() - dt.timedelta(days=10))
    assert duties.remind_and_escalate() == 1
    assert duties.remind_and_escalate() == 0
    assert Notice.objects.get(kind="review_late").user == people["officer"]
    approve(item, people["head"])
    rows.update(reminded_at=None, escalated_at=None)
    assert duties.remind_and_escalate() == 0


def test_a_user_who_lost_the_group_in_between_decides_nothing(people):
    item = submitted(people)
    head = people["head"]
    assert may_review(waiting(item), head) == ""
    type(head).objects.get(pk=head.pk).groups.clear()
    with pytest.raises(PermissionDenied):
        approve(item, head)
