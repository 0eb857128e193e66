import pytest

from disclosure_pages.public_state import public_states
from disclosure_pages.services.withdrawal import withdraw
from tasks import backoff, delivery
from tasks.choices import Lane
from tasks.drain import FAILURES_IN_A_ROW, drain
from tasks.models import OutboxEntry, TargetState
from tasks.models.outbox import from_now
from tasks.targets import Receipt, TargetDown, TargetError, Waiting
from tests.factories import make_item
from tests.tasks.recording import KEY

pytestmark = pytest.mark.django_db

OTHER = "f" * 32


@pytest.fixture
def quick(monkeypatch):
    """Failures are due again at once."""
    monkeypatch.setattr("tasks.backoff.random.uniform", lambda low, high: -1.0)


def row_of(key, target="index:local"):
    return OutboxEntry.objects.get(target=target, key=key)


@pytest.fixture
def item(world):
    """A public item, delivered everywhere; the site around it as well."""
    item = make_item()
    drain()
    world.sent.clear()
    world.calls.clear()
    return item


def test_each_publication_reaches_every_target_once(world):
    item = make_item()
    assert drain() == 2
    assert drain() == 0
    assert [(target, key) for target, key, _version in world.sent] == [
        ("index:local", item.key),
        ("portal:city", item.key),
    ]


def test_the_version_sent_is_the_one_wanted(world, item):
    OutboxEntry.record([item.key], "publish")
    wanted = row_of(item.key).wanted
    drain()
    assert ("index:local", item.key, wanted) in world.sent
    row = row_of(item.key)
    assert row.delivered == wanted
    assert row.delivered_sha256 == public_states([item.key])[item.key].sha256
    assert row.receipt["version"] == wanted


def test_a_withdrawal_goes_out_as_a_tombstone(world, item):
    withdraw(item, reason="测试撤回")
    states = []
    world.answers["index:local", item.key] = lambda version, state: states.append(state)
    drain()
    assert [state.state for state in states] == ["withdrawn"]


def test_a_deleted_page_is_a_tombstone_too(world, item):
    item.delete()
    drain()
    assert {key for _target, key, _version in world.sent} == {item.key}
    assert row_of(item.key).delivered == row_of(item.key).wanted


def test_an_index_takes_many_at_once_and_a_portal_few(world):
    keys = [f"{number:032x}" for number in range(5)]
    OutboxEntry.record(keys, "bulk")
    assert drain() == 10
    assert world.calls == [("index:local", 5), *[("portal:city", 2)] * 2] + [
        ("portal:city", 1)
    ]


def test_a_withdrawal_overtakes_bulk_work_at_another_target(world):
    keys = [f"{number:032x}" for number in range(5)]
    OutboxEntry.record(keys, "bulk")
    OutboxEntry.record([KEY], "withdraw", targets=["portal:city"])
    drain()
    assert world.sent[0] == ("portal:city", KEY, 1)


def test_the_limit_counts_rows_that_were_tried(world):
    OutboxEntry.record([f"{number:032x}" for number in range(5)], "bulk")
    assert drain(3) == 3
    assert drain() == 7


def test_content_is_read_again_when_it_changed_meanwhile(world, item, monkeypatch):
    OutboxEntry.record([item.key], "publish")
    read = []

    def reading(keys):
        states = public_states(keys)
        if not read:
            OutboxEntry.record([item.key], "publish")  # somebody publishes now
        read.append(keys)
        return states

    monkeypatch.setattr(delivery, "public_states", reading)
    entries = OutboxEntry.objects.claim_due(["index:local"], 10, 30)
    (parcel,) = delivery.snapshot(entries)
    assert len(read) == 2
    assert parcel.version == row_of(item.key).wanted


def test_content_that_never_rests_is_left_for_later(world, item, monkeypatch):
    OutboxEntry.record([item.key], "publish")

    def reading(keys):
        OutboxEntry.record([item.key], "publish")
        return public_states(keys)

    monkeypatch.setattr(delivery, "public_states", reading)
    entries = OutboxEntry.objects.claim_due(["index:local"], 10, 30)
    assert delivery.snapshot(entries) == []
    assert len(OutboxEntry.objects.claim_due(["index:local"], 10, 30)) == 1


def test_one_refused_item_does_not_block_the_rest(world):
    OutboxEntry.record([KEY, OTHER], "publish")
    world.answers["index:local", KEY] = TargetError("不接受", retryable=False)
    assert drain() == 3
    assert row_of(KEY).dead
    assert row_of(KEY).last_error == "不接受"
    assert row_of(OTHER).delivered == 1


