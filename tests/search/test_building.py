"""A new index beside the one that answers: the same promises from every engine."""

import pytest

from search.engines import EngineDown, EngineError, Entry, Receipt, elastic_index, store
from search.query import make_query

from .conftest import make_document, make_tombstone


@pytest.fixture(
    params=["local", pytest.param("elastic", marks=pytest.mark.elasticsearch)]
)
def engine(request):
    return request.getfixturevalue(request.param)


def numbers(engine, text=""):
    hits = engine.search(make_query(text)).hits
    return sorted(int(hit.key, 16) for hit in hits)


def several(*wanted, version=1, **values):
    return [(version, make_document(number, **values)) for number in wanted]


@pytest.fixture
def pipeline(monkeypatch):
    """Lets the program be of another version from then on."""

    def become(version):
        monkeypatch.setattr(store, "PIPELINE_VERSION", version)
        monkeypatch.setattr(elastic_index, "PIPELINE_VERSION", version)

    return become


def test_what_is_built_is_not_found_before_it_is_finished(engine):
    engine.rebuild(several(1))
    with engine.building() as new:
        assert (new.kept, new.held(["x"])) == (0, {})
        assert new.add(several(2, 3)) == []
        new.flush()
        assert [entry.version for entry in new.entries("", 10)] == [1, 1]
        assert numbers(engine) == [1]
        new.finish()
    assert numbers(engine) == [2, 3]
    assert not engine.needs_rebuild


def test_a_build_that_was_cut_short_goes_on_where_it_stopped(engine):
    engine.rebuild(several(1))
    with pytest.raises(ZeroDivisionError), engine.building() as new:
        new.add(several(2, 3))
        new.flush()
        began = new.began_s
        raise ZeroDivisionError
    assert numbers(engine) == [1]
    with engine.building() as new:
        assert (new.kept, new.began_s) == (2, began)
        [document] = [document for _version, document in several(2)]
        assert new.held([document.key, "0" * 32]) == {
            document.key: (1, document.sha256)
        }
        new.add(several(3, version=2, title="改过的"))  # replaces what it holds
        new.add(several(4))
        new.finish()
    assert numbers(engine) == [2, 3, 4]
    assert numbers(engine, "改过的") == [3]
    with engine.building() as new:
        assert new.kept == 0


def test_a_build_of_another_pipeline_is_not_gone_on_with(engine, pipeline):
    with engine.building() as new:
        new.add(several(1))
        new.flush()
    pipeline(999)
    with engine.building() as new:
        assert new.kept == 0


def test_what_is_older_than_a_day_is_not_gone_on_with(engine, monkeypatch):
    with engine.building() as new:
        new.add(several(1))
        new.flush()
    monkeypatch.setattr(store, "UNFINISHED_S", 0.0)
    monkeypatch.setattr(elastic_index, "UNFINISHED_S", 0.0)
    engine.put_many(several(7))  # nor written to
    with engine.building() as new:
        assert new.kept == 0
        new.finish()


def test_a_build_that_is_dropped_leaves_nothing(engine):
    engine.rebuild(several(1))
    with engine.building() as new:
        new.add(several(2))
        new.drop()
    assert numbers(engine) == [1]
    with engine.building() as new:
        assert new.kept == 0


def test_changes_and_withdrawals_between_two_tries_are_in(engine):
    engine.rebuild(several(1, 2))
    with engine.building() as new:
        new.add(several(1, 2))
        new.flush()
    engine.put_many(
        [(2, make_tombstone(1)), (2, make_document(2, title="后来的")), *several(3)]
    )
    with engine.building() as new:
        new.add(several(9))
        new.finish()
    assert numbers(engine) == [2, 3, 9]
    assert numbers(engine, "后来的") == [2]
    [late] = engine.put_many(several(1))  # a late update after the withdrawal
    assert isinstance(late, EngineError)
    assert late.held_version == 2


def test_words_of_files_outlive_a_rebuild_that_they_came_in_during(engine):
    document = make_document(1, files="f" * 64, file_text="峡门村")
    engine.rebuild([])
    with engine.building() as new:
        engine.put_many([(1, document)])
        new.finish()
    assert [e.version for e in engine.entries("", 9)] == [1]
    # The drain delivers again what came meanwhile: the same version must be taken.
    assert engine.put_many([(1, document)]) == [
        Receipt(document.key, 1, document.sha256)
    ]
    assert numbers(engine, "峡门村") == [1]
    assert engine.entries("", 9) == [
        Entry(document.key, 1, document.sha256, "published")
    ]


def test_an_older_process_leaves_the_index_of_a_newer_one_alone(engine, pipeline):
    pipeline(999)
    engine.rebuild(several(1, 2))
    pipeline(2)
    assert not engine.needs_rebuild
    assert engine.search(make_query("")).incomplete
    with pytest.raises(EngineDown):
        engine.put_many(several(3))
    pipeline(999)
    assert numbers(engine) == [1, 2]
    assert not engine.needs_rebuild


def test_an_older_process_can_be_told_to_rebuild(engine, pipeline):
    pipeline(999)
    engine.rebuild(several(1))
    pipeline(2)
    engine.rebuild(several(2))
    assert numbers(engine) == [2]
    assert not engine.needs_rebuild
