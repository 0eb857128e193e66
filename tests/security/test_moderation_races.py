"""Approval fits one step, one text, one person; nothing is lent or reused."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from wagtail.models import TaskState

from cms.services.review import ReviewConflict, decide
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from disclosure_pages.services.publishing import publish_scheduled
from tests.factories import OfficeFactory, make_item, make_people, make_site, make_user
from tests.reviewing import approve, submitted, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    OfficeFactory(code="finance", name="财政所")
    make_site()
    return make_people()


def test_the_head_of_another_office_approves_nothing(client, people):
    other = make_user("other-head", "负责人·财政所")
    item = submitted(people)
    with pytest.raises(PermissionDenied):
        approve(item, other)
    client.force_login(other)
    state = waiting(item)
    values = {"revision": state.revision_id, "decision": "approve"}
    answer = client.post(f"/admin/review/{state.pk}/", values)
    assert answer.status_code in (302, 403)
    state.refresh_from_db()
    assert state.status == TaskState.STATUS_IN_PROGRESS


def test_a_step_is_not_approved_with_the_revision_of_another_item(client, people):
    first, second = submitted(people), submitted(people)
    client.force_login(people["head"])
    values = {"revision": waiting(second).revision_id, "decision": "approve"}
    answer = client.post(f"/admin/review/{waiting(first).pk}/", values)
    assert answer.status_code == 409
    assert waiting(first).task == waiting(second).task


def test_a_finished_or_cancelled_step_is_not_approved(people):
    item = submitted(people)
    state = waiting(item)
    item.current_workflow_state.cancel(user=people["clerk"])
    with pytest.raises(ReviewConflict):
        decide(state, people["head"], approve=True, revision_id=state.revision_id)
    item.refresh_from_db()
    assert not item.live


def test_whoever_copied_a_text_is_its_author(client, people):
    source = make_item(live=False, user=people["clerk"])
    parent = OfficeIndexPage.objects.get(office__code="civil-affairs")
    head = people["head"]
    head.groups.add(parent.office.editor_group)
    client.force_login(head)
    form = {"new_title": "抄本", "new_slug": "copied", "new_parent_page": parent.pk}
    client.post(reverse("wagtailadmin_pages:copy", args=[source.pk]), form)
    copy = DisclosureItemPage.objects.get(slug="copied")
    copy.get_workflow().start(copy, people["officer"])
    copy.refresh_from_db()
    for person in (head, people["officer"]):
        with pytest.raises(PermissionDenied):
            approve(copy, person)


def test_an_author_who_becomes_a_reviewer_stays_an_author(people):
    item = submitted(people)
    people["clerk"].groups.set(people["leader"].groups.all())
    approve(item, people["head"])
    approve(item, people["secrecy"])
    with pytest.raises(PermissionDenied):
        approve(item, people["clerk"])
    assert not item.live


def test_one_person_in_every_group_does_one_step(people):
    everybody = people["head"]
    for role in ("secrecy", "leader"):
        everybody.groups.add(*people[role].groups.all())
    item = submitted(people)
    approve(item, everybody)
    for _step in ("secrecy", "leader"):
        with pytest.raises(PermissionDenied):
            approve(item, everybody)


def test_an_item_under_review_is_not_moved(client, people):
    item = submitted(people)
    finance = OfficeIndexPage.objects.get(office__code="finance")
    client.force_login(people["officer"])
    args = [item.pk, finance.pk]
    client.post(reverse("wagtailadmin_pages:move_confirm", args=args))
    client.post(f"/admin/bulk/wagtailcore/page/move/?id={item.pk}", {"chooser": 12})
    item.refresh_from_db()
    assert item.responsible_office.code == "civil-affairs"
    assert item.revisions.count() == 1


def test_a_withdrawn_text_does_not_come_back_without_review(client, people):
    item = submitted(people)
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
    client.force_login(people["officer"])
    client.post(f"/admin/withdraw/{item.pk}/", {"kind": "mistake", "reason": "错了"})
    item.refresh_from_db()
    assert not item.live
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    for role in ("secrecy", "leader"):
        with pytest.raises(PermissionDenied):
            approve(item, people[role])
    assert not item.live


def test_what_is_scheduled_is_stopped_and_needs_another_review(client, people):
    soon = timezone.now() + dt.timedelta(hours=1)
    item = submitted(people, go_live_at=soon)
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
    assert not item.live
    revision = item.scheduled_revision
    args = [item.pk, revision.pk]
    url = reverse("wagtailadmin_pages:revisions_unschedule", args=args)
    client.force_login(make_user("stranger", "编辑·财政所"))
    client.post(url)
    assert item.revisions.filter(approved_go_live_at__isnull=False).exists()
    client.force_login(people["secrecy"])
    assert client.post(url).status_code == 302
    assert not item.revisions.filter(approved_go_live_at__isnull=False).exists()
    type(item).objects.filter(pk=item.pk).update(go_live_at=timezone.now())
    publish_scheduled()
    item.refresh_from_db()
    assert not item.live
