"""代替、解读 travel with an item, and never tell of what is not public."""

import pytest
from wagtail.models import PageViewRestriction

from disclosure_pages.public_state import public_states
from disclosure_pages.services.withdrawal import withdraw
from tasks.models import OutboxEntry
from tests.disclosure_pages.test_dossiers import make_dossier
from tests.factories import make_item
from tests.tasks.test_receivers import publish, recorded, settled

pytestmark = pytest.mark.django_db


def state_of(page):
    return public_states([page.key])[page.key]


def metadata_of(item):
    return state_of(item).metadata


def test_predecessor_and_original_are_named(world):
    old, original = make_item("旧办法"), make_item("办法")
    item = make_item("新办法", supersedes=old, interpretation_of=original)
    metadata = metadata_of(item)
    path = old.url_path.removeprefix("/home")
    assert metadata["supersedes"] == {
        "key": old.key, "title": "旧办法", "url": f"http://127.0.0.1:8000{path}",
    }  # fmt: skip
    assert metadata["interpretation_of"]["title"] == "办法"
    assert metadata_of(old)["supersedes"] == {}


def test_a_withdrawn_one_is_left_out_and_the_item_sent_again(world):
    old = make_item("旧办法")
    item = make_item("新办法", supersedes=old)
    reading = make_item("解读", interpretation_of=item)
    settled(item)
    withdraw(old, reason="有误")
    assert set(recorded()) == {old.key, item.key}
    assert metadata_of(item)["supersedes"] == {}
    settled(item)
    item.refresh_from_db()
    item.title = "新办法（2026年修订）"
    publish(item)
    assert set(recorded()) == {item.key, reading.key}
    assert metadata_of(reading)["interpretation_of"]["title"] == "新办法（2026年修订）"


def test_drafts_that_name_it_are_not_sent(world):
    old = make_item("旧办法")
    draft = make_item("新办法", supersedes=old, live=False)
    settled(old)
    withdraw(old, reason="有误")
    assert set(recorded()) == {old.key}
    assert not OutboxEntry.objects.filter(key=draft.key).exists()


def test_links_cost_the_same_for_many(world, django_assert_max_num_queries):
    pairs = [make_item(f"新{n}", supersedes=make_item(f"旧{n}")) for n in range(8)]
    counts = []
    for keys in ([pairs[0].key], [item.key for item in pairs]):
        with django_assert_max_num_queries(15) as asked:
            public_states(keys)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("change", ["withdrawn", "renamed", "restricted"])
def test_a_change_of_an_item_sends_the_dossier_again(world, change):
    item, kept = make_item("要变的"), make_item("不变的")
    dossier = settled(make_dossier((item, ""), (kept, "")))
    before = state_of(dossier)
    if change == "withdrawn":
        withdraw(item, reason="有误")
    elif change == "renamed":
        item.title = "改过的"
        publish(item)
    else:
        PageViewRestriction.objects.create(page=item, restriction_type="login")
    assert dossier.key in recorded()
    after = state_of(dossier)
    assert "要变的" not in after.html and "不变的" in after.html
    assert after.sha256 != before.sha256
