"""The chain of sealed acts: order, races, and whatever somebody does to it by SQL."""

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from wagtail.models import ModelLogEntry, Page, PageLogEntry

from cms.audit import verifying
from cms.audit.events import canonical, chained
from cms.audit.heads import Head, chain_head, heads_file, keep_head
from cms.audit.sealing import seal
from cms.audit.verifying import verify
from cms.models import ChainHead, SealedEvent
from cms.models.audit import SealedForGood
from tests.cms.audit_chain import act, by_sql, forget_everything, without_trigger
from tests.factories import OfficeFactory, make_item


@pytest.fixture
def chain(db):
    """Ten sealed acts."""
    heads_file().unlink(missing_ok=True)
    for number in range(1, 11):
        act(f"第{number}件", data={"reason": f"原因{number}"})
    seal()
    yield SealedEvent.objects.order_by("number")
    heads_file().unlink(missing_ok=True)


ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def committed(request, django_db_setup, django_db_blocker):
    """Really committed rows, for threads, in each pass; deleted afterwards."""
    with django_db_blocker.unblock():
        assert connection.vendor == request.param
        forget_everything()
        yield
        forget_everything()
        OfficeFactory().delete()
        connection.close()


def fault():
    broken = verify().broken
    return broken and (broken.kind, broken.number)


def test_each_act_is_sealed_once_in_order(chain):
    assert seal() == 0
    assert [event.number for event in chain] == list(range(1, 11))
    assert [event.reason for event in chain] == [f"原因{n}" for n in range(1, 11)]
    verdict = verify()
    assert verdict.broken is None
    assert (verdict.checked, verdict.unsealed) == (10, 0)
    assert verdict.head == chain_head() == Head(10, chain.last().hash)


def test_the_hash_covers_the_previous_one_and_the_whole_event(chain):
    first, second = chain[0], chain[1]
    assert first.previous == "0" * 64
    assert second.previous == first.hash == chained("0" * 64, first.event)
    event = json.loads(second.event)
    assert canonical(event) == second.event
    assert event["row"]["data"]["reason"] == "原因2"


def test_an_empty_chain_is_whole(db):
    heads_file().unlink(missing_ok=True)
    assert verify().broken is None
    assert chain_head().number == 0


def test_what_waits_is_counted(chain):
    act()
    assert verify().unsealed == 1


@pytest.mark.parametrize(
    ("statement", "values", "expected"),
    [
        ("UPDATE {events} SET event = replace(event, ':5,', ':5 ,') WHERE number = 5",
         (), ("changed", 5)),
        ("UPDATE {events} SET reason = '另一个' WHERE number = 4", (), ("changed", 4)),
        ("UPDATE {events} SET offices = ',x,' WHERE number = 4", (), ("changed", 4)),
        ("UPDATE {events} SET actor_name = '别人' WHERE number = 3", (),
         ("changed", 3)),
        ("UPDATE {events} SET hash = %s WHERE number = 6", ("a" * 64,), ("changed", 6)),
        ("DELETE FROM {events} WHERE number = 7", (), ("removed", 7)),
        ("DELETE FROM {events} WHERE number = 1", (), ("removed", 1)),
        ("DELETE FROM {events} WHERE number > 8", (), ("truncated", 9)),
        ("DELETE FROM {events}", (), ("truncated", 1)),
        ("UPDATE {events} SET number = 0 WHERE number = 1", (), ("inserted", 0)),
        ("UPDATE wagtailcore_modellogentry SET label = '改名' WHERE label = '第2件'",
         (), ("log_changed", 2)),
        ("UPDATE wagtailcore_modellogentry SET user_id = 4711 WHERE label = '第3件'",
         (), ("log_changed", 3)),
        ("DELETE FROM wagtailcore_modellogentry WHERE label = '第9件'", (),
         ("log_removed", 9)),
    ],
)  # fmt: skip
def test_tampering_by_sql_is_named(chain, statement, values, expected):
    by_sql(statement, *values)
    assert fault() == expected


def test_two_events_that_changed_places_are_named(chain):
    by_sql("UPDATE {events} SET number = 99 WHERE number = 3")
    by_sql("UPDATE {events} SET number = 3 WHERE number = 4")
    by_sql("UPDATE {events} SET number = 4 WHERE number = 99")
    assert fault() == ("reordered", 3)


def forge(number, previous, **changes):
    """An event of an intruder who knows how hashes are made."""
    last = SealedEvent.objects.order_by("-number").first()
    event = json.loads(last.event) | {"number": number} | changes
    text = canonical(event)
    values = {
        field.attname: getattr(last, field.attname) for field in last._meta.fields
    }
    values |= {"number": number, "entry_id": event["entry"], "event": text}
    values |= {"previous": previous, "hash": chained(previous, text)}
    return SealedEvent(**values)


