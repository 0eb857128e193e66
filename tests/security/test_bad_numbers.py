"""Numbers that are none, or that no database holds: refused, never an error."""

import pytest
from wagtail.models import TaskState

from cms.numbers import small_int
from tests.factories import make_item
from tests.security.test_after_moderation import load_for_two_offices

pytestmark = pytest.mark.django_db
BAD = ["²", "٣", "9" * 30, "1" * 5000]


@pytest.mark.parametrize("text", [*BAD, "", "-1", "1.0", str(2**63)])
def test_only_digits_within_reach_are_a_number(text):
    assert small_int(text) is None
    assert small_int(str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("model", ["documents", "images"])
def test_a_chooser_refuses_them(clerk, model, text):
    answer = clerk.get(f"/admin/{model}/chooser/chosen-multiple/", {"id": text})
    assert answer.status_code == 400


@pytest.mark.parametrize("text", BAD)
def test_the_page_chooser_refuses_them(clerk, text):
    answer = clerk.get("/admin/choose-page/chosen-multiple/", {"id": text})
    assert answer.status_code == 400


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("screen", ["what", "check"])
def test_the_screens_take_them_for_another_version(clerk, people, screen, text):
    item = make_item(live=False, user=people["clerk"])
    values = {"title": "新标题", "category": "work", "date_made": "2026-08-24"}
    url = f"/admin/publish/{item.pk}/{screen}/"
    assert clerk.post(url, values | {"revision": text}).status_code in (200, 409)
    item.refresh_from_db()
    assert item.draft_title != "新标题" and item.current_workflow_state is None


@pytest.mark.parametrize("text", BAD)
def test_actions_on_several_items_leave_them_out(clerk, text):
    url = "/admin/bulk/disclosure_pages/disclosureitempage/gongkai_submit/"
    assert clerk.get(url, {"id": text}).status_code == 200


@pytest.mark.parametrize("text", BAD)
def test_the_review_of_a_load_does_nothing_with_them(client, text):
    batch, people = load_for_two_offices()
    client.force_login(people["head"])
    url = f"/admin/review/batch/{batch.uuid}/"
    assert client.get(url, {"step": text}).status_code == 200
    data = {"decision": "approve", "shown": f"{text}:{text}", "revision": "0"}
    for more in ({}, {"exclude": text, "looked": text, "step": text}):
        assert client.post(url, data | more).status_code == 200
    answer = client.post(url, {"go_on": "1", "step": text})
    assert answer.status_code == 302
    assert not TaskState.objects.exclude(status="in_progress").exists()


@pytest.mark.parametrize("text", BAD)
def test_a_public_list_has_no_such_page(client, people, text):
    assert client.get("/", {"page": text}).status_code == 200
