import datetime as dt
import hashlib
import json

import pytest
from django.utils import timezone
from wagtail.models import PageViewRestriction

from cms.approval import publication_approved
from disclosure_pages.choices import DisclosureMode
from disclosure_pages.models import ExternalItem
from disclosure_pages.public_state import (
    canonical_sha256,
    public_keys,
    public_states,
    publicly_visible,
)
from tests.factories import (
    CREDIT_CODE,
    make_document,
    make_guide,
    make_item,
    make_reading_point,
)

pytestmark = pytest.mark.django_db


def state_of(page):
    return public_states([page.key])[page.key]


def test_an_item_says_everything_the_contract_lists():
    document = make_document("名册.txt", b"abc")
    item = make_item(
        "低保名单",
        text="公示。",
        documents=[document],
        document_number="云政〔2026〕1号",
        keywords="低保；公示",
    )
    state = state_of(item)
    assert state.state == "published"
    assert state.html == "<p>公示。</p>"
    assert state.attachments == [
        {
            "name": "名册.txt",
            "sha256": hashlib.sha256(b"abc").hexdigest(),
            "bytes": 3,
            "mime": "text/plain",
        }
    ]
    assert state.metadata["keywords"] == ["低保", "公示"]
    assert state.metadata["category_label"] == "工作信息"
    assert state.metadata["office"] == "civil-affairs"
    assert state.metadata["origin"] == CREDIT_CODE
    assert state.metadata["index_number"] == item.index_number != ""
    assert state.metadata["url"].endswith(item.url)
    assert all(value is not None for value in state.metadata.values())
    json.dumps(state.metadata)


def test_the_hash_is_of_the_canonical_json():
    state = state_of(make_item())
    text = json.dumps(
        {
            "attachments": state.attachments,
            "html": state.html,
            "metadata": state.metadata,
            "state": state.state,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    assert state.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert state.sha256 == canonical_sha256(
        state.state, state.metadata, state.html, state.attachments
    )


def test_the_same_content_has_the_same_hash_twice():
    item = make_item()
    assert state_of(item) == state_of(item)


def test_guide_and_reading_point_have_a_state_too():
    guide, point = make_guide(), make_reading_point()
    states = public_states([guide.key, point.key])
    assert states[guide.key].metadata["type"] == "guide"
    assert states[point.key].metadata["village"] == point.village.name
    assert "周建平" in states[point.key].html


def draft(item):
    return make_item(live=False)


def on_request(item):
    type(item).objects.filter(pk=item.pk).update(
        disclosure_mode=DisclosureMode.ON_REQUEST
    )
    return item


def expired(item):
    past = timezone.now() - dt.timedelta(minutes=1)
    type(item).objects.filter(pk=item.pk).update(expire_at=past)
    return item


def restricted(item):
    PageViewRestriction.objects.create(
        page=item.get_parent(), restriction_type=PageViewRestriction.LOGIN
    )
    return item


def deleted(item):
    item.delete()
    return item


@pytest.mark.parametrize("hide", [draft, on_request, expired, restricted, deleted])
def test_what_nobody_may_see_is_withdrawn(hide):
    item = hide(make_item("秘密"))
    state = state_of(item)
    assert state.state == "withdrawn"
    assert "秘密" not in str(state)
    assert item.key not in public_keys()
    assert publicly_visible([item.key]) == set()


def test_an_unknown_key_is_withdrawn():
    assert public_states(["0" * 32])["0" * 32].state == "withdrawn"


def test_a_draft_change_does_not_change_the_state():
    item = make_item("旧")
    before = state_of(item)
    item.title = "新"
    item.save_revision()
    assert state_of(item) == before


def test_keys_come_sorted_and_in_pages():
    keys = sorted(make_item().key for _number in range(4))
    assert public_keys() == keys
    assert public_keys(after=keys[1], limit=1) == [keys[2]]


def test_queries_do_not_grow_with_the_keys(django_assert_max_num_queries):
    items = [make_item(documents=[make_document(f"{n}.txt")]) for n in range(8)]
    keys = [item.key for item in items]
    with django_assert_max_num_queries(14):
        public_states(keys[:2])
    with django_assert_max_num_queries(14):
        public_states(keys)


def test_rows_from_elsewhere_have_a_state(db):
    payload = {
        "metadata": {"title": "别处的信息", "type": "item"},
        "html": "<p>x</p>",
        "attachments": [],
    }
    row = ExternalItem.objects.create(
        origin=CREDIT_CODE,
        key="1" * 32,
        version=3,
        state="published",
        sha256="",
        payload=payload,
        title="别处的信息",
    )
    assert public_keys() == [row.full_key]
    assert public_states([row.full_key])[row.full_key].metadata["title"] == "别处的信息"
    assert publicly_visible([row.full_key]) == {row.full_key}
    ExternalItem.objects.update(state="withdrawn")
    assert public_states([row.full_key])[row.full_key].state == "withdrawn"
    assert public_keys() == []


def test_publishing_again_after_a_withdrawal_clears_the_tombstone():
    item = make_item()
    type(item).objects.filter(pk=item.pk).update(
        live=False, withdrawn_at=timezone.now(), withdrawn_reason="发布有误"
    )
    item.refresh_from_db()
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    item.refresh_from_db()
    assert item.withdrawn_at is None
    assert item.withdrawn_reason == ""
    assert state_of(item).state == "published"


def test_the_day_of_publication_is_the_day_here():
    guide = make_guide()
    moment = dt.datetime(2026, 8, 24, 16, 30, tzinfo=dt.UTC)
    type(guide).objects.filter(pk=guide.pk).update(first_published_at=moment)
    assert state_of(guide).metadata["date_published"] == "2026-08-25"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["z" * 32, "-" * 32, "A" * 32, "\0" * 32, "a.\0"])
def test_what_is_no_key_is_simply_not_public(key):
    assert publicly_visible([key]) == set()
    assert public_states([key])[key].state == "withdrawn"
