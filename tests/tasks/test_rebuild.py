import pytest

from disclosure_pages.services.withdrawal import withdraw
from search import engines
from tasks import rebuild as rebuilding
from tasks import rebuild_contents
from tasks.drain import drain
from tasks.locks import target_lock
from tasks.models import OutboxEntry
from tasks.rebuild import RebuildRunning, rebuild
from tests.factories import make_item

pytestmark = pytest.mark.django_db

LOCAL = "index:local"


@pytest.fixture
def engine(settings, tmp_path):
    """The real local engine in a home of its own, as the only target."""
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_INDEXES = ["local"]
    settings.GONGKAI_PORTALS = {}
    return engines.get("local")


def held(engine):
    return {
        entry.key: (entry.version, entry.state) for entry in engine.entries("", 1000)
    }


def test_the_drain_brings_items_and_tombstones_to_the_index(engine):
    kept, gone = make_item(), make_item()
    drain()
    withdraw(gone, reason="测试撤回")
    drain()
    assert held(engine)[kept.key][1] == "published"
    assert held(engine)[gone.key][1] == "withdrawn"


def test_a_lost_index_is_rebuilt_with_the_versions_wanted(engine):
    items = [make_item() for _number in range(3)]
    assert rebuilding.rebuild_wanted(LOCAL)
    assert rebuild(LOCAL) == 3
    wanted = dict(OutboxEntry.objects.values_list("key", "wanted"))
    assert held(engine) == {item.key: (wanted[item.key], "published") for item in items}
    assert not rebuilding.rebuild_wanted(LOCAL)


def test_what_was_due_is_settled_by_the_rebuild(engine):
    make_item()
    rebuild(LOCAL)
    assert drain() == 0
    assert not OutboxEntry.objects.pending().exists()


def test_what_nobody_recorded_is_rebuilt_too(engine):
    item = make_item()
    OutboxEntry.objects.all().delete()
    rebuild(LOCAL)
    assert held(engine)[item.key] == (1, "published")


def test_a_withdrawn_item_stays_a_tombstone_after_a_rebuild(engine):
    item = make_item()
    withdraw(item, reason="测试撤回")
    rebuild(LOCAL)
    assert held(engine)[item.key][1] == "withdrawn"


def test_what_was_delivered_meanwhile_is_delivered_again(engine, monkeypatch):
    first = make_item()
    drain()
    build = rebuild_contents.build_documents

    def building(states):
        states = list(states)
        if first.key in {state.key for state in states}:
            monkeypatch.setattr(rebuild_contents, "build_documents", build)
            withdraw(first, reason="重建期间撤回")
            drain()
        return build(states)

    monkeypatch.setattr(rebuild_contents, "build_documents", building)
    rebuild(LOCAL)
    drain()
    row = OutboxEntry.objects.get(key=first.key)
    assert held(engine)[first.key] == (row.wanted, "withdrawn")
    assert not row.pending


def test_a_delivery_on_its_way_to_the_old_index_does_not_count(engine):
    item = make_item()
    drain()
    OutboxEntry.record([item.key], "publish")
    (entry,) = OutboxEntry.objects.claim_due([LOCAL], 1, 30)
    rebuild(LOCAL)
    assert not entry.confirm(entry.wanted, "0" * 64, {})
    drain()
    assert held(engine)[item.key] == (entry.wanted, "published")
    assert not OutboxEntry.objects.pending().exists()


def test_two_rebuilds_do_not_run_side_by_side(engine):
    with target_lock(f"rebuild-{LOCAL}"), pytest.raises(RebuildRunning):
        rebuild(LOCAL)


def test_progress_is_told(engine):
    make_item()
    told = []
    rebuild(LOCAL, lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]
