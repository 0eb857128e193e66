"""A target that rests, is paused or fenced."""

import pytest
from django.db.models.functions import Now

from disclosure_pages.services.withdrawal import withdraw
from tasks import backoff
from tasks.drain import drain, drain_batch
from tasks.models import Mode, OutboxEntry, TargetState
from tasks.models.outbox import from_now
from tasks.targets import TargetDown, TargetError
from tests.factories import make_item
from tests.tasks.recording import KEY

pytestmark = pytest.mark.django_db
CITY = "portal:city"


@pytest.fixture
def item(world):
    item = make_item()
    drain()
    world.sent.clear()
    world.calls.clear()
    return item


def sent_to_the_city(world):
    return [key for target, key, _version in world.sent if target == CITY]


def calls_of_the_city(world):
    return [size for target, size in world.calls if target == CITY]


@pytest.fixture
def away(world, monkeypatch):
    """The city's portal is away; every wait is as long as it may be."""
    monkeypatch.setattr("tasks.backoff.random.uniform", lambda low, high: high)
    world.answers[CITY] = TargetDown("连不上")
    return world


def test_a_target_that_is_down_is_not_asked_for_each_row(away):
    OutboxEntry.record([f"{number:032x}" for number in range(10)], "bulk")
    for _round in range(5):
        drain()
    assert len(calls_of_the_city(away)) == 1
    state = TargetState.objects.get(target=CITY)
    assert (state.failures, state.last_error) == (1, "连不上")


def test_it_rests_longer_each_time_up_to_a_limit(away):
    waits = []
    for _failure in range(8):
        TargetState.note_down(CITY, "连不上", None)
        seconds = TargetState.objects.annotate(now=Now()).get(target=CITY)
        waits.append(round((seconds.resting_until - seconds.now).total_seconds()))
    assert waits == sorted(waits)
    assert waits[0] < 5
    assert waits[-1] == backoff.CAP_REST_S


def left(column):
    """Seconds until an instant of the city's row, by the database's clock."""
    state = TargetState.objects.annotate(now=Now()).get(target=CITY)
    return round((getattr(state, column) - state.now).total_seconds())


@pytest.mark.parametrize(
    ("asked", "seconds"), [(600.0, 600), (86_400.0, backoff.CAP_S), (0.0, 0), (-5.0, 0)]
)
def test_a_target_gets_the_time_it_asks_for_but_an_hour_at_most(db, asked, seconds):
    TargetState.note_down(CITY, "忙", asked)
    assert left("asked_until") == seconds
    assert left("resting_until") <= backoff.CAP_REST_S


def test_a_time_asked_for_is_kept_whatever_happens_meanwhile(away):
    TargetState.note_down(CITY, "忙", 600.0)
    TargetState.note_down(CITY, "连不上", None)
    TargetState.note_answer(CITY)
    TargetState.try_now()
    assert left("asked_until") == 600
    OutboxEntry.record([KEY], "publish", targets=[CITY])
    for _round in range(3):
        drain()
    assert calls_of_the_city(away) == []


def test_a_withdrawal_waits_for_it_half_a_minute_at_most(world):
    OutboxEntry.record([KEY], "withdraw", targets=[CITY])
    TargetState.note_down(CITY, "忙", 600.0)
    TargetState.objects.update(failed_at=from_now(2 - backoff.CAP_WITHDRAW_S))
    assert drain() == 0
    assert calls_of_the_city(world) == []
    TargetState.objects.update(failed_at=from_now(-1 - backoff.CAP_WITHDRAW_S))
    assert drain() == 1
    OutboxEntry.record(["f" * 32], "publish", targets=[CITY])
    assert drain() == 0  # the time it asked for is not over by one answer


def test_when_the_time_it_asked_for_is_over_everything_goes_on(world):
    OutboxEntry.record([KEY], "publish", targets=[CITY])
    TargetState.note_down(CITY, "忙", 600.0)
    TargetState.objects.update(asked_until=from_now(-1), resting_until=None)
    assert drain() == 1


def test_a_refusal_is_an_answer(item, away):
    TargetState.note_down(CITY, "连不上", None)
    TargetState.objects.update(resting_until=from_now(-1))
    away.answers[CITY, KEY] = TargetError("门户不接受该栏目", retryable=False)
    del away.answers[CITY]
    OutboxEntry.objects.all().delete()
    OutboxEntry.record([KEY], "bulk", targets=[CITY])
    drain()
    assert TargetState.objects.get(target=CITY).failures == 0


def test_a_withdrawal_goes_to_a_resting_target(item, away):
    OutboxEntry.record([KEY], "bulk")
    drain()
    withdraw(item, reason="发布有误")
    del away.answers[CITY]
    drain()
    assert sent_to_the_city(away)[0] == item.key


def test_one_answer_ends_the_rest(item, away):
    OutboxEntry.record([KEY], "bulk")
    drain()
    del away.answers[CITY]
    TargetState.objects.update(resting_until=from_now(-1))
    OutboxEntry.objects.update(next_at=from_now(-1))
    drain()
    state = TargetState.objects.get(target=CITY)
    assert (state.failures, state.resting_until) == (0, None)
    assert sent_to_the_city(away) == [KEY]


def test_a_paused_target_gets_withdrawals_only(world, item):
    TargetState.decide(CITY, Mode.PAUSED, by="officer", reason="门户升级")
    other = make_item()
    withdraw(item, reason="发布有误")
    drain()
    assert sent_to_the_city(world) == [item.key]
    TargetState.decide(CITY, Mode.OPEN, by="officer", reason="")
    drain()
    assert sent_to_the_city(world) == [item.key, other.key]


def test_a_fenced_target_gets_nothing_and_the_index_goes_on(world, item):
    TargetState.decide(CITY, Mode.FENCED, by="admin", reason="从备份恢复")
    withdraw(item, reason="发布有误")
    drain()
    assert sent_to_the_city(world) == []
    assert [target for target, _key, _version in world.sent] == ["index:local"]


def test_a_drain_that_runs_already_heeds_the_fence(world, item):
    make_item()
    TargetState.decide(CITY, Mode.FENCED, by="admin", reason="从备份恢复")
    assert drain_batch(CITY) is None
    TargetState.decide(CITY, Mode.PAUSED, by="officer", reason="门户升级")
    assert drain_batch(CITY) is None
    TargetState.decide(CITY, Mode.OPEN, by="officer", reason="")
    assert drain_batch(CITY).delivered == 1


def test_looking_at_the_targets_takes_one_query_more(
    world, item, django_assert_num_queries
):
    TargetState.decide(CITY, Mode.PAUSED, by="officer", reason="门户升级")
    with django_assert_num_queries(1):
        assert TargetState.limits(["index:local", CITY]) == ({"index:local"}, {CITY})
