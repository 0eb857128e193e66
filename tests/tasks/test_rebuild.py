from dataclasses import replace

import pytest

from disclosure_pages.services.withdrawal import withdraw
from search import engines
from search.engines.base import EngineDown
from search.engines.local_build import NewGeneration
from search.query import make_query
from tasks import rebuild as rebuilding
from tasks import rebuild_contents, rebuild_run, selectors
from tasks.choices import RebuildState
from tasks.drain import drain, drain_batch
from tasks.jobs.extract import extract
from tasks.jobs.rebuild import rebuild_lost
from tasks.locks import target_lock
from tasks.models import IndexRebuild, OutboxEntry
from tasks.models.outbox import from_now
from tasks.rebuild import Mismatch, RebuildRunning, rebuild
from tasks.selectors import current_rebuild
from tasks.targets import index
from tests.factories import make_document, make_item

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


def test_long_files_are_indexed_in_portions_and_the_rest_waits(engine, monkeypatch):
    files = [make_document(f"{n}.txt", f"峡门村{n}".encode()) for n in range(3)]
    extract()
    for file in files:
        make_item(documents=[file])
    monkeypatch.setattr(index, "PORTION", 1)
    monkeypatch.setattr(index, "BUDGET_S", -1.0)
    assert drain_batch(LOCAL).delivered == 1
    left = OutboxEntry.objects.pending()
    assert len(left) == 2
    assert {(row.claim, row.attempts, row.last_error) for row in left} == {("", 0, "")}
    assert drain() == 2
    assert engine.search(make_query("峡门村")).total == 3


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


def test_a_rebuild_on_another_host_is_respected_while_it_lives(engine):
    rebuild(LOCAL)
    IndexRebuild.objects.update(state=RebuildState.RUNNING, host="elsewhere")
    assert current_rebuild(LOCAL).running
    with pytest.raises(RebuildRunning):
        rebuild(LOCAL)
    IndexRebuild.objects.update(beat_at=from_now(-selectors.SILENT_S - 1))
    assert current_rebuild(LOCAL).state == RebuildState.CUT
    rebuild(LOCAL)
    assert current_rebuild(LOCAL).state == RebuildState.DONE


def test_who_was_taken_for_dead_stops(engine, monkeypatch):
    make_item()
    monkeypatch.setattr(rebuild_run, "BEAT_S", 0.0)

    def overtaken(done, total):
        IndexRebuild.objects.update(claim="somebody else")

    with pytest.raises(RebuildRunning):
        rebuild(LOCAL, overtaken)
    assert not held(engine)


def test_progress_is_told(engine):
    make_item()
    told = []
    rebuild(LOCAL, lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]


def test_how_far_it_is_can_be_read_meanwhile(engine, monkeypatch):
    for _number in range(4):
        make_item()
    monkeypatch.setattr(rebuild_contents, "CHUNK", 1)
    monkeypatch.setattr(rebuild_run, "BEAT_S", 0.0)
    seen = []

    def look(_done, _total):
        seen.append(current_rebuild(LOCAL))

    assert current_rebuild(LOCAL) is None
    rebuild(LOCAL, look)
    assert [found.percent for found in seen[1:]] == [25, 50, 75]
    assert all(found.running and found.total == 4 for found in seen)
    assert seen[2].rate > 0
    assert seen[2].seconds_left is not None
    ended = current_rebuild(LOCAL)
    assert (ended.state, ended.percent, ended.done) == (RebuildState.DONE, 100, 4)
    assert ended.ended_at
    assert ended.seconds_left is None


def test_one_that_was_cut_short_builds_only_what_is_lacking(engine, monkeypatch):
    items = [make_item() for _number in range(3)]
    drain()
    finish = NewGeneration.finish

    def fail(self):
        monkeypatch.setattr(NewGeneration, "finish", finish)
        raise EngineDown("no room left")

    monkeypatch.setattr(NewGeneration, "finish", fail)
    with pytest.raises(EngineDown):
        rebuild(LOCAL)
    cut = current_rebuild(LOCAL)
    assert cut.state == RebuildState.CUT
    assert "接着建" in cut.note
    withdraw(items[0], reason="中断时撤回")
    built = []
    build = rebuild_contents.build_documents

    def building(states):
        states = list(states)
        built.extend(state.key for state in states)
        return build(states)

    monkeypatch.setattr(rebuild_contents, "build_documents", building)
    rebuild(LOCAL)
    assert built == [items[0].key]
    assert current_rebuild(LOCAL).kept == 2
    drain()
    assert [state for _v, state in held(engine).values()].count("withdrawn") == 1
    assert not OutboxEntry.objects.pending().exists()


