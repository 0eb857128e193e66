import json

import pytest
from django.core.management import CommandError, call_command

from tasks.locks import target_lock
from tasks.models import OutboxEntry
from tests.factories import make_item
from tests.tasks.recording import KEY

pytestmark = pytest.mark.django_db


def test_drain_once_delivers_and_reports(world, capsys):
    OutboxEntry.record([KEY], "publish")
    call_command("drain", "--once", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "delivered": 2,
        "left": {
            "index:local": {"pending": 0, "dead": 0},
            "portal:city": {"pending": 0, "dead": 0},
        },
    }


def test_drain_without_json_keeps_standard_output_empty(world, capsys):
    call_command("drain", "--once")
    output = capsys.readouterr()
    assert output.out == ""
    assert "已送达 0 条" in output.err


@pytest.fixture
def local(settings, tmp_path):
    """The real local engine in an empty home."""
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_INDEXES = ["local"]
    settings.GONGKAI_PORTALS = {}


def test_rebuild_index_reports_what_it_wrote(local, capsys):
    make_item()
    call_command("rebuild_index", "--json")
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["engine"], report["documents"]) == ("local", 1)


def test_rebuild_index_can_only_say_what_it_would_do(local, capsys):
    make_item()
    call_command("rebuild_index", "--json", "--dry-run")
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["documents"], report["dry_run"]) == (1, True)


def test_rebuild_index_refuses_an_engine_that_is_not_configured(local):
    with pytest.raises(CommandError, match="es"):
        call_command("rebuild_index", "--engine", "es")


def test_rebuild_index_fails_when_it_runs_already(local):
    with target_lock("rebuild-index:local"), pytest.raises(CommandError):
        call_command("rebuild_index")
