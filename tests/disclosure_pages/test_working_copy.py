"""A newer draft over a live page: readers see the old one until the review is done."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from wagtail.models import PageLogEntry

from cms.approval import publication_approved
from disclosure_pages.models import DisclosureItemPage, ItemCorrection
from disclosure_pages.public_state import public_states
from disclosure_pages.services.working_copy import DISCARD, discard
from tests.factories import body_of, make_document, make_item
from tests.reviewing import approve, waiting

pytestmark = pytest.mark.django_db


def changed(people, **values):
    """A public item with a newer draft of the clerk's."""
    item = make_item("线上的标题", text="线上的正文。", documents=[make_document()])
    item.title, item.body = "修改稿的标题", body_of("修改稿的正文。")
    item.attachments.set([])
    for name, value in values.items():
        setattr(item, name, value)
    item.save_revision(user=people["clerk"], log_action=True)
    return DisclosureItemPage.objects.get(pk=item.pk)


def seen(item):
    """What page, API and portal say of an item to anybody."""
    client = Client()
    api = f"/api/v1/item?index_number={item.index_number}"
    return (
        client.get(item.url).content.decode(),
        client.get("/api/v1/items").json(),
        client.get(api).content if item.index_number else b"",
        public_states([item.key])[item.key].sha256,
    )


def test_nothing_public_changes_while_a_working_copy_is_written_and_reviewed(
    client, people
):
    item = make_item("线上的标题", text="线上的正文。")
    before = seen(item)
    item.title, item.body = "修改稿的标题", body_of("修改稿的正文。")
    item.corrections.add(ItemCorrection(old="甲", new="乙", reason="错字"))
    item.save_revision(user=people["clerk"])
    assert seen(item) == before
    item = DisclosureItemPage.objects.get(pk=item.pk)
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    for role in ("head", "secrecy"):
        approve(item, people[role])
        assert seen(item)[3] == before[3]
        assert "线上的标题" in client.get(item.url).content.decode()
    approve(item, people["leader"])
    assert "修改稿的正文" in client.get(item.url).content.decode()


def test_the_editor_says_which_version_readers_see(client, people):
    item = changed(people)
    day = timezone.localtime(item.last_published_at)
    client.force_login(people["clerk"])
    text = client.get(f"/admin/pages/{item.pk}/edit/").content.decode()
    assert f"正在修改，线上仍是 {day.month}月{day.day}日 的版本。" in text
    assert f"/admin/checks/{item.pk}/discard/" in text
    other = make_item()
    assert (
        "正在修改" not in client.get(f"/admin/pages/{other.pk}/edit/").content.decode()
    )


def test_the_differences_stand_beside_the_editor(client, people):
    item = changed(people)
    url = f"/admin/checks/{item.pk}/differences/"
    client.force_login(people["clerk"])
    text = client.get(url).content.decode()
    for words in ("<del>线上的标题</del>", "<ins>修改稿的标题</ins>", "去掉"):
        assert words in text
    client.force_login(people["leader"])
    assert client.get(url).status_code == 302


def test_a_working_copy_is_given_up_by_who_may_edit_it(client, people):
    item = changed(people)
    written = item.get_latest_revision()
    before = seen(item)
    url = f"/admin/checks/{item.pk}/discard/"
    client.force_login(people["leader"])
    client.post(url)
    item.refresh_from_db()
    assert item.has_unpublished_changes
    client.force_login(people["clerk"])
    assert "放弃对《线上的标题》的修改？" in client.get(url).content.decode()
    assert item.has_unpublished_changes
    client.post(url)
    live_revision = item.live_revision_id
    item = DisclosureItemPage.objects.get(pk=item.pk)
    draft = item.get_latest_revision_as_object()
    assert (item.has_unpublished_changes, item.draft_title) == (False, "线上的标题")
    assert (draft.title, draft.attachments.count()) == ("线上的标题", 1)
    assert item.live_revision_id == live_revision
    assert item.revisions.filter(pk=written.pk).exists()
    assert seen(item) == before
    entry = PageLogEntry.objects.get(action=DISCARD)
    assert (entry.user, entry.data["given_up"]) == (people["clerk"], written.pk)


def test_what_is_under_review_is_not_given_up(client, people):
    item = changed(people)
    item.get_workflow().start(item, people["clerk"])
    with pytest.raises(ValidationError, match="正在审查"):
        discard(item, people["clerk"])
    client.force_login(people["clerk"])
    answer = client.post(f"/admin/checks/{item.pk}/discard/", follow=True)
    assert "正在审查，不能放弃" in answer.content.decode()
    item.refresh_from_db()
    assert item.has_unpublished_changes


def test_what_was_sent_back_can_be_given_up(people):
    item = changed(people)
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    waiting(item).specific.reject(user=people["head"], comment="不改了")
    item = DisclosureItemPage.objects.get(pk=item.pk)
    discard(item, people["clerk"])
    item = DisclosureItemPage.objects.get(pk=item.pk)
    assert item.current_workflow_state is None
    assert not item.has_unpublished_changes


def test_what_waits_for_its_time_is_not_given_up(people):
    item = changed(people, go_live_at=timezone.now() + dt.timedelta(days=1))
    with publication_approved("test"):
        item.get_latest_revision().publish(skip_permission_checks=True)
    with pytest.raises(ValidationError, match="定时公开"):
        discard(item, people["clerk"])


def test_nothing_is_given_up_twice_or_by_others(people):
    item = changed(people)
    with pytest.raises(PermissionDenied):
        discard(item, people["leader"])
    discard(item, people["clerk"])
    with pytest.raises(ValidationError, match="没有改动"):
        discard(item, people["clerk"])


def test_a_correction_is_shown_and_leaves_the_date_of_publication(client, people):
    days = {"date_made": dt.date(2026, 1, 4), "date_published": dt.date(2026, 1, 5)}
    item = make_item(**days)
    item.corrections.add(
        ItemCorrection(
            old="6420元", new="6240元", reason="笔误", corrected_on=dt.date(2026, 2, 1)
        )
    )
    item.save_revision(user=people["clerk"])
    item = DisclosureItemPage.objects.get(pk=item.pk)
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    for role in ("head", "secrecy"):
        approve(item, people[role])
        assert "6240元" not in client.get(item.url).content.decode()
    approve(item, people["leader"])
    item.refresh_from_db()
    assert item.date_published == dt.date(2026, 1, 5)
    text = client.get(item.url).content.decode()
    for words in ("6420元", "6240元", "笔误", "2026-02-01"):
        assert words in text
    assert '"correction"' in text
    metadata = public_states([item.key])[item.key].metadata
    assert metadata["corrections"] == [
        {
            "corrected_on": "2026-02-01",
            "old": "6420元",
            "new": "6240元",
            "reason": "笔误",
        }
    ]
    assert metadata["date_published"] == "2026-01-05"
