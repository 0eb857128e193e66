"""What was reviewed is what goes out: text, steps, persons, words of files."""

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageLogEntry, Revision, TaskState, Workflow, WorkflowTask

from cms.audit.actions import SIGN
from cms.models import (
    Absence,
    CountersignTask,
    ReviewPath,
    SecrecyOpinion,
    SecrecyReview,
    StandIn,
)
from cms.services.duties import claim, release
from cms.services.review import ReviewConflict, SecrecyRecord, may_review
from disclosure_pages.bulk.existing import LOG_ACTION
from disclosure_pages.choices import Category
from disclosure_pages.desk.batch_review import outcome_rows
from disclosure_pages.desk.waiting import waiting_for
from disclosure_pages.desk.wizard import drafts
from disclosure_pages.models import DisclosureDocument, DisclosureImage, ImportBatch
from disclosure_pages.services import opinions
from disclosure_pages.services.site import WORKFLOW_NAME
from tests.factories import (
    OfficeFactory,
    body_of,
    make_document,
    make_item,
    make_people,
    make_reading_point,
    make_site,
    make_user,
)
from tests.reviewing import approve, decided, submitted, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def countersigned(people):
    """A path for items of 人事 with one more step, signed by leader and officer."""
    both = CountersignTask.objects.create(name="会签")
    both.groups.add(*people["officer"].groups.all(), *people["leader"].groups.all())
    workflow = Workflow.objects.create(name="带会签")
    usual = Workflow.objects.get(name=WORKFLOW_NAME)
    for order, task in enumerate([both, *usual.tasks]):
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    return ReviewPath.objects.create(
        name="人事会签", workflow=workflow, category=Category.PERSONNEL, is_active=True
    )


def step_of(item):
    return waiting(item).task.specific_class.__name__


def rewritten(item, user, revision, title="改过的"):
    """Save as the editor does that writes over its own last draft."""
    draft = item.get_latest_revision_as_object()
    draft.title = title
    return draft.save_revision(user=user, overwrite_revision=revision)


# The text


def test_a_draft_that_nobody_saw_is_written_over_and_no_other(people):
    item = make_item(live=False, user=people["clerk"])
    first = item.get_latest_revision()
    assert rewritten(item, people["clerk"], first).pk == first.pk
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    decided(item, people["head"], approve=False)
    assert rewritten(item, people["clerk"], first).pk != first.pk
    assert first.as_object().title == Revision.objects.get(pk=first.pk).object_str


@pytest.mark.parametrize("by", ["opinion", "public", "scheduled"])
def test_what_was_shown_or_published_stays_as_it_is(people, by):
    item = make_item(live=by == "public", user=people["clerk"])
    revision = item.get_latest_revision()
    if by == "opinion":
        who = {"name": "张律师", "organisation": "", "days": 3}
        opinions.ask(item, user=people["clerk"], **who)
    if by == "scheduled":
        Revision.objects.update(approved_go_live_at=timezone.now())
        revision.refresh_from_db()
    assert rewritten(item, people["clerk"], revision).pk != revision.pk


@pytest.mark.parametrize("after", ["head", "secrecy"])
def test_a_text_that_changed_between_two_steps_is_not_published(people, after):
    """Even by way of the database: each step is bound to what it approved."""
    item = submitted(people)
    for role in ("head", "secrecy"):
        approve(item, people[role])
        if role == after:
            revision = item.get_latest_revision()
            revision.content["title"] = "没有人审过"
            revision.save(update_fields=["content"])
    with pytest.raises(ReviewConflict, match="变动过"):
        approve(item, people["leader"])
    item.refresh_from_db()
    assert not item.live


# The steps


@pytest.mark.parametrize("way", ["wizard", "editor"])
def test_what_was_sent_back_goes_through_every_step_again(people, way):
    item = submitted(people)
    approve(item, people["head"])
    approve(item, people["secrecy"])
    decided(item, people["leader"], approve=False, comment="标题不通")
    draft = item.get_latest_revision_as_object()
    draft.title = "通顺的标题"
    revision = draft.save_revision(user=people["clerk"])
    item.refresh_from_db()
    if way == "wizard":
        drafts.submit(item, people["clerk"], revision.pk)
    else:
        item.current_workflow_state.resume(people["clerk"])
    item.refresh_from_db()
    assert step_of(item) == "OfficeHeadTask"
    for role in ("head", "secrecy", "leader"):
        assert not item.live
        approve(item, people[role])
    assert item.live
    assert item.title == "通顺的标题"


def test_the_reviewer_reads_why_it_was_sent_back(client, people):
    item = submitted(people)
    decided(item, people["head"], approve=False, comment="附件缺一页")
    item.current_workflow_state.resume(people["clerk"])
    item.refresh_from_db()
    client.force_login(people["head"])
    page = client.get(f"/admin/review/{waiting(item).pk}/").content.decode()
    assert "附件缺一页" in page


