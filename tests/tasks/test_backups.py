"""Backups: whole, checked before anything changes, and refused when they are not."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from tasks import withdrawn_list
from tasks.backups import databases
from tasks.backups.archive import BadBackup, verify
from tasks.drain import drain
from tasks.models import Mode, OutboxEntry, TargetState
from tasks.reconciliation import Difference, Report
from tests.factories import make_item, make_people, make_user
from tests.stores import own_stores
from tests.tasks.processes import ROOT

CITY = "portal:city"


def written(path, parts, listed=None):
    """A backup with these parts; ``listed``: what its manifest says instead."""
    manifest = {
        "made_at": "2026-11-27T08:00:00+08:00",
        "vendor": "sqlite",
        "migrations": [],
        "reached": 1,
        "items": 1,
        "format": 1,
        "parts": [],
    }
    with tarfile.open(path, "w") as tar:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        if listed is not None:
            text = json.dumps(manifest | listed).encode()
            info = tarfile.TarInfo("manifest.json")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    return path


def part(name, content):
    digest = hashlib.sha256(content).hexdigest()
    return {"name": name, "bytes": len(content), "sha256": digest}


BASE = b"SQLite"


@pytest.mark.parametrize(
    ("parts", "listed", "told"),
    [
        ({"database": BASE}, None, "清单不见了"),
        ({"database": BASE}, {"parts": [part("database", b"SQLitE")]}, "与清单不符"),
        ({}, {"parts": [part("database", BASE)]}, "与清单不符"),
        ({"database": BASE, "media/x": b""}, {"parts": [part("database", BASE)]}, "x"),
        ({"media/../../x": BASE}, {"parts": []}, "不该有的东西"),
        ({"/etc/passwd": BASE}, {"parts": []}, "不该有的东西"),
        ({"media/x": BASE}, {"parts": [part("media/x", BASE)]}, "没有数据库"),
        ({"database": BASE}, {"format": 2}, "更新的版本"),
        ({"database": BASE}, {"parts": "x"}, "清单读不懂"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_in_words(tmp_path, parts, listed, told):
    path = written(tmp_path / "b.tar", parts, listed)
    with pytest.raises(BadBackup, match=told):
        verify(path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_backup_that_was_cut_off_is_refused(tmp_path):
    content = os.urandom(100_000)
    path = written(
        tmp_path / "b.tar",
        {"database": content},
        {"parts": [part("database", content)]},
    )
    assert verify(path).parts
    for kept in (0, 600, 50_000, 100_600):
        cut = tmp_path / f"cut-{kept}.tar"
        cut.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(BadBackup):
            verify(cut)


@pytest.mark.django_db
def test_a_refused_backup_changes_nothing(tmp_path):
    item = make_item()
    path = written(tmp_path / "b.tar", {"database": BASE}, {"parts": []})
    with pytest.raises(CommandError, match="什么也没有改变"):
        call_command("restore", str(path), yes=True, stderr=StringIO())
    item.refresh_from_db()
    assert item.live


@pytest.mark.django_db
def test_a_backup_of_a_later_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.backups.restoring.connection", FakeConnection())
    listed = {
        "parts": [part("database", BASE)],
        "migrations": ["gongkai_tasks.9999_from_the_future", "other_app.0001_initial"],
    }
    path = written(tmp_path / "b.tar", {"database": BASE}, listed)
    with pytest.raises(CommandError, match="更新的版本"):
        call_command("restore", str(path), yes=True, stderr=StringIO())


class FakeConnection:
    vendor = "sqlite"


def test_a_damaged_database_inside_is_noticed(tmp_path):
    copy = tmp_path / "database"
    copy.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(databases.DatabaseTrouble):
        databases._check_sqlite(copy)


@pytest.mark.django_db
def test_the_list_of_withdrawals_survives_a_cut_line_and_repeats(settings, tmp_path):
    settings.GONGKAI_WITHDRAWN_LIST = tmp_path / "withdrawn.jsonl"
    line = withdrawn_list.Line("a" * 32, "2026-11-27T08:00:00+08:00", "写错了")
    assert withdrawn_list.append([line]) == 1
    assert withdrawn_list.append([line]) == 0
    with settings.GONGKAI_WITHDRAWN_LIST.open("a") as handle:
        handle.write('{"key": "bbb')  # killed here
    other = withdrawn_list.Line("c" * 32, "2026-11-27T09:00:00+08:00")
    assert withdrawn_list.append([other]) == 1
    assert list(withdrawn_list.lines()) == [line, other]


@pytest.fixture
def fenced(world, client, monkeypatch):
    """A fenced portal that has one item newer and one that nobody knows here."""
    item = make_item("关于低保金发放的公示")
    people = make_people()
    drain()
    TargetState.decide(CITY, Mode.FENCED, by="系统", reason="恢复了备份")
    unknown = "e" * 32
    report = Report(
        CITY,
        differences={
            item.key: Difference("stale", 7),
            unknown: Difference("extra", 2),
        },
    )
    monkeypatch.setattr("tasks.ahead.examine", lambda target: report)
    client.force_login(people["officer"])
    return {"item": item, "unknown": unknown, "people": people}


@pytest.mark.django_db
def test_the_desk_shows_what_is_newer_there_and_sends_what_is_ticked(client, fenced):
    address = reverse("gongkai_target_ahead", args=[CITY])
    assert address in client.get(reverse("gongkai_targets")).content.decode()
    text = client.get(address).content.decode()
    assert "关于低保金发放的公示" in text
    assert "门户的内容是后来的" in text
    assert "门户有，本站没有" in text
    answer = client.post(address, {"key": [fenced["item"].key]}, follow=True)
    assert "1 条以本站为准" in answer.content.decode()
    row = OutboxEntry.objects.get(target=CITY, key=fenced["item"].key)
    assert row.wanted == 8
    assert row.pending
    assert not OutboxEntry.objects.filter(target=CITY, key=fenced["unknown"]).exists()
    assert drain() == 0  # it stays fenced until somebody lets it go on


@pytest.mark.django_db
def test_only_who_answers_for_deliveries_decides(client, fenced):
    address = reverse("gongkai_target_ahead", args=[CITY])
    client.force_login(fenced["people"]["clerk"])
    assert client.get(address).status_code in (302, 403)
    assert client.post(address, {"key": [fenced["unknown"]]}).status_code in (302, 403)
    client.force_login(make_user("inspector", "监督检查"))
    assert client.get(address).status_code == 200
    assert client.post(address, {"key": [fenced["unknown"]]}).status_code in (302, 403)
    assert not OutboxEntry.objects.filter(key=fenced["unknown"]).exists()


ACTS = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.withdrawal import withdraw
from tasks.models import Installation, TargetState
from tests.factories import make_document, make_item, make_site
act = sys.argv[1]
if act == "fill":
    call_command("migrate", verbosity=0)
    make_site()
    kept = make_item("备份里的", documents=[make_document("附件.txt", b"one")])
    gone = make_item("后来撤回的")
if act == "change":
    make_item("备份以后的", documents=[make_document("后来.txt", b"two")])
    withdraw(DisclosureItemPage.objects.get(title="后来撤回的"), reason="写错了")
print(json.dumps({
    "live": sorted(DisclosureItemPage.objects.live().values_list("title", flat=True)),
    "modes": list(TargetState.objects.values_list("target", "mode")),
    "epoch": Installation.made().epoch,
}))
"""


