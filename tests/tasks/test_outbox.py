import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tasks import backoff
from tasks.choices import Lane
from tasks.models import OutboxEntry
from tests.tasks.recording import KEY

OTHER = "f" * 32


def claim(names=("index:local", "portal:city"), limit=10, lease_s=30):
    return OutboxEntry.objects.claim_due(list(names), limit, lease_s)


def only_index(key=KEY):
    return OutboxEntry.objects.get(target="index:local", key=key)


def expire_leases():
    past = timezone.now() - timedelta(seconds=1)
    OutboxEntry.objects.exclude(claim="").update(lease_until=past)


@pytest.mark.django_db
def test_a_change_has_a_row_for_every_target(world):
    assert OutboxEntry.record([KEY], "publish") == 2
    rows = OutboxEntry.objects.values_list("target", "key", "wanted", "delivered")
    assert sorted(rows) == [("index:local", KEY, 1, 0), ("portal:city", KEY, 1, 0)]


@pytest.mark.django_db
def test_changes_of_one_item_coalesce_into_one_row(world):
    for _change in range(3):
        OutboxEntry.record([KEY], "publish")
    assert OutboxEntry.objects.count() == 2
    assert only_index().wanted == 3


@pytest.mark.django_db
def test_what_others_sent_is_indexed_but_not_sent_on(world):
    OutboxEntry.record([f"11330099MB1A2B3C4D.{KEY}"], "publish")
    assert [row.target for row in OutboxEntry.objects.all()] == ["index:local"]


@pytest.mark.django_db
def test_five_hundred_changes_take_few_statements(world, django_assert_max_num_queries):
    keys = [f"{number:032x}" for number in range(500)]
    with django_assert_max_num_queries(30):
        OutboxEntry.record(keys, "bulk")
    with django_assert_max_num_queries(10):
        OutboxEntry.record(keys, "bulk")
    assert OutboxEntry.objects.filter(wanted=2).count() == 1000


@pytest.mark.django_db
def test_a_pending_row_keeps_the_more_urgent_lane(world):
    OutboxEntry.record([KEY], "withdraw")
    OutboxEntry.record([KEY], "bulk")
    assert only_index().lane == Lane.WITHDRAW


@pytest.mark.django_db
def test_a_delivered_row_takes_the_lane_of_its_next_change(world):
    OutboxEntry.record([KEY], "withdraw")
    for entry in claim():
        assert entry.confirm(1, "a" * 64, {})
    OutboxEntry.record([KEY], "bulk")
    assert only_index().lane == Lane.BULK


@pytest.mark.django_db
def test_a_rolled_back_change_leaves_no_row(world):
    with pytest.raises(RuntimeError), transaction.atomic():
        OutboxEntry.record([KEY], "publish")
        raise RuntimeError
    assert not OutboxEntry.objects.exists()


@pytest.mark.django_db
def test_a_claimed_row_is_not_due_for_anybody_else(world):
    OutboxEntry.record([KEY], "publish")
    assert len(claim()) == 2
    assert claim() == []


@pytest.mark.django_db
def test_an_expired_lease_makes_the_row_due_again(world):
    OutboxEntry.record([KEY], "publish")
    (first,) = claim(["index:local"])
    expire_leases()
    (second,) = claim(["index:local"])
    assert second.pk == first.pk
    assert (second.attempts, second.interruptions) == (2, 1)
    assert second.claim != first.claim


@pytest.mark.django_db
def test_who_lost_the_lease_cannot_confirm(world):
    OutboxEntry.record([KEY], "publish")
    (slow,) = claim(["index:local"])
    expire_leases()
    (quick,) = claim(["index:local"])
    assert not slow.confirm(1, "a" * 64, {})
    assert quick.confirm(1, "a" * 64, {"url": "x"})
    assert only_index().delivered == 1
    assert only_index().receipt == {"url": "x"}


@pytest.mark.django_db
def test_who_lost_the_lease_cannot_postpone(world):
    OutboxEntry.record([KEY], "publish")
    (slow,) = claim(["index:local"])
    expire_leases()
    (quick,) = claim(["index:local"])
    slow.postpone("慢", 1)
    assert only_index().claim == quick.claim


@pytest.mark.django_db
def test_a_change_during_delivery_leaves_the_row_due(world):
    OutboxEntry.record([KEY], "publish")
    (entry,) = claim(["index:local"])
    OutboxEntry.record([KEY], "publish")
    assert entry.confirm(1, "a" * 64, {})
    (again,) = claim(["index:local"])
    assert (again.wanted, again.delivered) == (2, 1)


@pytest.mark.django_db
def test_withdrawals_are_claimed_first_and_bulk_last(world):
    for number, lane in enumerate(["bulk", "publish", "withdraw"]):
        OutboxEntry.record([f"{number:032x}"], lane)
    lanes = [claim(["index:local"], 1)[0].lane for _turn in range(3)]
    assert lanes == [Lane.WITHDRAW, Lane.PUBLISH, Lane.BULK]


