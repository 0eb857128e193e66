import threading
import time

import pytest

from tasks import embedded, schedule
from tasks.models import OutboxEntry
from tasks.wake import wake
from tests.tasks.recording import KEY


@pytest.fixture
def threads(settings, world, committed, monkeypatch):
    """The embedded threads, running, with nothing periodic."""
    settings.GONGKAI_EMBEDDED_JOBS = True
    monkeypatch.setattr(embedded, "periodic_jobs", list)
    monkeypatch.setattr(embedded, "rebuild_wanted", lambda name: False)
    monkeypatch.setattr(embedded, "REST_S", 0.1)
    world.sealed = []
    monkeypatch.setattr(embedded, "seal", lambda: world.sealed.append(1))
    assert embedded.start()
    yield world
    embedded.stop()


def test_no_alarm_waits_for_a_slow_job(settings, world, committed, monkeypatch):
    ran, ends = [], threading.Event()
    monkeypatch.setattr(embedded, "rebuild_wanted", lambda name: False)
    monkeypatch.setattr(embedded, "seal", lambda: None)
    paths = {"slow": lambda: ends.wait(10), "quick": lambda: ran.append(1)}
    monkeypatch.setattr(embedded, "import_string", paths.get)
    jobs = [
        schedule.Periodic("slow", "slow", 60, first_s=0, slow=True),
        schedule.Periodic("quick", "quick", 0.1, first_s=0),
    ]
    monkeypatch.setattr(embedded, "periodic_jobs", lambda: jobs)
    settings.GONGKAI_EMBEDDED_JOBS = True
    assert embedded.start()
    try:
        assert wait_for(lambda: len(ran) > 1)
    finally:
        ends.set()
        embedded.stop()


def delivered():
    return OutboxEntry.objects.filter(delivered__gt=0).count()


def wait_for(fact, limit_s=5.0):
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        if fact():
            return True
        time.sleep(0.02)
    return False


def test_threads_deliver_what_another_process_wrote(threads):
    OutboxEntry.record([KEY], "publish")  # nobody wakes them: they look by themselves
    assert wait_for(lambda: delivered() == 2)


def test_threads_are_woken_at_once(threads, monkeypatch):
    time.sleep(embedded.POLL_S)
    began = time.monotonic()
    OutboxEntry.record([KEY], "publish")
    wake()
    assert wait_for(lambda: delivered() == 2)
    assert time.monotonic() - began < 10 * embedded.POLL_S


def test_threads_survive_any_exception(threads, monkeypatch):
    failures = []

    def broken(**kwargs):
        failures.append(kwargs)
        raise RuntimeError("broken")

    working = embedded.drain
    monkeypatch.setattr(embedded, "drain", broken)
    assert wait_for(lambda: len(failures) > 2)
    monkeypatch.setattr(embedded, "drain", working)
    OutboxEntry.record([KEY], "publish")
    assert wait_for(lambda: delivered() == 2)


def test_a_thread_of_its_own_seals_the_audit_chain(threads, monkeypatch):
    assert embedded.SEAL_S <= 5
    assert wait_for(lambda: threads.sealed)
    before = len(threads.sealed)
    wake()
    assert wait_for(lambda: len(threads.sealed) > before)


def test_starting_twice_starts_once(threads):
    assert not embedded.start()


def test_nothing_starts_where_celery_does_the_work(settings, world):
    settings.GONGKAI_EMBEDDED_JOBS = False
    assert not embedded.start()


def test_the_ticker_runs_each_job_when_it_is_due(monkeypatch):
    ran = []
    monkeypatch.setattr(
        embedded, "import_string", lambda path: lambda: ran.append(path)
    )
    clock = [0.0]
    monkeypatch.setattr(embedded.time, "monotonic", lambda: clock[0])
    step = embedded._ticker(
        [
            schedule.Periodic("often", "often", 10),
            schedule.Periodic("seldom", "seldom", 60),
            schedule.Periodic("beat only", "beat", 1, embedded=False),
        ]
    )
    for clock[0] in range(0, 61, 5):
        step()
    assert ran.count("seldom") == 1
    assert ran.count("often") == 6
    assert "beat" not in ran