@pytest.mark.services
def test_postgresql_is_backed_up_and_restored_as_a_whole(tmp_path):
    """Database and files, with what was withdrawn since; a damaged one does nothing."""
    key = base64.b64encode(b"k" * 32).decode()
    with own_stores() as stores:
        environment = {
            **{n: v for n, v in os.environ.items() if not n.startswith("GONGKAI_")},
            **stores,
            "DJANGO_SETTINGS_MODULE": "cms.settings.production",
            "SECRET_KEY": "x" * 50,
            "ALLOWED_HOSTS": "127.0.0.1",
            "GONGKAI_HOME": str(tmp_path / "home"),
            "GONGKAI_PORTALS": "city=http://127.0.0.1:9",
            "GONGKAI_PORTAL_KEYS": f"city=whsec_{key}",
        }

        def run(*command, good=True):
            done = subprocess.run(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert (done.returncode == 0) is good, done.stderr[-3000:]
            return done.stdout if good else done.stderr

        def act(name):
            return json.loads(run("-c", ACTS, name).splitlines()[-1])

        backup = tmp_path / "b.tar"
        before = act("fill")
        told = json.loads(run("manage.py", "backup", str(backup), "--json"))
        assert told["items"] == len(before["live"])
        assert backup.stat().st_mode & 0o077 == 0
        assert "备份以后的" in act("change")["live"]
        damaged = tmp_path / "damaged.tar"
        content = bytearray(backup.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        assert "什么也没有改变" in run(
            "manage.py", "restore", str(damaged), "--yes", good=False
        )
        assert "备份以后的" in act("look")["live"]
        told = json.loads(run("manage.py", "restore", str(backup), "--yes", "--json"))
        assert told["taken_back"] == 1
        after = act("look")
        assert after["live"] == [t for t in before["live"] if t != "后来撤回的"]
        assert after["modes"] == [[CITY, "fenced"]]
        assert after["epoch"] > before["epoch"]
        names = [p.name for p in (tmp_path / "home/media").rglob("*.txt")]
        assert any(name.startswith("附件") for name in names)
        assert not any(name.startswith("后来") for name in names)
