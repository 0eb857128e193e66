"""What only a server has to stand: being away, being slow, refusing single rows."""

import socket
import threading
import time

import pytest

from search import engines, services
from search.engines import EngineDown, EngineError, Receipt, elastic, elastic_index
from search.engines.elastic import ElasticEngine
from search.query import make_query

from .conftest import make_document

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


@server
def test_one_row_that_is_refused_does_not_hold_up_the_others(elastic, monkeypatch):
    source = elastic_index.source

    def spoiled(version, document, fields):
        body = source(version, document, fields)
        return body | ({"unknown": 1} if document.title == "坏" else {})

    monkeypatch.setattr(elastic_index, "source", spoiled)
    answers = elastic.put_many(
        [(1, make_document(n, title=t)) for n, t in ((1, "好"), (2, "坏"), (3, "好"))]
    )
    assert [type(answer) for answer in answers] == [Receipt, EngineError, Receipt]
    assert not answers[1].stale
    assert "unknown" in answers[1].reason


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
