import pytest

from tasks.models import OutboxEntry, TargetState
from tasks.models.outbox import from_now
from tests.tasks.recording import KEY

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(world):
    """One row that waits for ten minutes, one that was given up."""
    OutboxEntry.record([KEY], "publish")
    OutboxEntry.objects.filter(target="index:local").update(changed_at=from_now(-600))
    OutboxEntry.objects.filter(target="portal:city").update(dead=True)


def test_the_process_says_that_it_lives_without_touching_anything(
    client, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"


def test_readiness_tells_of_database_engines_and_backlog(client, late):
    answer = client.get("/readyz").json()
    assert answer["ready"]
    assert answer["database"]
    assert set(answer["engines"]) == {"local"}
    index, portal = answer["outbox"]["index:local"], answer["outbox"]["portal:city"]
    assert (index["pending"], index["ok"]) == (1, False)
    assert 590 < index["oldest_s"] < 700
    assert (portal["pending"], portal["dead"], portal["ok"]) == (0, 1, False)


def test_a_late_index_does_not_take_the_site_off_line(client, late):
    assert client.get("/readyz").status_code == 200


def test_nothing_waits_on_an_idle_site(client, world):
    outbox = client.get("/readyz").json()["outbox"]
    assert all(row["ok"] for row in outbox.values())


def test_metrics_have_one_line_for_each_target(client, late):
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'gongkai_outbox_pending{target="index:local"} 1.0' in lines
    assert 'gongkai_outbox_dead{target="portal:city"} 1.0' in lines
    assert any(line.startswith("gongkai_outbox_oldest_seconds{") for line in lines)


def test_a_target_that_is_left_alone_is_told(client, world):
    TargetState.note_down("portal:city", "忙", 600.0)
    outbox = client.get("/readyz").json()["outbox"]
    assert outbox["portal:city"]["circuit"] == "asked"
    assert outbox["index:local"]["circuit"] == "closed"
    TargetState.objects.update(asked_until=None)
    TargetState.objects.update(resting_until=from_now(20))
    outbox = client.get("/readyz").json()["outbox"]
    assert outbox["portal:city"]["circuit"] == "resting"
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'gongkai_target_resting{target="portal:city"} 1.0' in lines
    assert 'gongkai_target_resting{target="index:local"} 0.0' in lines
