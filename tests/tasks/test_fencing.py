"""Marks that cannot be kept, and commands that run with another home."""

import pytest
from django.core.management import CommandError, call_command

from cms.models import Notice
from tasks import fencing, marks
from tasks.models import Installation, Mode, TargetState
from tests.factories import make_people, make_site

CITY = "portal:city"
pytestmark = pytest.mark.django_db


@pytest.fixture
def mark(world, settings, tmp_path):
    """A home of its own; ``world`` has a portal and an index."""
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_MARK = tmp_path / "marks" / "sent-mark.json"
    settings.GONGKAI_WITHDRAWN_LIST = tmp_path / "withdrawn.jsonl"
    fencing._unkept.clear()
    yield settings.GONGKAI_MARK
    fencing._unkept.clear()


@pytest.fixture
def people():
    """Somebody is there to be told."""
    make_site()
    return make_people()


def epoch():
    return Installation.made().epoch


@pytest.mark.parametrize("portals", [{"city": "https://city.example"}, {}])
def test_a_mark_that_cannot_be_written_fences_once(
    mark, settings, caplog, client, people, portals
):
    settings.GONGKAI_PORTALS = portals
    mark.parent.write_text("in the way of a folder")
    counts = []
    for _round in range(4):
        assert fencing.may_send()
        fencing.note_reached()
        counts.append(Notice.objects.count())
    assert epoch() == 2
    assert counts[1] == counts[3]
    assert counts[0] < counts[1]
    assert sum("can't be written" in line for line in caplog.messages) == 1
    assert client.get("/readyz").json()["deliveries"]["mark"] is False
    mark.parent.unlink()
    assert fencing.may_send()
    assert marks.kept() == marks.present()
    assert epoch() == 2


def test_a_command_with_another_home_neither_sends_nor_fences(mark):
    fencing.note_reached()
    assert fencing.foreign_home() is None
    mark.unlink()
    for command in (["drain", "--once"], ["rebuild_index"]):
        with pytest.raises(CommandError, match="GONGKAI_HOME"):
            call_command(*command)
    assert not TargetState.objects.filter(mode=Mode.FENCED).exists()
    assert fencing.may_send()  # the site's own process settles it
    assert TargetState.objects.get(target=CITY).mode == Mode.FENCED
    assert fencing.foreign_home() is None