def test_an_event_put_behind_the_end_is_named(chain):
    entry = act("从没发生过")
    forge(11, chain_head().hash, entry=entry.pk).save()
    assert fault() in {("log_changed", 11), ("inserted", 11)}


def test_an_event_without_its_log_row_is_named(chain):
    forge(11, chain_head().hash, entry=987654321).save()
    assert fault() == ("log_removed", 11)


def test_a_chain_written_anew_from_the_middle_does_not_pass_its_kept_head(chain):
    keep_head(chain_head())
    ModelLogEntry.objects.filter(label="第6件").update(label="改写")
    with without_trigger() as cursor:
        cursor.execute("DELETE FROM gongkai_cms_sealedevent WHERE number > 5")
    ChainHead.objects.update(number=5, hash=chain_head().hash)
    seal(everything=True)
    assert chain_head().number == 10
    assert fault() == ("changed", 10)


def test_the_end_kept_outside_shows_that_a_chain_was_cut(chain):
    keep_head(chain_head())
    with without_trigger() as cursor:
        cursor.execute("DELETE FROM gongkai_cms_sealedevent WHERE number > 7")
    ChainHead.objects.update(number=7, hash=chain_head().hash)
    assert fault() == ("truncated", 8)


def test_a_line_that_a_crash_cut_off_says_nothing(chain):
    keep_head(chain_head())
    with heads_file().open("a") as kept:
        kept.write("11:abc")
    assert fault() is None
    assert verify().heads == 1


def test_long_chains_are_read_in_pieces(chain, monkeypatch):
    monkeypatch.setattr(verifying, "CHUNK", 3)
    seen = []
    assert verify(progress=seen.append).broken is None
    assert seen == [3, 6, 9, 10]
    by_sql("UPDATE {events} SET reason = '' WHERE number = 7")
    assert fault() == ("changed", 7)


