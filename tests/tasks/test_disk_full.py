"""Full disks: refused in plain words, nothing half done, and it heals by itself.

Small file systems of their own (tmpfs, so as root) are filled to the last byte below a
running site.
"""

import contextlib
import os
import re
import sqlite3
import subprocess
import time

import httpx
import pytest
from django.db import connection

from tests.tasks.faults import Township
from tests.tasks.processes import SiteProcess

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        os.geteuid() != 0 and not os.environ.get("CI"), reason="needs root for tmpfs"
    ),
]
PASSWORD = "test-password"
FULL = "磁盘满了"


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """A file system of a few megabytes in a folder."""
    folder.mkdir(exist_ok=True)
    options = f"size={megabytes}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def filled(folder):
    """Every byte taken, until the block ends."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as handle:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while handle.write(b"\0" * size) == size:
                        pass
        yield
    finally:
        filler.unlink()


def copy_test_database(home):
    with (
        sqlite3.connect(connection.settings_dict["NAME"]) as source,
        sqlite3.connect(home / "gongkai.sqlite3") as copy,
    ):
        source.backup(copy)


@pytest.fixture(scope="module")
def disk(tmp_path_factory, django_db_setup, django_db_blocker):
    """A site whose whole home is on a small disk, and an officer's browser."""
    if connection.vendor != "sqlite":
        pytest.skip("has its own SQLite home")
    with small_disk(tmp_path_factory.mktemp("disk"), 40) as home:
        with django_db_blocker.unblock():
            copy_test_database(home)
        site = SiteProcess(home, {})
        made = Township(home, {"DJANGO_SETTINGS_MODULE": "tests.tasks.portal_settings"})
        try:
            made.start("11330099MB1A2B3C4D")
            site.items = made.do("found_people")
            made.stop()
            site.start()
            with httpx.Client(base_url=site.url, timeout=60) as site.desk:
                sign_in(site.desk, site.url)
                yield site
        finally:
            made.stop()
            site.stop()


def sign_in(desk, url):
    desk.get("/admin/login/")
    desk.headers["Referer"] = url
    form = {"username": "officer", "password": PASSWORD}
    form["csrfmiddlewaretoken"] = desk.cookies["csrftoken"]
    assert desk.post("/admin/login/", data=form).status_code == 302


def upload(site, name="材料.txt", size=1 << 20):
    desk = site.desk
    desk.headers["X-CSRFToken"] = desk.cookies["csrftoken"]
    return desk.post(
        "/admin/documents/multiple/add/",
        data={"title": name, "collection": "1"},
        files={"files[]": (name, b"a" * size, "text/plain")},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )


def stored(site):
    return sorted(path for path in (site.home / "media").rglob("*") if path.is_file())


def withdraw(site, item):
    page = f"/admin/withdraw/{item['pk']}/"
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', site.desk.get(page).text
    ).group(1)

    def send():
        form = {"kind": "mistake", "reason": "写错了", "csrfmiddlewaretoken": token}
        return site.desk.post(page, data=form)

    return send


def test_an_upload_is_refused_in_words_and_leaves_no_half_file(disk):
    assert upload(disk, "先传的.txt", 1000).json()["success"]
    before = stored(disk)
    with filled(disk.home):
        answer = upload(disk)
        said = answer.json()
        assert not said["success"]
        assert FULL in said["error_message"]
        assert stored(disk) == before
    assert upload(disk).json()["success"]
    assert len(stored(disk)) == len(before) + 1


def test_readers_notice_nothing(disk):
    addresses = ["/", disk.items[0]["url"], "/search/?q=低保", "/readyz"]
    with filled(disk.home):
        for address in addresses:
            assert httpx.get(disk.url + address, timeout=60).status_code == 200, address


def test_a_database_that_cannot_grow_changes_nothing_and_says_why(disk):
    item = disk.items[0]
    send = withdraw(disk, item)
    with contextlib.closing(sqlite3.connect(disk.home / "gongkai.sqlite3")) as own:
        own.execute("PRAGMA busy_timeout=20000")
        own.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with filled(disk.home):
        answer = send()
        assert answer.status_code == 507
        assert FULL in answer.text
        assert "什么也没有改变" in answer.text
        assert httpx.get(disk.url + item["url"], timeout=60).status_code == 200
    assert send().status_code == 302
    assert httpx.get(disk.url + item["url"], timeout=60).status_code == 410


@pytest.fixture(scope="module")
def township(portal_process, tmp_path_factory, django_db_setup, django_db_blocker):
    """A township whose index alone is on a small disk, beside a real portal."""
    home = tmp_path_factory.mktemp("index-disk")
    with django_db_blocker.unblock():
        copy_test_database(home)
    origin = portal_process.unused.pop()
    variables = {
        "GONGKAI_PORTALS": f"city={portal_process.url}",
        "GONGKAI_PORTAL_KEYS": f"city={portal_process.pairs[origin]}",
    }
    with small_disk(home / "index", 8):
        township = Township(home, variables)
        try:
            yield township.start(origin)
        finally:
            township.stop()


def test_an_index_that_cannot_grow_holds_up_nobody_and_catches_up(township):
    (old,) = township.do("publish")
    township.settle()
    with filled(township.home / "index"):
        (key,) = township.do("publish")
        township.do("withdraw_one", key=old)
        for _round in range(3):
            township.order("drain")
        assert township.do("why", target="index:local", key=key)
        assert township.do("why", target="portal:city", key=key) == ""
        assert township.do("why", target="portal:city", key=old) == ""
    began = time.monotonic()
    township.settle()
    assert time.monotonic() - began < 60
    assert township.do("problems") == []
