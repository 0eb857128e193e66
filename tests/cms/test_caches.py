"""Readers are served, and what is withdrawn is gone, while Redis is down or hangs."""

import signal
import socket
import time

import pytest
from django.core.cache import cache

from cms import caches
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_item
from tests.tasks.processes import free_port
from tests.tasks.test_wake import redis_server  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def use(settings, monkeypatch):
    """Cache on this Redis, as in production."""
    monkeypatch.setattr(caches.ForgivingRedisCache, "_quiet_until", 0.0)

    def on(port):
        settings.CACHES = {
            "default": {
                "BACKEND": "cms.caches.ForgivingRedisCache",
                "LOCATION": f"redis://127.0.0.1:{port}/0",
            }
        }

    return on


@pytest.fixture
def silent_port():
    """Somebody listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("fault", ["down", "hanging"])
def test_pages_and_withdrawals_do_not_wait_for_redis(client, use, silent_port, fault):
    item = make_item()
    assert client.get(item.url).status_code == 200
    use(free_port() if fault == "down" else silent_port)
    began = time.monotonic()
    assert client.get(item.url).status_code == 200
    assert withdraw(item, reason="发布有误")
    assert client.get(item.url).status_code == 410
    assert client.get("/feedback/").status_code == 200
    assert time.monotonic() - began < 4.0  # four requests; a client would retry longer


def test_a_redis_that_goes_away_is_an_empty_cache(use, redis_server, monkeypatch):  # noqa: F811
    process, redis, url = redis_server
    use(url.rpartition(":")[2].partition("/")[0])
    monkeypatch.setattr(caches, "QUIET_S", 0.0)
    cache.set("word", "云溪")
    assert cache.get("word") == "云溪"
    assert cache.add("word", "x") is False
    assert cache.add("count", 0)
    assert cache.incr("count") == 1
    process.send_signal(signal.SIGSTOP)
    assert cache.get("word", "none") == "none"
    cache.set("word", "x")
    assert cache.add("count", 0) is True
    assert cache.incr("count") == 1
    assert cache.get_many(["word"]) == {}
    assert not cache.has_key("word")
    cache.delete("word")
    cache.delete_many(["word"])
