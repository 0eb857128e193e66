"""The embedded engine: tantivy over our own tokens, no service needed.

One short-lived writer at a time behind a file lock; readers in every process notice a
commit by the index's own ``meta.json``. The index is disposable (``needs_rebuild``).
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import tantivy

from search.documents import SearchDocument
from search.fields import token_fields

from . import local_query
from .base import (
    EngineDown,
    EngineError,
    Entry,
    Holding,
    Receipt,
    SearchQuery,
    SearchResult,
    Unit,
    Versioned,
    build,
    conflict,
    search_relaxing,
)
from .local_build import NewGeneration
from .local_rows import entries_after, held_in
from .rows import make_row
from .store import Store, make_schema

HEAP = 16_000_000


class LocalEngine:
    """Full text in ``GONGKAI_HOME/index``; any number of readers, one writer."""

    name = "local"

    def __init__(self, folder: str) -> None:
        self.store = Store(folder)
        self.schema = make_schema()
        self._guard = threading.Lock()
        self._open: tuple[Path, int, tantivy.Index] | None = None

    # reading

    def search(self, query: SearchQuery) -> SearchResult:
        """Find a page of documents; an index that is missing finds nothing."""
        started = time.perf_counter()
        reader = self._reader()
        if reader is None or query.hopeless:
            return SearchResult(0, [], {}, self.name, incomplete=reader is None)
        try:
            result = search_relaxing(
                query,
                lambda units, minimum: local_query.run(
                    self.schema, reader, query, units, minimum
                ),
            )
        except (ValueError, OSError) as error:
            raise EngineDown(str(error)) from error
        took_ms = round((time.perf_counter() - started) * 1000)
        return local_query.finished(result, took_ms, incomplete=self.needs_rebuild)

    def holding(self, units: Sequence[Unit], keys: Sequence[str]) -> list[Holding]:
        """Tell of each unit how many documents hold it, and which of ``keys``."""
        reader = self._reader()
        if reader is None:
            return [Holding(0, frozenset()) for _unit in units]
        try:
            return local_query.holding(self.schema, reader, units, keys)
        except (ValueError, OSError) as error:
            raise EngineDown(str(error)) from error

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List keys held, sorted, tombstones included."""
        reader = self._reader()
        if reader is None:
            return []
        return list(entries_after(reader, self.schema, after, limit))

    def healthy(self) -> bool:
        """Whether the folder can be read; an empty index is healthy, but incomplete."""
        try:
            self._reader()
        except EngineDown:
            return False
        return True

    @property
    def needs_rebuild(self) -> bool:
        """Whether it is missing, broken, of an older pipeline, or only a part."""
        if self._reader() is None:
            return not self.store.newer(self.store.current)
        while True:
            generation = self.store.current
            complete = self.store.meta(generation).get("complete", False)
            if complete or generation == self.store.current:
                return not complete  # not one that was swapped away under us

    # writing

    def put_many(
        self, documents: Sequence[tuple[int, SearchDocument]]
    ) -> list[Receipt | EngineError]:
        """Bring documents to their versions in one commit; tombstones stay."""
        if not documents:
            return []
        ready = [token_fields(document) for _version, document in documents]
        try:
            with self.store.lock("write"):
                return self._put(self._writable(), documents, ready)
        except (ValueError, OSError) as error:
            raise EngineDown(str(error)) from error

    @contextmanager
    def building(self) -> Iterator[NewGeneration]:
        """Build a new generation; the old one answers and takes writes meanwhile."""
        try:
            with self.store.lock("rebuild", wait_s=0):
                new = self._begin()
                self.store.sweep(but=new.folder)
                try:
                    yield new
                finally:
                    new.close()
        except (ValueError, OSError) as error:
            raise EngineDown(str(error)) from error

    def rebuild(self, documents: Iterable[Versioned]) -> int:
        """Build the index anew from these documents; returns how many."""
        return build(self, documents)

    # inside

    def _begin(self) -> NewGeneration:
        """Return what was left half built, if that can be read, else a new one."""
        if (folder := self.store.unfinished()) is not None:
            try:
                return NewGeneration(self.store, self.schema, folder)
            except (ValueError, OSError):
                self.store.discard(folder)
        return NewGeneration(self.store, self.schema, self.store.make())

    def _reader(self) -> tantivy.Searcher | None:
        """Return a searcher over the last commit; None when there is no index."""
        for _attempt in range(3):
            generation = self.store.current
            if not self.store.usable(generation):
                if generation == self.store.current:
                    return None
                continue  # swapped away under us
            try:
                return self._index(generation).searcher()
            except (ValueError, OSError):
                self._open = None  # swapped away under us, or broken
        return None

    def _index(self, generation: Path) -> tantivy.Index:
        """Return the open index of a generation, reloaded when there was a commit."""
        commit = (generation / "meta.json").stat()
        stamp = commit.st_mtime_ns ^ commit.st_ino
        with self._guard:
            if self._open is None or self._open[0] != generation:
                index = tantivy.Index.open(str(generation))
                self._open = (generation, stamp, index)
            elif self._open[1] != stamp:
                self._open[2].reload()
                self._open = (generation, stamp, self._open[2])
            return self._open[2]

    def _writable(self) -> tantivy.Index:
        """Return the current index, or a new empty one that asks for a rebuild."""
        generation = self.store.current
        if self.store.newer(generation):
            raise EngineDown("the index belongs to a newer version of this program")
        if self.store.usable(generation):
            try:
                return tantivy.Index.open(str(generation))
            except (ValueError, OSError):
                self._open = None
        generation = self.store.make()
        self.store.point(generation, complete=False)
        return tantivy.Index.open(str(generation))

    def _put(
        self,
        index: tantivy.Index,
        documents: Sequence[tuple[int, SearchDocument]],
        ready: Sequence[dict[str, str]],
    ) -> list[Receipt | EngineError]:
        keys = {document.key for _version, document in documents}
        held = held_in(index.searcher(), self.schema, keys)
        answers: list[Receipt | EngineError] = []
        rows: dict[str, tantivy.Document] = {}
        for (version, document), fields in zip(documents, ready, strict=True):
            if error := conflict(version, document, held.get(document.key)):
                answers.append(error)
                continue
            if held.get(document.key) != (version, document.sha256):
                rows[document.key] = make_row(version, document, fields)
                held[document.key] = (version, document.sha256)
            answers.append(Receipt(document.key, version, document.sha256))
        self._write(index, rows)
        return answers

    def _write(self, index: tantivy.Index, rows: dict[str, tantivy.Document]) -> None:
        """Replace rows in one durable commit."""
        if not rows:
            return
        writer = index.writer(HEAP, 1)
        for key, row in rows.items():
            writer.delete_documents_by_term("key", key)
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
