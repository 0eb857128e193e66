"""Parts of a restore: what it refuses, what it puts in place, what it leaves."""

import os
import sqlite3
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cms.approval import publication_approved
from disclosure_pages.models import DisclosureDocument, ExternalFile
from disclosure_pages.services.withdrawal import withdraw
from tasks import marks, withdrawn_list
from tasks.backups import databases, restoring
from tests.factories import make_document, make_item
from tests.tasks.test_backups import BASE, part, written


@pytest.fixture
def home(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path / "home"
    settings.GONGKAI_HOME.mkdir()
    settings.GONGKAI_WITHDRAWN_LIST = settings.GONGKAI_HOME / "withdrawn.jsonl"
    return settings.GONGKAI_HOME


def listed(page, **told):
    at = (timezone.now() + timedelta(seconds=1)).isoformat()
    withdrawn_list.append([withdrawn_list.Line(page.key, at, **told)])


def planned(item):
    """The item with an approved edit that goes out in an hour."""
    item.go_live_at = timezone.now() + timedelta(hours=1)
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    return item.revisions.exclude(approved_go_live_at=None)


@pytest.mark.django_db
def test_a_planned_edit_that_was_called_off_takes_no_page_back(home):
    item = make_item()
    waiting = planned(item)
    assert waiting.exists()
    listed(item)
    assert withdrawn_list.take_back_again() == 1
    item.refresh_from_db()
    assert item.live
    assert not waiting.exists()
    assert withdrawn_list.take_back_again() == 0


@pytest.mark.django_db
def test_a_plan_called_off_later_does_not_hide_the_withdrawal(home):
    item = make_item()
    listed(item, reason="写错了", kind="repealed")
    listed(item)
    assert withdrawn_list.take_back_again() == 1
    item.refresh_from_db()
    assert (item.live, item.withdrawn_reason) == (False, "写错了")
    assert item.withdrawn_kind == "repealed"


@pytest.mark.django_db
def test_a_plan_made_after_another_was_called_off_stays(home):
    item = make_item()
    at = timezone.now().isoformat()
    withdrawn_list.append([withdrawn_list.Line(item.key, at)])
    waiting = planned(item)
    waiting.update(created_at=timezone.now() - timedelta(days=1))
    assert withdrawn_list.take_back_again() == 0
    assert waiting.exists()


def made(path, text):
    with sqlite3.connect(path) as opened:
        opened.execute("CREATE TABLE told (text)")
        opened.execute("INSERT INTO told VALUES (?)", [text])
    opened.close()
    return path


def told(path):
    with sqlite3.connect(path) as opened:
        return opened.execute("SELECT text FROM told").fetchone()[0]


def test_a_database_that_cannot_be_written_is_not_put_aside(tmp_path):
    copy, target = made(tmp_path / "copy", "new"), made(tmp_path / "db", "old")
    (tmp_path / "db-journal").mkdir()
    with pytest.raises(databases.DatabaseTrouble):
        databases._load_sqlite(copy, target)
    (tmp_path / "db-journal").rmdir()
    assert told(target) == "old"
    assert not (tmp_path / "db.damaged").exists()


def test_what_is_no_database_is_put_aside(tmp_path):
    copy, target = made(tmp_path / "copy", "new"), tmp_path / "db"
    target.write_bytes(b"no database" * 500)
    databases._load_sqlite(copy, target)
    assert told(target) == "new"
    assert (tmp_path / "db.damaged").read_bytes().startswith(b"no database")


@pytest.mark.django_db
@pytest.mark.parametrize("before", [False, True])
def test_a_failed_load_lets_the_site_go_on(home, tmp_path, monkeypatch, before):
    def fail(copy):
        assert marks.restoring().exists()
        raise databases.DatabaseTrouble("磁盘满了")

    monkeypatch.setattr(databases, "load", fail)
    monkeypatch.setattr(restoring, "site_runs", lambda: False)
    if before:
        marks.restoring().touch()
    path = written(tmp_path / "b.tar", {"database": BASE}, OK)
    with pytest.raises(databases.DatabaseTrouble):
        restoring.restore(path, restoring.verify_archive(path))
    assert marks.restoring().exists() is before


OK = {"parts": [part("database", BASE)]}


@pytest.mark.django_db
def test_an_unfinished_restore_and_a_bad_mark_are_told(home, settings, client, capsys):
    settings.GONGKAI_MARK = home / "sent-mark.json"
    marks.keep(marks.present(make=True))
    assert client.get("/readyz").json()["deliveries"] == {
        "restoring": False,
        "mark": True,
    }
    marks.restoring().touch()
    settings.GONGKAI_MARK.unlink()
    assert client.get("/readyz").json()["deliveries"] == {
        "restoring": True,
        "mark": False,
    }
    call_command("targets")
    assert "恢复备份没有做完" in "".join(capsys.readouterr().err.split())


def test_secrets_belong_to_their_database(home, settings, tmp_path):
    target, copy = home / "secrets.env", tmp_path / "secrets.env"
    target.write_text("SECRET_KEY=new\nPAIR_KEY=whsec_new\n")
    copy.write_text("SECRET_KEY=old\nPAIR_KEY=whsec_old=\n")
    settings.SECRET_KEY = "new"
    restoring._put_secrets(copy, target)
    assert target.read_text().startswith("SECRET_KEY=old")
    assert (home / "secrets.env.before").read_text().startswith("SECRET_KEY=new")
    assert settings.SECRET_KEY == "old"
    copy.write_text(target.read_text())
    restoring._put_secrets(copy, target)
    assert (home / "secrets.env.before").read_text().startswith("SECRET_KEY=new")


def refused(path, why):
    with pytest.raises(CommandError, match=why):
        call_command("restore", str(path), yes=True, stderr=StringIO())


@pytest.mark.django_db
def test_a_restore_is_refused_where_it_would_do_harm(
    home, settings, tmp_path, monkeypatch
):
    module = "tasks.management.commands.restore"
    path = written(tmp_path / "b.tar", {"database": BASE}, OK)
    monkeypatch.setattr(f"{module}.verify", restoring.verify_archive)
    monkeypatch.setattr(f"{module}.restore", lambda *_given: pytest.fail("began"))
    monkeypatch.setattr(f"{module}.site_runs", lambda: False)
    settings.GONGKAI_WITHDRAWN_LIST = tmp_path / "unmounted" / "withdrawn.jsonl"
    refused(path, "unmounted")
    with pytest.raises(FileNotFoundError):
        list(withdrawn_list.lines())
    with pytest.raises(FileNotFoundError):
        withdrawn_list._write([withdrawn_list.Line("a" * 32, "x")])
    assert not (tmp_path / "unmounted").exists()
    settings.GONGKAI_WITHDRAWN_LIST = home / "withdrawn.jsonl"
    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)
    refused(path, "所属的用户")