def test_the_steps_follow_the_draft_and_not_the_public_text(people, countersigned):
    item = make_item(user=people["clerk"])
    draft = item.get_latest_revision_as_object()
    draft.category = Category.PERSONNEL
    revision = draft.save_revision(user=people["clerk"])
    item.refresh_from_db()
    drafts.submit(item, people["clerk"], revision.pk)
    item.refresh_from_db()
    assert step_of(item) == "CountersignTask"


def test_a_text_that_needs_more_steps_now_goes_back(people, countersigned):
    item = submitted(people)
    approve(item, people["head"])
    approve(item, people["secrecy"])
    countersigned.category = ""
    countersigned.save()
    with pytest.raises(ReviewConflict, match="更多的审查步骤"):
        approve(item, people["leader"])
    decided(item, people["leader"], approve=False)
    item.current_workflow_state.resume(people["clerk"])
    item.refresh_from_db()
    assert step_of(item) == "CountersignTask"


# The persons


def test_the_list_knows_for_whom_somebody_stands_in(people):
    """It says what `may_review` says, also of the principal's part."""
    item, second = submitted(people), make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    today = timezone.localdate()
    for name in ("head", "clerk"):
        Absence.objects.create(person=people[name], first_day=today, last_day=today)

    def listed():
        [row] = waiting_for(make_user("second"), everything=True)
        reason = may_review(waiting(item), make_user("second"))
        assert row.hindrance == reason
        return reason

    assert listed() == ""
    item.get_latest_revision_as_object().save_revision(user=people["head"])
    revision = item.get_latest_revision()
    item.refresh_from_db()
    Revision.objects.filter(pk=revision.pk).update(user=people["head"])
    assert "您代的人" in listed()


def test_a_group_that_has_signed_is_not_asked_again(people, countersigned):
    colleague = make_user(
        "second", *people["officer"].groups.values_list("name", flat=True)
    )
    item = submitted(people, category=Category.PERSONNEL)
    assert [row.page for row in waiting_for(colleague)] == [item.page_ptr]
    approve(item, people["officer"])
    assert waiting_for(colleague) == []
    [row] = waiting_for(colleague, everything=True)
    assert row.hindrance == may_review(waiting(item), colleague) != ""
    assert [row.page for row in waiting_for(people["leader"])] == [item.page_ptr]


def test_every_signature_and_every_stand_in_is_in_the_log(people, countersigned):
    item = submitted(people, category=Category.PERSONNEL)
    approve(item, people["officer"])
    approve(item, people["leader"])
    second = make_user("second")
    StandIn.objects.create(principal=people["head"], substitute=second)
    today = timezone.localdate()
    Absence.objects.create(person=people["head"], first_day=today, last_day=today)
    approve(item, second)
    entries = PageLogEntry.objects.filter(page=item.pk, action=SIGN).order_by("pk")
    told = [(e.user, e.data["step"], e.data["acted_for"]) for e in entries]
    assert told == [
        (people["officer"], "会签", ""),
        (people["leader"], "会签", ""),
        (second, waiting_name("OfficeHeadTask"), "head"),
    ]


def waiting_name(kind):
    usual = Workflow.objects.get(name=WORKFLOW_NAME)
    [task] = [t for t in usual.tasks if t.specific_class.__name__ == kind]
    return task.name


def test_what_is_given_back_is_reminded_of_anew(people):
    item = submitted(people)
    duty = claim(waiting(item), people["head"])
    duty.reminded_at = timezone.now()
    duty.save()
    assert release(waiting(item), people["head"]).reminded_at is None


# Files and what is shown outside


@pytest.mark.parametrize("what", ["title", "file"])
def test_a_file_that_got_other_words_after_the_review_is_not_published(people, what):
    document = make_document("名单.txt", title="名单")
    item = submitted(people, documents=[document])
    approve(item, people["head"])
    approve(item, people["secrecy"])
    other = {"title": "张三的病历", "file": "documents/别的.txt"}[what]
    if what == "file":
        document.file.storage.save(other, document.file.open())
    DisclosureDocument.objects.filter(pk=document.pk).update(**{what: other})
    with pytest.raises(ReviewConflict, match="附件在保密审查以后变动过"):
        approve(item, people["leader"])


@pytest.mark.parametrize("where", ["body", "photo"])
@pytest.mark.parametrize("what", ["description", "file"])
def test_a_picture_that_changed_after_the_review_is_not_published(people, where, what):
    image = DisclosureImage.objects.create(
        title="门面", file=get_test_image_file(), description="白墙红顶的平房"
    )
    page = make_reading_point() if where == "photo" else make_item()
    block = ("image", {"image": image, "alt": "门面", "caption": ""})
    setattr(page, where, image if where == "photo" else [block])
    page.save_revision(user=people["clerk"])
    page.get_workflow().start(page, people["clerk"])
    page.refresh_from_db()
    approve(page, people["head"])
    approve(page, people["secrecy"])
    image.get_file_size()  # kept with the row when it is first asked for
    if what == "description":
        image.description = "张三的病历"
    else:
        image.file = get_test_image_file("other.png", colour="black")
    image.save()
    with pytest.raises(ReviewConflict, match="附件在保密审查以后变动过"):
        approve(page, people["leader"])