@pytest.mark.parametrize("fault", ["lost", "changed", "doubled"])
def test_an_index_that_is_not_what_the_database_says_does_not_answer(
    engine, monkeypatch, fault
):
    first, _second = make_item("第一"), make_item("第二")
    rebuild(LOCAL)
    before = held(engine)
    add = NewGeneration.add

    def spoiled(self, documents):
        (version, document), *rest = documents
        if fault == "changed":
            rest.append((version, replace(document, sha256="0" * 64)))
        if fault == "doubled":
            rest += [(version, document), (1, replace(document, key="f" * 32))]
        return add(self, rest)

    monkeypatch.setattr(NewGeneration, "add", spoiled)
    with pytest.raises(Mismatch):
        rebuild(LOCAL)
    told = current_rebuild(LOCAL)
    assert told.state == RebuildState.FAILED
    number = {"lost": "少 1 条", "changed": "内容不同 1 条", "doubled": "多 1 条"}
    assert number[fault] in told.note
    assert held(engine) == before
    assert [hit.key for hit in engine.search(make_query("第一")).hits] == [first.key]
    monkeypatch.setattr(NewGeneration, "add", add)
    rebuild(LOCAL)  # nothing of the bad one is kept
    assert current_rebuild(LOCAL).kept == 0
    assert held(engine) == before


def test_a_refused_rebuild_is_not_tried_again_at_once(engine, monkeypatch):
    make_item()
    monkeypatch.setattr(NewGeneration, "add", lambda self, documents: [])
    assert rebuild_lost() == 0
    monkeypatch.undo()
    engine = engines.get("local")
    assert engine.needs_rebuild
    assert not rebuilding.rebuild_wanted(LOCAL)
    IndexRebuild.objects.update(ended_at=from_now(-rebuilding.REST_S))
    assert rebuilding.rebuild_wanted(LOCAL)


def test_one_document_that_breaks_is_left_out_and_named(engine, monkeypatch):
    items = [make_item() for _number in range(5)]
    bad = items[2].key
    build = rebuild_contents.build_documents

    def building(states):
        for state in states:
            if state.key == bad:
                raise ValueError(state.key)
            yield from build([state])

    monkeypatch.setattr(rebuild_contents, "build_documents", building)
    rebuild(LOCAL)
    assert held(engine).keys() == {item.key for item in items} - {bad}
    told = current_rebuild(LOCAL)
    assert told.state == RebuildState.DONE
    assert bad in told.note
    assert [row.key for row in OutboxEntry.objects.pending()] == [bad]
    drain()
    assert bad in held(engine)


def test_a_page_that_cannot_be_read_is_left_out_and_named(engine, monkeypatch):
    items = [make_item() for _number in range(4)]
    bad = items[1].key
    read = rebuild_contents.snapshot

    def reading(entries):
        if bad in {entry.key for entry in entries}:
            raise ValueError(bad)
        return read(entries)

    monkeypatch.setattr(rebuild_contents, "snapshot", reading)
    rebuild(LOCAL)
    assert held(engine).keys() == {item.key for item in items} - {bad}
    assert bad in current_rebuild(LOCAL).note


def test_when_too_much_breaks_the_old_index_stays(engine, monkeypatch):
    monkeypatch.setattr(rebuild_contents, "MAX_REFUSED", 2)
    for _number in range(3):
        make_item()
    rebuild(LOCAL)

    def breaking(entries):
        raise ValueError

    monkeypatch.setattr(rebuild_contents, "snapshot", breaking)
    with pytest.raises(Mismatch):
        rebuild(LOCAL)
    assert len(held(engine)) == 3


def test_words_of_files_are_in_after_a_rebuild(engine):
    file = make_document("说明.txt", "峡门村低保".encode())
    extract()
    item = make_item(documents=[file])
    rebuild(LOCAL)
    assert [hit.key for hit in engine.search(make_query("峡门村")).hits] == [item.key]
