"""The embedded engine: tantivy over our own tokens, no service needed.

One short-lived writer at a time behind a file lock; readers in every process notice a
commit by the index's own ``meta.json``. The index is disposable (``needs_rebuild``).
"""

import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import tantivy

from search.documents import SearchDocument
from search.fields import token_fields

from . import local_query
from .base import (
    EngineDown,
    EngineError,
    Entry,
    Receipt,
    SearchQuery,
    SearchResult,
    conflict,
    search_relaxing,
)
from .rows import make_row, stored_document
from .store import Store, make_schema

HEAP = 16_000_000
REBUILD_HEAP = 64_000_000
PAGE = 500
Held = dict[str, tuple[int, str]]


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

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List keys held, sorted, tombstones included."""
        reader = self._reader()
        return (
            [] if reader is None else list(_entries(reader, self.schema, after, limit))
        )

    def healthy(self) -> bool:
        """Whether the folder can be read; an empty index is healthy, but incomplete."""
        try:
            self._reader()
        except EngineDown:
            return False
        return True

    @property
    def needs_rebuild(self) -> bool:
        """Whether the index is missing, broken, of another pipeline, or only a part."""
        if self._reader() is None:
            return True
        return not self.store.meta(self.store.current).get("complete", False)

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

    def rebuild(self, documents: Iterable[tuple[int, SearchDocument]]) -> int:
        """Build a new generation; the old one answers and takes writes meanwhile."""
        try:
            with self.store.lock("rebuild", wait_s=0):
                return self._rebuild(documents)
        except OSError as error:
            raise EngineDown(str(error)) from error

    # inside

    def _rebuild(self, documents: Iterable[tuple[int, SearchDocument]]) -> int:
        self.store.sweep()
        started = time.time_ns()
        generation = self.store.make()
        index = tantivy.Index(self.schema, path=str(generation))
        count = self._fill(index, documents)
        with self.store.lock("write", wait_s=60):
            self._carry_over(index, started)
            self.store.point(generation, complete=True)
            self.store.sweep()
        return count

    def _reader(self) -> tantivy.Searcher | None:
        """Return a searcher over the last commit; None when there is no index."""
        for _attempt in range(3):
            generation = self.store.current
            if not self.store.usable(generation):
                return None
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
        held = self._held(index, {document.key for _version, document in documents})
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

    def _fill(
        self, index: tantivy.Index, documents: Iterable[tuple[int, SearchDocument]]
    ) -> int:
        writer = index.writer(REBUILD_HEAP, 1)
        count = 0
        for version, document in documents:
            writer.add_document(make_row(version, document, token_fields(document)))
            count += 1
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return count

    def _carry_over(self, index: tantivy.Index, started: int) -> None:
        """Copy tombstones, newer versions and what came in since ``started``."""
        generation = self.store.current
        if generation is None or not (generation / "meta.json").exists():
            return
        try:
            reader = tantivy.Index.open(str(generation)).searcher()
            rows = dict(_newer_rows(self, index, reader, started))
        except (ValueError, OSError):
            return  # the old one is broken, which is why we rebuild
        self._write(index, rows)

    def _held(self, index: tantivy.Index, keys: Iterable[str]) -> Held:
        """Return (version, hash) of the keys that are held."""
        searcher = index.searcher()
        held: Held = {}
        for key in keys:
            query = tantivy.Query.term_query(self.schema, "key", key, "basic")
            for _score, address in searcher.search(query, 1, count=False).hits:
                row = searcher.doc(address)
                held[key] = (row.get_first("version"), row.get_first("sha256"))
        return held


def _newer_rows(
    engine: LocalEngine, index: tantivy.Index, old: tantivy.Searcher, started: int
) -> Iterator[tuple[str, tantivy.Document]]:
    after = ""
    while addresses := _addresses(old, engine.schema, after, PAGE):
        rows = {key: old.doc(address) for key, address in addresses}
        held = engine._held(index, rows)
        after = addresses[-1][0]
        for key, row in rows.items():
            version = row.get_first("version")
            document = stored_document(row)
            if key in held:
                wanted = held[key][0] < version
            else:
                wanted = not document.published or row.get_first("put_at") >= started
            if wanted:
                yield key, make_row(version, document, token_fields(document))


def _entries(
    reader: tantivy.Searcher, schema: tantivy.Schema, after: str, limit: int
) -> Iterator[Entry]:
    for key, address in _addresses(reader, schema, after, limit):
        row = reader.doc(address)
        yield Entry(
            key,
            row.get_first("version"),
            row.get_first("sha256"),
            row.get_first("state"),
        )


def _addresses(
    reader: tantivy.Searcher, schema: tantivy.Schema, after: str, limit: int
) -> list[tuple[str, tantivy.DocAddress]]:
    """Return (key, address) of the next rows, in order of their keys."""
    found = reader.search(
        _beyond(schema, after),
        limit,
        count=False,
        order_by_field="key",
        order=tantivy.Order.Asc,
    )
    return list(found.hits)


def _beyond(schema: tantivy.Schema, after: str) -> tantivy.Query:
    """Match every key that sorts behind ``after``; tantivy has no range over text."""
    if not after:
        return tantivy.Query.all_query()
    pattern = "[ -~]"
    for char in reversed(after):
        longer = f"{re.escape(char)}(?:{pattern})"
        higher = f"[\\x{ord(char) + 1:02x}-\\x7e]"
        pattern = f"{higher}|{longer}" if char < "~" else longer
    pattern = f"(?:{pattern})[ -~]*"
    return tantivy.Query.regex_query(schema, "key", pattern)
