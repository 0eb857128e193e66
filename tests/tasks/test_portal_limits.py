"""How many batches a portal gets at once, counted in the database for all hosts."""

import contextlib
import os
import subprocess
import sys
import threading
import time
import uuid

import pytest
from django.db import connection

from tasks.drain import drain
from tasks.models import OutboxEntry, TargetState
from tasks.models.outbox import from_now
from tests.tasks.processes import ROOT, copied_database

CITY = "portal:city"


@contextlib.contextmanager
def free_place(name, most):
    """As on a host of its own: nobody else is there."""
    yield 0


@pytest.fixture
def hosts(world, committed, monkeypatch):
    """Threads that stand for hosts: only the database knows of all of them."""
    monkeypatch.setattr("tasks.drain.target_place", free_place)
    TargetState.objects.all().delete()
    yield world
    TargetState.objects.all().delete()


class Crowd:
    """Counts who is at the portal at once; each stays a while."""

    def __init__(self, stay_s):
        self.stay_s, self.now, self.most = stay_s, 0, 0
        self.lock = threading.Lock()

    def __call__(self, version, state):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.stay_s)
        with self.lock:
            self.now -= 1


def record(world, count, lane, answer=None):
    keys = [uuid.uuid4().hex for _ in range(count)]
    world.answers |= {(CITY, key): answer for key in keys}
    OutboxEntry.record(keys, lane, targets=[CITY])
    return keys


def side_by_side(count, act):
    """Run ``act`` in threads with connections of their own; wait for all."""

    def run():
        try:
            act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(count)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_portal_gets_as_many_batches_at_once_as_it_may(hosts, at_once):
    TargetState.objects.create(target=CITY, at_once=at_once)
    crowd = Crowd(stay_s=0.1)
    record(hosts, 12, "publish", crowd)
    ends = time.monotonic() + 30

    def work():
        while OutboxEntry.objects.pending().exists() and time.monotonic() < ends:
            drain(only=[CITY])
            time.sleep(0.01)

    for thread in side_by_side(5, work):
        thread.join()
    assert crowd.most == at_once
    assert len({key for _target, key, _version in hosts.sent}) == 12
    assert len(hosts.sent) == 12


def test_a_withdrawal_waits_for_no_batch_that_is_on_its_way(hosts):
    inside, leave = threading.Event(), threading.Event()

    def hold(version, state):
        inside.set()
        assert leave.wait(20)

    record(hosts, 1, "publish", hold)
    threads = side_by_side(1, lambda: drain(only=[CITY]))
    try:
        assert inside.wait(20)
        (late,) = record(hosts, 1, "publish")
        (gone,) = record(hosts, 1, "withdraw")
        assert drain(only=[CITY]) == 1
        assert [key for _target, key, _version in hosts.sent] == [gone]
        assert drain(only=[CITY]) == 0  # the other one waits for a place
    finally:
        leave.set()
        for thread in threads:
            thread.join()
    drain(only=[CITY])  # unless the other one, free again, took it
    assert hosts.sent[-1][1] == late


def test_a_process_that_died_keeps_its_place_until_its_lease_is_over(hosts):
    record(hosts, 1, "publish")
    assert OutboxEntry.objects.claim_due([CITY], 1, 30)  # and then it died
    record(hosts, 1, "publish")
    assert drain(only=[CITY]) == 0
    OutboxEntry.objects.exclude(claim="").update(lease_until=from_now(-1))
    assert drain(only=[CITY]) == 2


def test_the_limit_of_one_portal_is_not_that_of_another(hosts, settings):
    settings.GONGKAI_PORTALS |= {"other": "http://127.0.0.1:9"}
    record(hosts, 1, "publish")
    assert OutboxEntry.objects.claim_due([CITY], 1, 30)
    OutboxEntry.record([uuid.uuid4().hex], "publish")
    assert drain(only=["portal:other"]) == 1


def test_an_index_has_no_limit_of_this_kind(hosts):
    OutboxEntry.record([uuid.uuid4().hex], "publish", targets=["index:local"])
    assert OutboxEntry.objects.claim_due(["index:local"], 1, 30)
    OutboxEntry.record([uuid.uuid4().hex], "publish", targets=["index:local"])
    assert drain(only=["index:local"]) == 1


@pytest.mark.postgresql
@pytest.mark.django_db
def test_three_hosts_together_send_no_more_than_two_batches_at_once(
    fault_server, tmp_path, django_db_setup, django_db_blocker
):
    """Processes with homes of their own share nothing but the database."""
    fault_server.misbehave("honest", seconds=0.15)
    with django_db_blocker.unblock(), copied_database(connection, tmp_path) as names:
        environment = {
            **os.environ,
            **names,
            "DJANGO_SETTINGS_MODULE": "tests.tasks.drain_settings",
            "GONGKAI_TEST_PORTAL": fault_server.url,
        }

        def start(number, *act):
            return subprocess.Popen(
                [sys.executable, "-m", "tests.tasks.drain_process", *act],
                cwd=ROOT,
                env={**environment, "GONGKAI_HOME": str(tmp_path / str(number))},
            )

        assert start(0, "prepare", "40", "2").wait(60) == 0
        hosts = [start(number, "drain") for number in range(3)]
        assert [host.wait(90) for host in hosts] == [0, 0, 0]
    assert fault_server.most_at_once() == 2
    puts = [line for line in fault_server.asked() if line.startswith("PUT")]
    assert len(puts) == len(set(puts)) == 40