def test_an_item_that_breaks_the_batch_is_found_and_the_rest_goes_on(world):
    keys = [f"{number:032x}" for number in range(20)]
    OutboxEntry.record(keys, "bulk", targets=["index:local"])
    world.answers["index:local", keys[13]] = RuntimeError("poison")
    assert drain() == 19
    bad = OutboxEntry.objects.pending().get()
    assert bad.key == keys[13]
    assert "RuntimeError" in bad.last_error


def test_a_mistake_of_ours_that_breaks_every_item_is_not_tried_for_each(world):
    keys = [f"{number:032x}" for number in range(200)]
    OutboxEntry.record(keys, "bulk", targets=["index:local"])
    world.answers["index:local"] = RuntimeError("a bug")
    assert drain() == 0
    assert len(world.calls) < 3 * 40
    assert OutboxEntry.objects.pending().exclude(last_error="").count() == 200


@pytest.mark.parametrize(
    "wrong",
    [
        Receipt(OTHER, 1, "right"),
        Receipt(KEY, 2, "right"),
        Receipt(KEY, 1, "wrong"),
    ],
)
def test_a_receipt_counts_only_if_it_echoes_key_version_and_hash(world, wrong):
    def answer(version, state):
        sha256 = state.sha256 if wrong.sha256 == "right" else "0" * 64
        return Receipt(wrong.key, wrong.version, sha256)

    OutboxEntry.record([KEY], "publish", targets=["index:local"])
    world.answers["index:local", KEY] = answer
    assert drain() == 0
    assert row_of(KEY).delivered == 0
    assert "回执" in row_of(KEY).last_error


def test_a_target_that_is_down_is_asked_once_a_round_and_others_go_on(world):
    keys = [f"{number:032x}" for number in range(6)]
    OutboxEntry.record(keys, "publish")
    world.answers["portal:city"] = TargetDown("连接不上门户")
    assert drain() == 6
    assert world.calls.count(("portal:city", 2)) == 1
    assert row_of(keys[0], "portal:city").last_error == "连接不上门户"


def test_everything_waiting_is_hurried_when_a_target_answers_again(world):
    keys = [f"{number:032x}" for number in range(6)]
    OutboxEntry.record(keys, "publish", targets=["portal:city"])
    world.answers["portal:city"] = TargetDown("连接不上门户")
    for _round in range(3):
        drain()
    world.answers.clear()
    OutboxEntry.objects.update(next_at=from_now(3600))
    OutboxEntry.objects.filter(key=keys[0]).update(next_at=from_now(-1))
    TargetState.try_now()
    assert drain() == 6


def test_a_target_that_keeps_failing_gets_a_rest(world, quick):
    OutboxEntry.record([KEY], "publish", targets=["portal:city"])
    world.answers["portal:city", KEY] = TargetError("门户答复 500")
    assert drain() == 0
    assert len(world.calls) == 3


def test_a_portal_with_a_higher_version_waits_for_reconciliation(world, item):
    OutboxEntry.record([item.key], "publish")
    world.held["portal:city", item.key] = (99, "0" * 64)
    drain()
    row = row_of(item.key, "portal:city")
    assert (row.dead, row.held_version) == (True, 99)
    assert drain() == 0


def test_a_withdrawal_outbids_a_portal_with_a_higher_version(world, item):
    withdraw(item, reason="测试撤回")
    world.held["portal:city", item.key] = (99, "0" * 64)
    drain()
    assert ("portal:city", item.key, 100) in world.sent
    assert row_of(item.key, "portal:city").delivered == 100


def test_an_index_with_a_higher_version_is_outbid(world, item):
    OutboxEntry.record([item.key], "publish")
    world.held["index:local", item.key] = (99, "0" * 64)
    drain()
    assert row_of(item.key).delivered == 100


def test_equal_versions_with_other_content_are_told_apart_by_a_new_version(world, item):
    OutboxEntry.record([item.key], "publish")
    version = row_of(item.key, "portal:city").wanted
    world.held["portal:city", item.key] = (version, "0" * 64)
    drain()
    assert ("portal:city", item.key, version + 1) in world.sent


def test_a_withdrawal_outbids_after_a_long_outage_too(world, item, quick):
    withdraw(item, reason="测试撤回")
    OutboxEntry.objects.filter(target="portal:city").update(attempts=500)
    world.held["portal:city", item.key] = (99, "0" * 64)
    drain()
    assert row_of(item.key, "portal:city").delivered == 100