def test_only_processes_of_the_site_keep_a_restore_waiting(home, monkeypatch):
    monkeypatch.setattr(databases, "busy", lambda: False)
    wait = "import sys; print(flush=True); sys.stdin.read()"
    for words, runs in ((["elsewhere"], False), (["-m", "cms.wsgi"], True)):
        other = subprocess.Popen(
            [sys.executable, "-c", wait, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
        )
        other.stdout.readline()  # its command line is there
        (home / "run.pid").write_text(f"{other.pid} {os.getpid()} 99999999 x\n")
        monkeypatch.setattr(restoring, "OURS", ("cms.wsgi",))
        assert restoring.site_runs() is runs
        other.communicate()


@pytest.mark.parametrize(
    ("installed", "server", "wanted"),
    [((15, 16, 17), 15, 15), ((13, 16, 17), 15, 16), ((13, 14), 15, 14)],
)
def test_the_lowest_client_that_knows_the_server_is_taken(
    tmp_path, monkeypatch, installed, server, wanted
):
    class Server:
        pg_version = server * 10000 + 4

    for version in installed:
        program = tmp_path / str(version) / "bin" / "pg_restore"
        program.parent.mkdir(parents=True)
        program.touch()
    monkeypatch.setattr(databases, "BINARIES", str(tmp_path))
    monkeypatch.setattr(databases, "connection", Server())
    assert Path(databases._program("pg_restore")).parts[-3] == str(wanted)


@pytest.mark.django_db
def test_files_that_the_backup_lacks_are_known_to_be_missing():
    kept, lost = make_document("在.txt", b"one"), make_document("不在.txt", b"two")
    row = ExternalFile.objects.create(sha256="a" * 64, file="external/no", bytes=3)
    assert DisclosureDocument.objects.count() == 2
    Path(lost.file.path).unlink()
    assert restoring._missing_documents() == [lost.title]
    assert kept.title != lost.title
    row.refresh_from_db()
    assert (row.file.name, row.bytes) == ("", 0)


@pytest.mark.django_db
def test_what_was_withdrawn_is_in_the_list(home, django_capture_on_commit_callbacks):
    item = make_item()
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(item, reason="写错了")
    assert [line.key for line in withdrawn_list.lines()] == [item.key]
