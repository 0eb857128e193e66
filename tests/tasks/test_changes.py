"""The change feed: one sequence that a reader follows without missing anything."""

import threading

import pytest
from django.db import connection, transaction

from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.withdrawal import withdraw
from tasks import sweeping
from tasks.drain import drain
from tasks.models import ChangeCounter, ChangedKey
from tests.factories import make_item

ADDRESS = "/api/v1/changes"


def follow(client, since="", limit=100):
    """Return all that comes after ``since``, page by page, and the last position."""
    found = []
    while True:
        answer = client.get(ADDRESS, {"since": since, "limit": limit}).json()
        since = answer["next"]
        if not answer["changes"]:
            return found, since
        found += answer["changes"]


@pytest.fixture
def items(world):
    items = [make_item() for _count in range(5)]
    drain()
    return items


@pytest.mark.django_db
def test_a_reader_gets_everything_once_and_then_only_what_changed(items, client):
    found, position = follow(client, limit=2)
    assert {item.key for item in items} <= {entry["key"] for entry in found}
    assert len({entry["key"] for entry in found}) == len(found)
    assert follow(client, position) == ([], position)
    items[3].title = "改过的标题"
    items[3].save()
    drain()
    (change,), _position = follow(client, position)
    assert (change["key"], change["title"]) == (items[3].key, "改过的标题")


@pytest.mark.django_db
def test_a_withdrawal_tells_the_reason_and_nothing_of_the_text(items, client):
    _found, position = follow(client)
    withdraw(items[0], reason="发布有误", actor_name="张三")
    drain()
    (change,), _position = follow(client, position)
    assert (change["state"], change["reason"]) == ("withdrawn", "发布有误")
    assert "title" not in change
    assert items[0].title not in str(change)


@pytest.mark.django_db
def test_the_latest_change_keeps_its_reader_when_it_changes_again(items, client):
    _found, position = follow(client)
    for title in ("第一次改", "第二次改"):
        items[-1].title = title
        items[-1].save()
        drain()
        (change,), position = follow(client, position)
        assert change["title"] == title


@pytest.mark.django_db
def test_no_draft_gets_into_the_feed(items, client):
    draft = make_item(live=False)
    parent = draft.get_parent().specific
    parent.slug = "another-address"
    parent.save()  # moves everything below it
    drain()
    found, _position = follow(client)
    assert draft.key not in {entry["key"] for entry in found}


@pytest.mark.django_db
def test_what_no_signal_told_is_found_by_the_sweep(items, client):
    _found, position = follow(client)
    DisclosureItemPage.objects.filter(pk=items[0].pk).update(title="没有信号")
    ChangedKey.objects.filter(key=items[1].key).delete()
    sweeping.sweep()
    drain()
    found, _position = follow(client, position)
    assert {entry["key"] for entry in found} == {items[0].key, items[1].key}


@pytest.mark.django_db
@pytest.mark.parametrize("since", ["x", "-1", "1.5", "²", "9" * 30])
def test_a_wrong_position_is_refused_with_the_reason(items, client, since):
    answer = client.get(ADDRESS, {"since": since})
    assert answer.status_code == 400
    assert "since" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_position_from_before_a_restore_asks_to_begin_again(items, client):
    answer = client.get(ADDRESS, {"since": ChangeCounter.reached() + 1})
    assert answer.status_code == 410


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [0, 501])
def test_pages_are_bounded(items, client, limit):
    assert client.get(ADDRESS, {"limit": limit}).status_code == 400


@pytest.mark.django_db
def test_the_feed_asks_as_much_for_many_as_for_few(
    items, client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as few:
        client.get(ADDRESS, {"limit": 2})
    with django_assert_max_num_queries(len(few)):
        client.get(ADDRESS, {"limit": 100})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_number_is_seen_before_a_lower_one(world):
    """Writers and numberers at once; a reader that goes on never misses a key."""
    keys = [f"{number:032x}" for number in range(60)]
    seen, ended = [], threading.Event()

    def write(mine):
        for key in mine:
            with transaction.atomic():
                ChangedKey.mark([key])
            ChangedKey.number_waiting()
        connection.close()

    def read():
        position = 0
        while True:
            last_look = ended.is_set()
            rows = ChangedKey.objects.filter(number__gt=position).order_by("number")
            for number, key in rows.values_list("number", "key"):
                seen.append(key)
                position = number
            if last_look:
                break
        connection.close()

    writers = [threading.Thread(target=write, args=(keys[n::3],)) for n in range(3)]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join(60)
    ChangedKey.number_waiting()
    ended.set()
    reader.join(60)
    assert sorted(seen) == keys
    assert ChangeCounter.reached() == len(keys)
