"""What only a server has to stand: being away, being slow, refusing single rows."""

import os
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from elasticsearch import ConnectionTimeout
from elasticsearch.client import IndicesClient

from bench.proxy import Proxy
from search import engines, services
from search.engines import (
    EngineDown,
    EngineError,
    Receipt,
    elastic,
    elastic_build,
    elastic_index,
)
from search.engines.elastic import ElasticEngine
from search.query import make_query

from .conftest import make_document, make_tombstone

server = pytest.mark.elasticsearch


@pytest.fixture
def silent_url():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_nobody_there_means_down_for_every_call():
    engine = ElasticEngine("http://127.0.0.1:9", "test")
    for call in (
        lambda: engine.search(make_query("低保")),
        lambda: engine.put_many([(1, make_document())]),
        lambda: engine.entries("", 10),
        lambda: engine.rebuild([]),
    ):
        with pytest.raises(EngineDown):
            call()
    assert not engine.healthy()
    assert not engine.needs_rebuild  # unreachable is not lost


@pytest.mark.django_db
def test_a_server_that_does_not_answer_costs_a_reader_two_seconds_once(
    silent_url, settings, tmp_path, monkeypatch
):
    settings.GONGKAI_INDEXES = ["es", "local"]
    settings.GONGKAI_HOME = tmp_path
    settings.ELASTICSEARCH_URL = silent_url
    services._avoid_until.clear()
    engines.get("local").rebuild([(1, make_document())])
    began = time.monotonic()
    assert services.search(make_query("通知")).degraded
    first = time.monotonic() - began
    assert services.search(make_query("通知")).engine == "local"
    services._avoid_until.clear()
    assert first < elastic.SEARCH_TIMEOUT_S + 0.5
    assert time.monotonic() - began < first + 0.5


@pytest.fixture
def spoiled(monkeypatch):
    """Spoils documents called 坏 on their way to the server."""
    source = elastic_index.source

    def spoil(version, document, fields):
        body = source(version, document, fields)
        return body | ({"unknown": 1} if document.title == "坏" else {})

    monkeypatch.setattr(elastic_index, "source", spoil)


@server
def test_one_bad_row_of_500_does_not_hold_up_the_others(elastic, spoiled):
    documents = [(1, make_document(number)) for number in range(1, 501)]
    documents[249] = (1, make_document(250, title="坏"))
    answers = elastic.put_many(documents)
    assert isinstance(answers.pop(249), EngineError)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert len(answers) == 499
    with elastic.building() as new:
        [refused] = new.add(documents)
        new.finish()
    assert refused.key == documents[249][1].key
    assert not refused.stale
    assert "unknown" in refused.reason
    assert elastic.search(make_query("")).total == 499


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(elastic_build, "WAITS_S", (0.05, 0.05))


@server
@pytest.mark.parametrize("block", ["write", "read_only", "read_only_allow_delete"])
def test_a_write_protected_index_is_down_not_wrong(elastic, impatient, block):
    """The last one is what a full disk does: 429."""
    elastic.rebuild([(1, make_document(1))])
    assert not elastic.search(make_query("")).incomplete
    protect = elastic.client.indices.put_settings
    protect(index=elastic.alias, settings={f"index.blocks.{block}": True})
    with pytest.raises(EngineDown):
        elastic.put_many([(2, make_document(1)), (1, make_document(2))])
    elastic._lacking = (float("-inf"), False)
    assert elastic.search(make_query("")).incomplete  # the local one answers instead
    assert not elastic.needs_rebuild
    protect(index=elastic.alias, settings={f"index.blocks.{block}": None})
    answers = elastic.put_many([(2, make_document(1)), (1, make_document(2))])
    assert all(isinstance(answer, Receipt) for answer in answers)
    elastic._lacking = (float("-inf"), False)
    assert not elastic.search(make_query("")).incomplete


@server
def test_a_build_waits_for_a_server_that_is_out_of_breath(elastic, monkeypatch):
    protect = elastic.client.indices.put_settings
    block = "index.blocks.read_only_allow_delete"
    waited = []

    def wait(seconds):
        waited.append(seconds)
        protect(index=new.index, settings={block: None})

    monkeypatch.setattr(elastic_build.time, "sleep", wait)
    with elastic.building() as new:
        protect(index=new.index, settings={block: True})
        assert new.add([(1, make_document(1))]) == []
        new.finish()
    assert waited == [elastic_build.WAITS_S[0]]
    assert len(elastic.entries("", 9)) == 1


@server
@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_a_build_goes_on_after_its_node_went_away(elastic, impatient, fault):
    """The connection is cut, or silent, in the middle; the next try finishes."""
    address = urlsplit(os.environ["ELASTICSEARCH_URL"])
    proxy = Proxy(address.hostname, address.port)
    prefix = elastic.alias.removesuffix("-items")
    away = ElasticEngine(f"http://127.0.0.1:{proxy.port}", prefix, refresh=True)
    away.client = away.client.options(request_timeout=2.0)
    elastic.rebuild([(1, make_document(9))])
    try:
        with pytest.raises(EngineDown), away.building() as new:
            new.add([(1, make_document(1))])
            getattr(proxy, fault)()
            new.add([(1, make_document(2))])
        assert [e.key[-1] for e in elastic.entries("", 9)] == ["9"]  # the old answers
    finally:
        proxy.refuse()
    with elastic.building() as new:
        assert new.kept == 1
        new.add([(1, make_document(2)), (1, make_document(3))])
        new.finish()
    assert [e.key[-1] for e in elastic.entries("", 9)] == ["1", "2", "3"]
    assert len(elastic.existing()) == 1


