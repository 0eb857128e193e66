"""Broker and scheduler misbehave below a production site; the outbox does not care."""

import base64
import contextlib
import json
import signal
import time
import uuid

import httpx
import pytest
import redis

from tests import sites

pytestmark = pytest.mark.services
QUEUE = "celery"
ENVELOPE = {
    "content-encoding": "utf-8",
    "content-type": "application/json",
    "properties": {
        "body_encoding": "base64",
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "delivery_mode": 2,
        "delivery_tag": "old",
        "priority": 0,
        "correlation_id": "old",
    },
}


def broker(site):
    return redis.Redis.from_url(site.environments["web"]["REDIS_URL"])


def pending(site):
    """Rows that wait, of every target; None while the site does not tell."""
    with contextlib.suppress(httpx.TransportError, ValueError, KeyError):
        rows = httpx.get(f"{site.url}/readyz", timeout=10).json()["outbox"].values()
        return sum(row["pending"] + row["dead"] for row in rows)
    return None


def settled(site, timeout_s=90):
    """Wait until nothing is due; returns the seconds it took."""
    began = time.monotonic()
    while pending(site) != 0:
        assert time.monotonic() < began + timeout_s, site.log("worker")[-3000:]
        time.sleep(0.5)
    return time.monotonic() - began


def equal(site):
    report = json.loads(site.manage("reconcile", "--json", check=False))
    lists = ("missing", "extra", "stale", "visible_but_withdrawn")
    return all(not row[name] for row in report for name in lists)


def say_old_things(client):
    """What an older version, or anybody, may have left in the queue."""

    def say(task, body, kind="application/json"):
        headers = {"lang": "py", "task": task, "id": str(uuid.uuid4())}
        told = {
            **ENVELOPE,
            "body": base64.b64encode(body).decode(),
            "headers": headers,
            "content-type": kind,
        }
        client.lpush(QUEUE, json.dumps(told))

    say("tasks.gone_since", b"[[], {}, {}]")
    say("tasks.deliver", b'[["portal:none"], {}, {}]')
    say("tasks.deliver", b"[[1, 2, 3], {}, {}]")
    say("tasks.deliver", b"not json")
    say("tasks.deliver", b"\x80\x04]\x94.", "application/x-python-serialize")


def publish(site, seed):
    reviewed = ("--reviewed-by", "演练")
    site.manage("generate", "2", "--seed", str(seed), "--publish", *reviewed)


def test_old_and_broken_messages_stop_no_worker(production_site):
    settled(production_site)
    worker = production_site.processes["worker"]
    client = broker(production_site)
    say_old_things(client)
    publish(production_site, 71)
    settled(production_site)
    assert sites.tree(worker), "the worker ended"
    assert client.llen(QUEUE) < 50


def test_a_flushed_broker_and_a_killed_beat_lose_nothing(production_site):
    production_site.kill("beat")
    broker(production_site).flushdb()
    publish(production_site, 72)
    broker(production_site).flushdb()  # the hint goes, too
    production_site.start("beat")
    assert settled(production_site) < 60
    assert sites.tree(production_site.processes["worker"])


def test_two_beats_do_nothing_twice(production_site):
    first = production_site.processes["beat"]
    production_site._spawn("beat", {})  # the first one goes on
    second = production_site.processes["beat"]
    try:
        publish(production_site, 73)
        settled(production_site)
        assert equal(production_site)
    finally:
        sites.end_tree(second, signal.SIGTERM)
        production_site.processes["beat"] = first
