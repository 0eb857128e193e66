"""PostgreSQL is restarted below a running site: what was acknowledged is there."""

import os
import threading
import time
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from django.db import connection

from tests.tasks.faults import Township
from tests.tasks.own_postgres import own_postgres
from tests.tasks.processes import SiteProcess

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
BACK_WITHIN_S = 15


@pytest.fixture
def server(django_db_setup, django_db_blocker):
    """A server of its own with the migrated tables of the test database."""
    with own_postgres() as server, django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        shared = urlsplit(os.environ["DATABASE_URL"])
        server.copy(urlunsplit(shared._replace(path=f"/{name}")))
        yield server


def publish_until(stop, township, keys, failed):
    while not stop.is_set():
        status, answer = township.order("publish_one", title="重启时公开")
        if status == 0:
            keys.append(answer[0])
        else:
            failed.append(status)
        time.sleep(0.05)


def test_a_restart_at_once_loses_no_acknowledged_edit(server, tmp_path):
    database = {
        "GONGKAI_TEST_DATABASE": "postgresql",
        "DATABASE_URL": f"{server.url}?conn_max_age=60&conn_health_checks=true",
    }
    site = SiteProcess(tmp_path, {}, database=database)
    settings = {"DJANGO_SETTINGS_MODULE": "tests.tasks.portal_settings", **database}
    township = Township(tmp_path, settings)
    keys, failed, stop = [], [], threading.Event()
    try:
        township.start("11330099MB1A2B3C4D")
        township.do("publish")
        site.start()
        assert site.get("/")[0] == 200
        load = threading.Thread(
            target=publish_until, args=(stop, township, keys, failed)
        )
        load.start()
        time.sleep(1)
        server.control("-m", "immediate", "restart")
        began = time.monotonic()
        while httpx.get(f"{site.url}/readyz", timeout=30).status_code != 200:
            assert time.monotonic() < began + BACK_WITHIN_S
            time.sleep(0.2)
        time.sleep(1)
        stop.set()
        load.join()
        states = township.do("states", keys=keys)
        assert keys
        assert {state for state, _title in states.values()} == {"published"}
        assert set(township.do("live_keys")) >= set(keys)
        deadline = time.monotonic() + 60
        while township.do("behind"):  # the site's own threads deliver
            assert time.monotonic() < deadline, site.process.poll()
            time.sleep(0.5)
    finally:
        stop.set()
        site.stop()
        township.stop()
