"""Whoever may change settings, users or workflows still cannot publish alone."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from wagtail.actions.copy_page import CopyPageAction
from wagtail.actions.create_alias import CreatePageAliasAction
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.models import GroupApprovalTask, Page, TaskState, Workflow, WorkflowTask

from cms.models import LeaderTask, OfficeHeadTask, SecrecyReviewTask
from cms.services.review import ReviewConflict, SecrecyRecord, decide
from disclosure_pages.models import DisclosureItemPage, GuidePage, HomePage
from disclosure_pages.services.site import WORKFLOW_NAME
from tests.factories import make_guide, make_item
from tests.security.people import make_attacker

pytestmark = pytest.mark.django_db


def approved_by(people, item, *roles):
    for role in roles:
        state = TaskState.objects.get(
            workflow_state=item.current_workflow_state,
            status=TaskState.STATUS_IN_PROGRESS,
        )
        decide(
            state,
            people[role],
            approve=True,
            revision_id=state.revision_id,
            record=SecrecyRecord() if role == "secrecy" else None,
        )
        item.refresh_from_db()


def test_a_workflow_of_one_task_publishes_nothing(client, people):
    workflow = Workflow.objects.get(name=WORKFLOW_NAME)
    task = GroupApprovalTask.objects.create(name="只此一步")
    task.groups.add(people["officer"].groups.get())
    workflow.workflow_tasks.all().delete()
    WorkflowTask.objects.create(workflow=workflow, task=task)
    item = make_item(live=False, user=people["clerk"])
    workflow.start(item, people["clerk"])
    state = TaskState.objects.get(task=task)
    client.force_login(people["officer"])
    client.raise_request_exception = False
    url = "wagtailadmin_pages:workflow_action"
    client.post(reverse(url, args=[item.pk, "approve", state.pk]), {"comment": ""})
    item.refresh_from_db()
    assert not item.live


def test_a_workflow_without_tasks_publishes_nothing(people):
    workflow = Workflow.objects.get(name=WORKFLOW_NAME)
    workflow.workflow_tasks.all().delete()
    item = make_item(live=False, user=people["clerk"])
    with pytest.raises(ReviewConflict):
        workflow.start(item, people["clerk"])
    item.refresh_from_db()
    assert not item.live


@pytest.mark.parametrize("left_out", [OfficeHeadTask, SecrecyReviewTask, LeaderTask])
def test_a_task_that_is_switched_off_is_missed(people, left_out):
    left_out.objects.get().deactivate()
    roles = {OfficeHeadTask: "head", SecrecyReviewTask: "secrecy", LeaderTask: "leader"}
    item = make_item(live=False, user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    with pytest.raises(ReviewConflict):
        approved_by(people, item, *[r for task, r in roles.items() if task != left_out])
    item.refresh_from_db()
    assert not item.live


def test_wagtails_actions_need_the_door_too(people):
    public, draft = make_item(), make_item(live=False)
    guide = make_guide()
    before = Page.objects.live().count()
    for action in (
        PublishPageRevisionAction(draft.get_latest_revision()),
        CopyPageAction(public, to=public.get_parent(), update_attrs={"slug": "copy"}),
        CopyPageAction(guide, to=guide.get_parent(), update_attrs={"slug": "copy"}),
        CreatePageAliasAction(guide, update_slug="alias"),
    ):
        with pytest.raises(PermissionDenied):
            action.execute(skip_permission_checks=True)
    with pytest.raises(PermissionDenied):
        HomePage.objects.get().add_child(instance=GuidePage(title="新", slug="new"))
    assert Page.objects.live().count() == before


def test_an_administrator_makes_no_superuser_and_takes_over_none(client, people):
    root, admin = make_attacker("root"), make_attacker("admin")
    client.force_login(admin)
    form = {
        "username": "new",
        "email": "new@yunxi.example",
        "first_name": "新",
        "last_name": "人",
        "password1": "Another-word-2026",
        "password2": "Another-word-2026",
        "is_active": "on",
    }
    client.post("/admin/users/new/", form | {"is_superuser": "on"})
    client.post(f"/admin/users/edit/{root.pk}/", form | {"username": "root"})
    client.post(
        f"/admin/users/edit/{people['clerk'].pk}/",
        form | {"username": "clerk", "is_superuser": "on"},
    )
    users = get_user_model().objects
    assert list(users.filter(is_superuser=True)) == [root]
    root.refresh_from_db()
    assert not root.check_password(form["password1"])
    client.post("/admin/users/new/", form)
    assert users.filter(username="new").exists()


def test_what_is_under_review_or_was_reviewed_is_not_deleted(client, people):
    item = make_item(live=False, user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    client.force_login(people["officer"])
    url = f"/admin/pages/{item.pk}/delete/"
    assert client.post(url).status_code == 302
    assert DisclosureItemPage.objects.filter(pk=item.pk).exists()
    approved_by(people, item, "head", "secrecy")
    item.current_workflow_state.cancel(user=people["clerk"])
    assert client.post(url).status_code == 302
    assert DisclosureItemPage.objects.filter(pk=item.pk).exists()


def test_the_desks_api_only_reads(client, people):
    item = make_item(live=False, user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    client.force_login(people["officer"])
    assert client.get("/admin/api/main/pages/").status_code == 200
    answer = client.post(
        f"/admin/api/main/pages/{item.pk}/action/revert_to_page_revision/",
        {"revision_id": item.latest_revision_id},
    )
    assert answer.status_code == 404
    assert item.revisions.count() == 1