@pytest.mark.django_db
def test_due_targets_name_the_most_urgent_first(world):
    OutboxEntry.record([KEY], "publish", targets=["index:local"])
    OutboxEntry.record([OTHER], "withdraw", targets=["portal:city"])
    assert OutboxEntry.objects.due_targets() == ["portal:city", "index:local"]


@pytest.mark.django_db
def test_a_failure_is_told_and_waits(world, monkeypatch):
    monkeypatch.setattr(backoff.random, "uniform", lambda low, high: high)
    OutboxEntry.record([KEY], "publish")
    (entry,) = claim(["index:local"])
    entry.postpone("门户答复 500", 1)
    row = only_index()
    assert row.last_error == "门户答复 500"
    assert not row.dead
    assert row.next_at > timezone.now()
    assert claim(["index:local"]) == []


@pytest.mark.django_db
def test_a_failure_of_an_older_version_does_not_delay_the_newer(world):
    OutboxEntry.record([KEY], "publish")
    (entry,) = claim(["index:local"])
    OutboxEntry.record([KEY], "publish")
    entry.postpone("门户答复 500", 1)
    assert len(claim(["index:local"])) == 1


@pytest.mark.django_db
def test_what_cannot_heal_is_given_up_until_somebody_retries(world):
    OutboxEntry.record([KEY], "publish")
    (entry,) = claim(["index:local"])
    entry.postpone("门户不接受该栏目", 1, retryable=False)
    assert only_index().dead
    assert claim(["index:local"]) == []
    assert OutboxEntry.objects.filter(pk=entry.pk).retry() == 1
    assert len(claim(["index:local"])) == 1


@pytest.mark.django_db
def test_too_many_attempts_are_given_up(world):
    OutboxEntry.record([KEY], "publish")
    OutboxEntry.objects.update(attempts=backoff.MAX_ATTEMPTS - 1)
    (entry,) = claim(["index:local"])
    entry.postpone("门户答复 500", 1)
    assert only_index().dead


@pytest.mark.django_db
def test_a_target_that_is_down_makes_nothing_dead(world):
    OutboxEntry.record([KEY], "publish")
    OutboxEntry.objects.update(attempts=10_000)
    (entry,) = claim(["index:local"])
    entry.postpone("连接不上", 1, down=True)
    assert not only_index().dead


@pytest.mark.django_db
def test_a_withdrawal_is_never_given_up_and_waits_thirty_seconds_at_most(world):
    OutboxEntry.record([KEY], "withdraw")
    OutboxEntry.objects.update(attempts=10_000)
    (entry,) = claim(["index:local"])
    entry.postpone("门户答复 500", 1, retryable=False)
    row = only_index()
    assert not row.dead
    assert row.next_at <= timezone.now() + timedelta(seconds=31)


@pytest.mark.django_db
def test_a_new_change_revives_what_was_given_up(world):
    OutboxEntry.record([KEY], "publish")
    (entry,) = claim(["index:local"])
    entry.postpone("门户不接受该栏目", 1, retryable=False)
    OutboxEntry.record([KEY], "publish")
    row = only_index()
    assert (row.dead, row.last_error, row.attempts) == (False, "", 0)


@pytest.mark.django_db
def test_healing_goes_above_what_the_target_holds(world):
    OutboxEntry.record([KEY, OTHER], "publish")
    assert OutboxEntry.heal("index:local", {KEY: 7, OTHER: 0}) == 2
    assert (only_index(KEY).wanted, only_index(OTHER).wanted) == (8, 2)


@pytest.mark.parametrize(
    ("attempts", "cap_s", "high"),
    [(0, 3600, 1), (3, 3600, 8), (1000, 3600, 3600), (9, 30, 30)],
)
def test_waiting_is_jittered_and_capped(attempts, cap_s, high):
    waits = [backoff.delay_s(attempts, cap_s=cap_s) for _turn in range(50)]
    assert 0 <= min(waits) < max(waits)
    assert max(waits) <= high


def test_concurrent_claimers_never_claim_a_row_twice(world, committed):
    keys = [f"{number:032x}" for number in range(200)]
    OutboxEntry.record(keys, "bulk", targets=["index:local"])
    claimed, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait()
        try:
            while rows := claim(["index:local"], 7):
                claimed.extend(row.pk for row in rows)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(set(claimed))
    assert len(claimed) == 200


def test_concurrent_writers_lose_no_change(world, committed):
    keys = [f"{number:032x}" for number in range(40)]
    barrier, failures = threading.Barrier(4), []

    def work(order):
        barrier.wait()
        try:
            for _turn in range(5):
                OutboxEntry.record(order, "publish")
        except Exception as error:
            failures.append(error)
            raise
        finally:
            connection.close()

    orders = [keys, keys[::-1], keys, keys[::-1]]
    threads = [threading.Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(OutboxEntry.objects.values_list("wanted", flat=True)) == {20}
