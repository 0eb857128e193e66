import pytest
from django.db import connection
from wagtail.models import TaskState
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from cms.models import SecrecyReview
from cms.urls import atomic_when_unsafe
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from tests.factories import (
    OfficeFactory,
    make_guide,
    make_item,
    make_people,
    make_reading_point,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    make_item("已公开的信息")
    return make_people()


def submitted(people):
    item = make_item("送审的信息", live=False, user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    return item, TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)


def test_the_clerk_finds_the_button_and_the_form(client, people):
    client.force_login(people["clerk"])
    assert "发布一条信息" in client.get("/admin/").content.decode()
    parent = OfficeIndexPage.objects.get()
    url = f"/admin/pages/add/disclosure_pages/disclosureitempage/{parent.pk}/"
    assert client.get(url).status_code == 200


def test_the_editor_opens_for_every_kind_of_page(client, people):
    client.force_login(people["officer"])
    for page in (make_item(), make_guide(), make_reading_point()):
        assert client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200


def test_direct_publication_is_refused(client, people):
    item = make_item(live=False, user=people["clerk"])
    client.force_login(people["officer"])
    url = f"/admin/pages/{item.pk}/edit/"
    fields = {
        "title": "改",
        "slug": item.slug,
        "category": "work",
        "date_made": "2026-08-24",
        "validity": "valid",
        "disclosure_mode": "proactive",
        "body": streamfield([]),
        "attachments": inline_formset([]),
        "comments": inline_formset([]),
        "action-publish": "1",
    }
    client.post(url, nested_form_data(fields))
    bulk = f"/admin/bulk/wagtailcore/page/publish/?id={item.pk}"
    client.post(bulk, {"include_descendants": ""})
    item.refresh_from_db()
    assert not item.live


def test_unpublishing_and_deleting_what_is_public_is_refused(client, people):
    item = DisclosureItemPage.objects.live().get()
    client.force_login(people["officer"])
    for action in ("unpublish", "delete"):
        answer = client.post(f"/admin/pages/{item.pk}/{action}/")
        assert answer.status_code in (302, 403)
    item.refresh_from_db()
    assert item.live


def test_the_reviewer_sees_text_and_decides(client, people):
    item, state = submitted(people)
    client.force_login(people["head"])
    assert "送审的信息" in client.get("/admin/review/").content.decode()
    url = f"/admin/review/{state.pk}/"
    assert "正文。" in client.get(url).content.decode()
    answer = client.post(
        url, {"revision": state.revision_id, "decision": "approve", "comment": ""}
    )
    assert answer.status_code == 302
    state.refresh_from_db()
    assert state.status == TaskState.STATUS_APPROVED


def test_an_old_screen_is_a_409(client, people):
    item, state = submitted(people)
    item.save_revision(user=people["clerk"])
    client.force_login(people["head"])
    answer = client.post(
        f"/admin/review/{state.pk}/",
        {"revision": state.revision_id, "decision": "approve"},
    )
    assert answer.status_code == 409
    assert "最新" in answer.content.decode()


def test_the_secrecy_review_asks_every_question(client, people):
    item, state = submitted(people)
    client.force_login(people["head"])
    values = {"revision": state.revision_id, "decision": "approve"}
    client.post(f"/admin/review/{state.pk}/", values)
    state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    client.force_login(people["secrecy"])
    url = f"/admin/review/{state.pk}/"
    assert "还没有逐项确认" in client.post(url, values).content.decode()
    questions = ("no_state_secret", "no_personal_data", "no_trade_secret")
    values |= dict.fromkeys((*questions, "files_opened"), "on")
    assert client.post(url, values).status_code == 302
    assert all(SecrecyReview.objects.get().answers.values())


def test_whoever_is_not_the_reviewer_is_refused(client, people):
    _item, state = submitted(people)
    for role in ("clerk", "leader", "officer"):
        client.force_login(people[role])
        assert client.get(f"/admin/review/{state.pk}/").status_code in (302, 403)


def test_an_editor_does_not_reach_another_office(client, people):
    OfficeFactory(code="finance", name="财政所")
    item = make_item()  # make_site() gives the new office its page
    other = make_user("other", "编辑·财政所")
    client.force_login(other)
    for view in ("edit", "history", "view_draft", "copy"):
        answer = client.get(f"/admin/pages/{item.pk}/{view}/")
        assert answer.status_code in (302, 403), view


def test_chinese_substrings_are_found_in_the_desk(client, people):
    make_item("关于公布农村最低生活保障名单的公告")
    client.force_login(people["officer"])
    answer = client.get("/admin/pages/search/", {"q": "生活保障"})
    assert "最低生活保障名单" in answer.content.decode()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(("method", "atomic"), [("post", True), ("get", False)])
def test_only_unsafe_requests_are_one_transaction(rf, method, atomic):
    view = atomic_when_unsafe(lambda request: connection.in_atomic_block)
    assert view(getattr(rf, method)("/admin/")) is atomic