@server
def test_only_withdrawals_reach_an_index_of_another_version(elastic, monkeypatch):
    elastic.rebuild([(1, make_document(1)), (1, make_document(2))])
    monkeypatch.setattr(elastic_index, "PIPELINE_VERSION", 999)
    answers = elastic.put_many([(2, make_tombstone(1))])
    assert isinstance(answers[0], Receipt)
    with pytest.raises(EngineDown):
        elastic.put_many([(2, make_tombstone(2)), (1, make_document(3))])
    states = [entry.state for entry in elastic.entries("", 9)]
    assert states == ["withdrawn", "withdrawn"]


@server
def test_an_old_process_that_delivers_during_a_rebuild_spoils_nothing(
    elastic, monkeypatch
):
    old_pipeline = elastic_index.PIPELINE_VERSION
    elastic.rebuild([(1, make_document(1)), (1, make_document(2))])
    monkeypatch.setattr(elastic_index, "PIPELINE_VERSION", 999)
    with elastic.building() as new:
        new.add([(1, make_document(1)), (1, make_document(2))])
        with monkeypatch.context() as earlier:
            earlier.setattr(elastic_index, "PIPELINE_VERSION", old_pipeline)
            answers = elastic.put_many(
                [(2, make_tombstone(1)), (2, make_document(2, title="旧分词"))]
            )
            assert all(isinstance(answer, Receipt) for answer in answers)
        new.finish()
    # The withdrawal is in; the rest is delivered again (``tasks.rebuild``).
    assert [(e.version, e.state) for e in elastic.entries("", 9)] == [
        (2, "withdrawn"),
        (1, "published"),
    ]


@server
def test_a_rebuild_that_fails_leaves_the_old_index(elastic):
    elastic.rebuild([(1, make_document(1))])

    def documents():
        yield 1, make_document(2)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        elastic.rebuild(documents())
    assert [e.key[-1] for e in elastic.entries("", 9)] == ["1"]
    assert len(elastic.existing()) == 1


@server
def test_a_new_index_is_put_in_one_piece(elastic):
    with elastic.building() as new:
        for number in range(1, 4):
            new.add([(1, make_document(number))])
            new.flush()
        new.finish()
    found = elastic.client.indices.segments(index=elastic.alias)["indices"]
    [[shard]] = [list(i["shards"].values()) for i in found.values()]
    assert len(shard[0]["segments"]) == 1


@server
def test_an_index_that_stays_in_pieces_answers_too(elastic, monkeypatch):
    merged = []

    def fail(*args, **kwargs):
        merged.append(1)
        raise ConnectionTimeout("too slow")

    with elastic.building() as new:
        new.add([(1, make_document(1))])
        monkeypatch.setattr(IndicesClient, "forcemerge", fail)
        new.finish()
    assert merged
    assert len(elastic.entries("", 9)) == 1


@server
def test_what_a_killed_rebuild_left_goes_with_the_next(elastic):
    elastic.rebuild([(1, make_document(1))])
    elastic._make("killed", elastic.write_alias)
    elastic.put_many([(1, make_document(2))])
    elastic.rebuild([(1, make_document(1)), (1, make_document(2))])
    assert len(elastic.existing()) == 1
    assert len(elastic.entries("", 9)) == 2


@server
def test_a_deleted_index_is_made_anew_with_our_mapping(elastic):
    elastic.rebuild([(1, make_document(1))])
    elastic.drop()
    assert elastic.needs_rebuild
    assert isinstance(elastic.put_many([(1, make_document(2))])[0], Receipt)
    assert elastic.needs_rebuild  # only a part
    [mapping] = elastic.client.indices.get_mapping(index=elastic.alias).values()
    assert mapping["mappings"]["dynamic"] == "strict"


@server
def test_first_writers_that_race_make_one_index(elastic):
    threads = [
        threading.Thread(target=elastic.put_many, args=([(1, make_document(n))],))
        for n in range(1, 7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(elastic.existing()) == 1
    assert len(elastic.entries("", 9)) == 6


@server
@pytest.mark.django_db
def test_an_index_that_lost_documents_leaves_the_answer_to_the_local_one(
    elastic, local, settings, monkeypatch
):
    settings.GONGKAI_INDEXES = ["es", "local"]
    monkeypatch.setattr(engines, "get", {"es": elastic, "local": local}.__getitem__)
    services._avoid_until.clear()
    local.rebuild([(1, make_document())])
    elastic.put_many([(1, make_document())])
    assert services._ask(make_query("")).engine == "local"
    elastic.rebuild([(1, make_document())])
    elastic._lacking = (float("-inf"), True)
    assert services._ask(make_query("")).engine == "es"
