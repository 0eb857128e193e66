import pytest
from django.core.exceptions import PermissionDenied
from wagtail.models import TaskState

from cms.models import SecrecyReview
from cms.services.review import ReviewConflict, SecrecyRecord, decide
from disclosure_pages.models import DisclosureDocument
from tests.factories import make_document, make_item, make_user
from tests.reviewing import approve, submitted, waiting

pytestmark = pytest.mark.django_db


def test_three_people_publish_the_clerks_item(people):
    item = submitted(people)
    for role in ("head", "secrecy"):
        approve(item, people[role])
        assert not item.live
    approve(item, people["leader"])
    assert item.live
    assert item.live_revision_id == item.latest_revision_id
    assert SecrecyReview.objects.get().reviewer == people["secrecy"]


def test_the_number_is_issued_at_submission_and_stays(people):
    item = submitted(people)
    number = item.index_number
    assert number.endswith("-00001")
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
    assert item.index_number == number


def test_the_author_may_not_review(people):
    item = submitted(people)
    office = item.responsible_office
    people["clerk"].groups.add(office.head_group)
    with pytest.raises(PermissionDenied):
        approve(item, people["clerk"])


def test_one_person_does_not_do_two_steps(people):
    item = submitted(people)
    people["head"].groups.add(*people["secrecy"].groups.all())
    approve(item, people["head"])
    with pytest.raises(PermissionDenied):
        approve(item, people["head"])
    assert not item.live


def test_a_superuser_is_no_reviewer(people):
    item = submitted(people)
    root = make_user("root")
    root.is_superuser = True
    root.save()
    with pytest.raises(PermissionDenied):
        approve(item, root)


def test_a_changed_text_is_a_conflict(people):
    item = submitted(people)
    seen = waiting(item).revision_id
    item.title = "改过的标题"
    item.save_revision(user=people["clerk"])
    with pytest.raises(ReviewConflict):
        approve(item, people["head"], revision_id=seen)


def test_the_second_of_two_decisions_is_a_conflict(people):
    item = submitted(people)
    state = waiting(item)
    second = make_user("head2", item.responsible_office.head_group.name)
    decide(state, people["head"], approve=True, revision_id=state.revision_id)
    with pytest.raises(ReviewConflict):
        decide(state, second, approve=True, revision_id=state.revision_id)


def test_sending_back_needs_a_reason_and_gives_the_page_back(people):
    item = submitted(people)
    state = waiting(item)
    values = {"approve": False, "revision_id": state.revision_id}
    with pytest.raises(ReviewConflict):
        decide(state, people["head"], **values)
    decide(state, people["head"], comment="请补充附件。", **values)
    item.refresh_from_db()
    assert item.current_workflow_state.status == "needs_changes"
    assert not item.live


def test_an_edit_in_review_starts_over(people):
    item = submitted(people)
    approve(item, people["head"])
    item.title = "改过的标题"
    item.save_revision(user=people["clerk"])
    state = waiting(item)
    with pytest.raises(ReviewConflict):
        decide(
            state,
            people["secrecy"],
            approve=True,
            revision_id=item.latest_revision_id,
            record=SecrecyRecord(),
        )
    assert not item.live


def test_a_file_changed_after_the_secrecy_review_stops_publication(people):
    document = make_document()
    item = submitted(people, documents=[document])
    approve(item, people["head"])
    approve(item, people["secrecy"])
    type(document).objects.filter(pk=document.pk).update(sha256="0" * 64)
    with pytest.raises(ReviewConflict):
        approve(item, people["leader"])
    assert not item.live


def test_nobody_publishes_directly(people):
    item = make_item(live=False, user=people["clerk"])
    with pytest.raises(PermissionDenied):
        item.get_latest_revision().publish(user=people["leader"])
    with pytest.raises(PermissionDenied):
        item.get_latest_revision().publish(skip_permission_checks=True)
    root = make_user("root")
    root.is_superuser = True
    root.save()
    assert not item.permissions_for_user(root).can_publish()
    assert not item.permissions_for_user(root).can_unpublish()


def link_to(document):
    return f'<a linktype="document" id="{document.pk}">附表</a>'


@pytest.mark.parametrize("change", ["content", "gone"])
def test_a_file_linked_in_the_text_is_reviewed_too(people, change):
    linked, attached = make_document("表.txt", b"1"), make_document("附.txt", b"2")
    item = submitted(people, documents=[attached], text=link_to(linked))
    for role in ("head", "secrecy"):
        approve(item, people[role])
    assert SecrecyReview.objects.get().file_hashes == [attached.sha256, linked.sha256]
    if change == "content":
        DisclosureDocument.objects.filter(pk=linked.pk).update(sha256="0" * 64)
    else:
        linked.delete()
    with pytest.raises(ReviewConflict, match="附件在保密审查以后变动过"):
        approve(item, people["leader"])
    item.refresh_from_db()
    assert not item.live


def test_the_same_file_linked_twice_counts_once(people):
    linked = make_document("表.txt", b"1")
    item = submitted(people, text=link_to(linked) * 2)
    assert [file.document for file in item.named_files()] == [linked]


def test_what_cannot_go_live_is_a_conflict_in_plain_words(people, client):
    item = submitted(people)
    revision = item.latest_revision
    revision.content["category"] = "gone"
    revision.content["date_made"] = None
    revision.save()
    for role in ("head", "secrecy"):
        approve(item, people[role])
    with pytest.raises(ReviewConflict, match="还不能公开.*类别：.*成文日期：") as told:
        approve(item, people["leader"])
    assert "date_made" not in str(told.value)
    state = waiting(item)
    client.force_login(people["leader"])
    answers = {"decision": "approve", "revision": state.revision_id}
    answer = client.post(f"/admin/review/{state.pk}/", answers)
    assert answer.status_code == 409
    assert "还不能公开" in answer.content.decode()
    state.refresh_from_db()
    item.refresh_from_db()
    assert (state.status, item.live) == (TaskState.STATUS_IN_PROGRESS, False)
    decide(
        state,
        people["leader"],
        approve=False,
        revision_id=state.revision_id,
        comment="请补成文日期。",
    )
