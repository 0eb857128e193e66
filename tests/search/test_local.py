"""What only the embedded engine has to stand: files, locks, processes."""

import shutil
import subprocess
import sys
import threading

import pytest

from search.engines import EngineDown, Receipt, store
from search.engines.local import LocalEngine
from search.query import make_query

from .conftest import make_document, make_tombstone

WRITER = """
import sys
from search.documents import SearchDocument
from search.engines.local import LocalEngine
engine = LocalEngine(sys.argv[1])
for number in range(int(sys.argv[2])):
    key = f"{sys.argv[3]}{number}"
    [answer] = engine.put_many([(1, SearchDocument(key, sha256=key, title="通知"))])
    sys.stdout.write(f"{answer.key}\\n")
    sys.stdout.flush()
"""


def start_writer(folder, count, name):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(count), name],
        stdout=subprocess.PIPE,
        text=True,
    )


def folder(engine):
    return engine.store.folder


def test_a_reader_sees_what_another_process_commits(local):
    local.rebuild([])
    assert local.search(make_query("")).total == 0
    start_writer(folder(local), 1, "a").communicate(timeout=60)
    assert local.search(make_query("")).total == 1


def test_several_writers_take_turns(local):
    local.rebuild([])
    writers = [start_writer(folder(local), 4, name) for name in "ab"]
    threads = [
        threading.Thread(
            target=local.put_many, args=([(1, make_document(n)) for n in (2 * m, m)],)
        )
        for m in range(1, 5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        assert len(writer.communicate(timeout=60)[0].split()) == 4
    assert local.search(make_query("")).total == 8 + len({1, 2, 3, 4, 6, 8})


@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_killed_writer_loses_nothing_it_confirmed_and_blocks_nobody(local, after):
    local.rebuild([])
    writer = start_writer(folder(local), 10_000, "a")
    confirmed = [writer.stdout.readline().strip() for _ in range(after)]
    writer.kill()
    writer.wait()
    held = {entry.key for entry in local.entries("", 10_000)}
    assert set(confirmed) <= held
    [answer] = local.put_many([(1, make_document())])
    assert isinstance(answer, Receipt)


def test_a_second_rebuild_at_the_same_time_is_refused(local):
    with local.store.lock("rebuild"), pytest.raises(EngineDown):
        local.rebuild([])
    assert local.rebuild([]) == 0


@pytest.mark.parametrize("harm", ["gone", "meta", "segments", "pointer", "junk"])
def test_a_broken_index_opens_empty_and_can_be_rebuilt(local, harm):
    documents = [(1, make_document(n)) for n in (1, 2)]
    local.rebuild(documents)
    generation = local.store.current
    if harm == "gone":
        shutil.rmtree(folder(local))
    elif harm == "meta":
        (generation / "meta.json").write_text("{")
    elif harm == "segments":
        for file in generation.glob("*.term"):
            file.unlink()
    elif harm == "pointer":
        (folder(local) / "current").write_text("nowhere")
    else:
        (generation / "gongkai.json").write_bytes(b"\xff\x00")
    fresh = LocalEngine(str(folder(local)))
    assert fresh.search(make_query("")).total == 0
    assert fresh.needs_rebuild
    assert isinstance(fresh.put_many([(1, make_document(3))])[0], Receipt)
    assert fresh.search(make_query("")).total == 1
    assert fresh.needs_rebuild
    assert fresh.rebuild(documents) == 2
    assert not fresh.needs_rebuild


def test_tokens_of_another_pipeline_are_not_searched(local, monkeypatch):
    local.rebuild([(1, make_document())])
    local.put_many([(7, make_tombstone(5))])
    monkeypatch.setattr(store, "PIPELINE_VERSION", 999)
    assert local.needs_rebuild
    assert local.search(make_query("")).total == 0
    assert local.rebuild([(1, make_document())]) == 1
    assert [entry.version for entry in local.entries("", 9)] == [1, 7]


def test_an_index_folder_that_cannot_be_made_means_down(tmp_path):
    (tmp_path / "index").write_text("a file is in the way")
    engine = LocalEngine(str(tmp_path / "index"))
    with pytest.raises(EngineDown):
        engine.put_many([(1, make_document())])
    assert engine.search(make_query("")).incomplete


def test_old_generations_do_not_pile_up(local):
    for _round in range(3):
        local.rebuild([(1, make_document())])
    assert len([path for path in folder(local).iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize("look", ["usable", "meta"])
def test_an_index_that_is_swapped_under_a_search_is_not_missed(
    local, monkeypatch, look
):
    local.rebuild([(1, make_document())])
    real, swaps = getattr(store.Store, look), iter([True])

    def swapping(self, generation):
        """Another process ends its rebuild between two looks into the folder."""
        if next(swaps, False):
            other = LocalEngine(str(folder(local)))
            other.rebuild([(2, make_document())])
        return real(self, generation)

    monkeypatch.setattr(store.Store, look, swapping)
    found = local.search(make_query(""))
    assert (found.total, found.incomplete) == (1, False)


def test_an_unchanged_document_is_not_written_again(local):
    local.put_many([(1, make_document())])
    before = local.store.current / "meta.json"
    written = before.stat().st_mtime_ns
    local.put_many([(1, make_document())])
    assert before.stat().st_mtime_ns == written