def test_a_version_is_raised_twice_at_once_and_then_with_a_wait(world, item):
    withdraw(item, reason="测试撤回")
    world.answers["portal:city", item.key] = lambda version, state: TargetError(
        "门户已有更高的版本", stale=version
    )
    drain()
    row = row_of(item.key, "portal:city")
    assert row.attempts == 3
    assert row.last_error == "门户已有更高的版本"
    assert not row.dead


def test_a_target_that_refuses_every_version_is_given_up(world, item, quick):
    def refuse(version, state):
        return TargetError("一直拒绝", stale=version)

    OutboxEntry.record([item.key], "publish", targets=["portal:city"])
    world.answers["portal:city", item.key] = refuse
    for _round in range(backoff.MAX_ATTEMPTS // 2):
        drain()
    assert row_of(item.key, "portal:city").dead


def test_a_row_that_killed_processes_is_sent_alone_and_then_given_up(world):
    OutboxEntry.record([KEY, OTHER], "publish", targets=["index:local"])
    OutboxEntry.objects.filter(key=KEY).update(interruptions=2)
    drain()
    assert world.calls == [("index:local", 1), ("index:local", 1)]
    OutboxEntry.record([KEY], "publish", targets=["index:local"])
    OutboxEntry.objects.filter(key=KEY).update(interruptions=11)
    drain()
    assert row_of(KEY).dead


def test_a_withdrawal_that_killed_processes_is_still_tried(world):
    OutboxEntry.record([KEY], "withdraw", targets=["index:local"])
    OutboxEntry.objects.update(interruptions=99)
    assert drain() == 1
    assert row_of(KEY).lane == Lane.WITHDRAW


def test_what_there_was_no_time_for_is_due_at_once_and_no_attempt(world):
    OutboxEntry.record([KEY], "publish", targets=["portal:city"])
    OutboxEntry.objects.update(attempts=3, last_error="门户回应异常（500）。")
    world.answers["portal:city", KEY] = Waiting()
    for _turn in range(3):
        drain(1)
    entry = OutboxEntry.objects.get()
    assert (entry.attempts, entry.awaiting, entry.claim) == (3, "", "")
    assert entry.last_error == "门户回应异常（500）。"
    del world.answers["portal:city", KEY]
    assert drain() == 1


def test_a_target_that_never_gets_round_to_anything_is_left_for_the_next_call(world):
    OutboxEntry.record([KEY], "publish", targets=["portal:city"])
    world.answers["portal:city", KEY] = Waiting()
    assert drain() == 0
    assert len(world.calls) == FAILURES_IN_A_ROW


def test_what_the_portal_has_comes_up_again_in_its_time(world):
    OutboxEntry.record([KEY], "publish", targets=["portal:city"])
    OutboxEntry.objects.update(attempts=3, last_error="门户回应异常（500）。")
    world.answers["portal:city", KEY] = Waiting("待回执", 600.0)
    drain()
    entry = OutboxEntry.objects.get()
    assert (entry.attempts, entry.awaiting, entry.last_error) == (3, "待回执", "")
    drain()
    assert len(world.calls) == 1


def test_a_row_that_changes_while_it_is_put_off_is_due_at_once(world):
    OutboxEntry.record([KEY], "publish", targets=["portal:city"])

    def change(version, state):
        OutboxEntry.record([KEY], "publish", targets=["portal:city"])
        return Waiting("待回执", 600.0)

    world.answers["portal:city", KEY] = change
    drain(1)
    entry = OutboxEntry.objects.get()
    assert (entry.wanted, entry.awaiting, entry.claim) == (2, "", "")
    assert OutboxEntry.objects.due().exists()


def test_what_was_judged_before_a_target_went_away_is_written_down(world):
    keys = ["a" * 32, "b" * 32]
    OutboxEntry.record(keys, "publish", targets=["portal:city"])

    def gone(version, state):
        done = [Receipt(keys[0], 1, world.held["portal:city", keys[0]][1])]
        return TargetDown("门户正忙", retry_after=60.0, done=done)

    world.answers["portal:city", keys[1]] = gone
    assert drain() == 1
    first, second = OutboxEntry.objects.order_by("key")
    assert (first.delivered, first.last_error) == (1, "")
    assert (second.delivered, second.last_error) == (0, "门户正忙")