def test_nothing_sealed_is_changed_or_deleted_by_the_models(chain):
    event = chain[0]
    event.reason = "别的"
    attempts = [
        event.save,
        event.delete,
        lambda: chain.update(reason="别的"),
        lambda: chain.delete(),
        lambda: SealedEvent.objects.bulk_update([event], ["reason"]),
        lambda: SealedEvent.objects.bulk_create(
            [event],
            update_conflicts=True,
            unique_fields=["number"],
            update_fields=["reason"],
        ),
    ]
    for attempt in attempts:
        with pytest.raises(SealedForGood):
            attempt()
    assert fault() is None


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET reason = ''", "DELETE FROM {} WHERE number = 1"]
)
def test_the_database_itself_refuses(chain, statement):
    with (
        pytest.raises(DatabaseError, match="neither changed nor deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("gongkai_cms_sealedevent"))
    assert fault() is None


def test_the_command_says_ok_and_then_where_it_broke(chain):
    out, err = StringIO(), StringIO()
    call_command("verify_audit", "--json", stdout=out, stderr=err)
    answer = json.loads(out.getvalue())
    assert (answer["ok"], answer["checked"], answer["unsealed"]) == (True, 10, 0)
    assert answer["head"] == {"number": 10, "hash": chain_head().hash}
    assert str(chain_head()) in err.getvalue()
    by_sql("UPDATE {events} SET reason = '' WHERE number = 7")
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_audit", "--json", stdout=out, stderr=err)
    assert stopped.value.code == 1
    broken = json.loads(out.getvalue())["broken"]
    assert (broken["number"], broken["kind"]) == (7, "changed")
    assert "第 7 条" in err.getvalue()


def test_the_command_compares_with_a_printed_head(chain):
    printed = str(chain_head())
    call_command("verify_audit", head=[Head.parse(printed)], stderr=StringIO())
    other = [Head(10, "b" * 64)]
    with pytest.raises(SystemExit):
        call_command("verify_audit", head=other, stderr=StringIO())


def test_texts_that_no_database_likes_don_t_stop_the_chain(db):
    entry = act("字")
    odd = {"reason": "半\ud800个"}
    if connection.vendor == "sqlite":
        ModelLogEntry.objects.filter(pk=entry.pk).update(label="空\x00字", data=odd)
    ModelLogEntry.objects.filter(pk=entry.pk).update(action="x" * 255)
    assert seal() >= 1
    act("后来的")
    assert seal() == 1
    assert fault() is None


def test_old_acts_that_were_never_sealed_are_found_by_the_whole_search(chain):
    old = act("补记", timestamp=timezone.now() - dt.timedelta(days=400))
    assert seal() == 0
    assert seal(everything=True) == 1
    assert SealedEvent.objects.get(number=11).entry_id == old.pk


def test_a_clock_that_ran_ahead_hides_nothing(db):
    act("明年", timestamp=timezone.now() + dt.timedelta(days=365))
    assert seal() == 1
    act("今天")
    assert seal() == 1


def test_more_than_a_batch_is_sealed_at_once(db, monkeypatch):
    monkeypatch.setattr("cms.audit.sealing.BATCH", 4)
    for _number in range(11):
        act()
    assert seal() == 11
    assert fault() is None


def test_the_chain_outlives_user_and_page(db, people):
    item = make_item("会被删除的草稿", live=False, user=people["clerk"])
    name, key = people["clerk"].get_full_name(), item.key
    seal()
    made = SealedEvent.objects.get(action="wagtail.create", object_title=item.title)
    item.delete(user=people["clerk"])
    people["clerk"].delete()
    seal()
    assert fault() is None
    for event in SealedEvent.objects.filter(object_title=item.title):
        assert event.object_uuid == key
        assert "civil-affairs" in event.offices
    deleted = SealedEvent.objects.get(
        action="wagtail.delete", object_title="会被删除的草稿"
    )
    assert (deleted.actor_username, deleted.actor_name) == ("clerk", name)
    assert not Page.objects.filter(pk=made.object_id).exists()


def test_a_user_deleted_before_the_sealing_is_still_named(db, people):
    act(user=people["clerk"])
    name = people["clerk"].get_full_name()
    people["clerk"].delete()
    seal()
    event = SealedEvent.objects.get(action="wagtail.edit", object_title="改动")
    assert (event.actor_username, event.actor_name) == ("clerk", name)
    assert event.offices == ",civil-affairs,"


def test_a_bulk_written_row_gets_its_names_when_sealed(db, people):
    item = make_item()
    row = PageLogEntry.objects.filter(page=item).first()
    row.pk, row.user, row.data = None, people["head"], {}
    PageLogEntry.objects.bulk_create([row])
    seal()
    event = SealedEvent.objects.get(log="wagtailcore.pagelogentry", entry_id=row.pk)
    assert (event.actor_username, event.object_uuid) == ("head", item.key)
    assert event.offices == ",civil-affairs,"


def test_the_number_of_queries_does_not_grow_with_the_rows(
    db, people, django_assert_max_num_queries
):
    item = make_item()
    seal()

    def queries(number):
        for _row in range(number):
            PageLogEntry.objects.log_action(item, "wagtail.edit", user=people["clerk"])
        with django_assert_max_num_queries(40) as captured:
            assert seal() == number
        return len(captured)

    assert queries(2) == queries(50)


def then_close(work):
    """Run in a thread of its own connection."""
    try:
        return work()
    finally:
        connection.close()


def test_sealers_side_by_side_make_no_fork(committed):
    for number in range(60):
        act(f"第{number}件")
    barrier = threading.Barrier(4)

    def work():
        barrier.wait()
        return sum(seal() for _round in range(5))

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(then_close, [work] * 4))
    done.append(seal())
    assert sum(done) == ModelLogEntry.objects.count() == chain_head().number
    verdict = verify()
    assert verdict.broken is None
    assert verdict.heads >= 1  # each commit kept its end outside of the database


def test_acts_go_on_while_somebody_seals(committed):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            seal()

    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(then_close, work)
        for number in range(40):
            act(f"第{number}件")
        stop.set()
        sealing.result()
    seal()
    verdict = verify()
    assert verdict.broken is None
    assert (verdict.checked, verdict.unsealed) == (ModelLogEntry.objects.count(), 0)


@pytest.mark.parametrize("committed", [ON_POSTGRESQL], indirect=True)
def test_a_row_committed_late_is_sealed_although_its_key_is_lower(committed):
    """On SQLite writers wait for each other, so that nothing is late."""
    OfficeFactory()
    begun, finish = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            act("慢")
            begun.set()
            finish.wait(10)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(then_close, work)
        assert begun.wait(10)
        fast = act("快")
        seal()
        assert not SealedEvent.objects.filter(object_title="慢").exists()
        finish.set()
        slow.result()
    assert seal() == 1
    late = SealedEvent.objects.get(object_title="慢")
    assert late.entry_id < fast.pk
    assert late.number > SealedEvent.objects.get(object_title="快").number
    assert verify().broken is None
