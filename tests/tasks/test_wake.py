import os
import shutil
import signal
import subprocess
import time

import pytest
import redis

from tasks import wake
from tests.tasks.processes import free_port

LIMIT_S = 1.0


@pytest.fixture
def production(settings, monkeypatch, world):
    """As in production: hints go to a broker of this test."""
    settings.GONGKAI_EMBEDDED_JOBS = False
    monkeypatch.setattr(wake, "_muted_until", 0.0)

    def use(url):
        settings.REDIS_URL = url
        monkeypatch.setattr(wake.app.conf, "broker_url", url)
        monkeypatch.setattr(wake.app.conf, "broker_write_url", url)

    return use


@pytest.fixture
def redis_server(tmp_path):
    """A Redis of this test's own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--dir", str(tmp_path), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)
    for _turn in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    try:
        yield process, client, f"redis://127.0.0.1:{port}/0"
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()


def seconds(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began


def test_a_thread_that_listens_is_woken():
    event = wake.listen()
    wake.wake()
    assert event.is_set()
    wake.forget(event)


def test_each_target_gets_a_hint(production, redis_server):
    _process, client, url = redis_server
    production(url)
    wake.wake()
    assert client.llen("celery") == 2


def test_a_dead_broker_costs_nothing_and_raises_nothing(production):
    production(f"redis://127.0.0.1:{free_port()}/0")
    assert seconds(wake.wake) < LIMIT_S


def test_a_hanging_broker_costs_less_than_a_second(production, redis_server):
    process, _client, url = redis_server
    production(url)
    os.kill(process.pid, signal.SIGSTOP)
    assert seconds(wake.wake) < LIMIT_S


def test_after_a_failure_the_broker_is_left_alone_for_a_while(
    production, redis_server, monkeypatch
):
    _process, client, url = redis_server
    production(f"redis://127.0.0.1:{free_port()}/0")
    wake.wake()
    production(url)
    wake.wake()
    assert client.llen("celery") == 0
    monkeypatch.setattr(wake, "_muted_until", 0.0)
    wake.wake()
    assert client.llen("celery") == 2