def test_a_picture_that_did_not_change_is_published(people):
    image = DisclosureImage.objects.create(title="图", file=get_test_image_file())
    item = make_item(live=False, user=people["clerk"])
    item.body = [("image", {"image": image, "alt": "图", "caption": ""})]
    item.save_revision(user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
        image.get_file_size()
    assert item.live


def test_the_same_bytes_under_another_name_are_another_file(people):
    document = make_document("名单.txt")
    make_item(documents=[document])
    document.file.save("张三的病历.txt", document.file.open(), save=False)
    with pytest.raises(ValidationError, match="不能替换"):
        document.clean()


def test_a_link_to_what_was_refused_is_closed_and_none_is_made(people):
    item = submitted(people)
    who = {"name": "张律师", "organisation": "", "days": 3}
    asked, _token = opinions.ask(item, user=people["clerk"], **who)
    approve(item, people["head"])
    record = SecrecyRecord(opinion=SecrecyOpinion.NOT_OPEN, legal_ground="第十四条")
    decided(item, people["secrecy"], approve=False, record=record)
    asked.refresh_from_db()
    assert SecrecyReview.objects.get().opinion == SecrecyOpinion.NOT_OPEN
    assert asked.revoked_at
    with pytest.raises(ValidationError, match="不能给别人看"):
        opinions.ask(item, user=people["clerk"], **who)
    draft = item.get_latest_revision_as_object()
    draft.change_note, draft.body = "改好了", body_of("正文。")  # blocks with new ids
    draft.save_revision(user=people["clerk"])
    item.refresh_from_db()
    with pytest.raises(ValidationError, match="不能给别人看"):
        opinions.ask(item, user=people["clerk"], **who)
    draft.body = body_of("改过的正文。")
    draft.save_revision(user=people["clerk"])
    item.refresh_from_db()
    opinions.ask(item, user=people["clerk"], **who)


def test_a_refusal_closes_the_links_to_earlier_versions_too(people):
    item = make_item(live=False, user=people["clerk"])
    who = {"name": "张律师", "organisation": "", "days": 3}
    asked, _token = opinions.ask(item, user=people["clerk"], **who)
    item.save_revision(user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    approve(item, people["head"])
    record = SecrecyRecord(opinion=SecrecyOpinion.NOT_OPEN, legal_ground="第十四条")
    decided(item, people["secrecy"], approve=False, record=record)
    asked.refresh_from_db()
    assert asked.revoked_at


def load_for_two_offices():
    """A load in review, one item of it of another office; with the people."""
    OfficeFactory(code="finance", name="财政所")
    make_site()
    people = make_people()
    batch = ImportBatch.objects.create(user=people["officer"], file_name="a.csv")
    for title, office in (("本科室的", "civil-affairs"), ("别科室的", "finance")):
        item = submitted(people, title=title, office=office)
        PageLogEntry.objects.log_action(
            instance=item,
            action=LOG_ACTION,
            user=people["officer"],
            uuid=batch.uuid,
            revision=item.latest_revision,
        )
    return batch, people


def test_of_a_load_for_two_offices_a_head_sees_his_own(client):
    batch, people = load_for_two_offices()
    client.force_login(people["head"])
    url = f"/admin/review/batch/{batch.uuid}/result/"
    for query in ("", "?format=csv"):
        told = client.get(url + query).content.decode()
        assert "本科室的" in told and "别科室的" not in told
    client.force_login(people["officer"])
    assert "别科室的" in client.get(url).content.decode()
    assert len(outcome_rows(uuid.UUID(str(batch.uuid)))) == 2


def test_a_conflict_in_a_load_tells_no_title_of_another_office(client):
    batch, people = load_for_two_offices()
    states = TaskState.objects.filter(status=TaskState.STATUS_IN_PROGRESS)
    shown = [f"{state.pk}:{state.revision_id}" for state in states]
    client.force_login(people["head"])
    data = {"decision": "approve", "shown": shown, "revision": "0"}
    answer = client.post(f"/admin/review/batch/{batch.uuid}/", data)
    told = answer.content.decode()
    assert answer.status_code == 409
    assert "不在这一批里" in told and "别科室的" not in told


def test_a_reviewer_reads_a_page_that_has_no_body(client, people):
    point = make_reading_point()
    point.address = "云岭路 9 号"
    point.save_revision(user=people["officer"])
    point.get_workflow().start(point, people["officer"])
    point.refresh_from_db()
    client.force_login(people["head"])
    page = client.get(f"/admin/review/{waiting(point).pk}/").content.decode()
    assert "云岭路 9 号" in page.partition("全文")[2]


def test_the_words_of_a_public_picture_are_not_changed(people):
    photo = DisclosureImage.objects.create(
        title="门面", file=get_test_image_file(), description="白墙红顶的平房"
    )
    photo.description = "平房"
    photo.clean()
    photo.save()
    make_reading_point(photo=photo)
    photo.description = "别的话"
    with pytest.raises(ValidationError, match="说明不能改"):
        photo.clean()
