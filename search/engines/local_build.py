"""A new generation of the local index, built beside the one that answers."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import tantivy

from search.documents import SearchDocument
from search.fields import token_fields

from .base import EngineError, Entry, Held, Versioned
from .local_rows import addresses_after, entries_after, held_in
from .rows import CARRIED, make_row, stored_document
from .store import Store

HEAP = 64_000_000
COMMIT_EVERY_S = 10.0
PAGE = 500


class NewGeneration:
    """A `NewIndex` in a folder of its own; one writer for as long as it is built."""

    def __init__(self, store: Store, schema: tantivy.Schema, folder: Path) -> None:
        self.store = store
        self.schema = schema
        self.folder = folder
        self.index = tantivy.Index.open(str(folder))
        self.began_s = Store.made_at_ns(folder) / 1e9
        self._writer: tantivy.IndexWriter | None = None
        self._committed_at = time.monotonic()
        searcher = self.index.searcher()
        self.kept = searcher.num_docs
        self._keys = set(_keys(searcher, schema)) if self.kept else set()

    def held(self, keys: Iterable[str]) -> Held:
        if not self.kept:
            return {}
        return held_in(self.index.searcher(), self.schema, keys)

    def add(self, documents: Sequence[Versioned]) -> list[EngineError]:
        for version, document in documents:
            row = make_row(version, document, token_fields(document))
            self._add(document.key, row)
        if time.monotonic() - self._committed_at > COMMIT_EVERY_S:
            self.flush()
        return []

    def flush(self) -> None:
        if self._writer is not None:
            self._writer.commit()
            self._writer.wait_merging_threads()
            self._writer = None
        self.index.reload()
        self._committed_at = time.monotonic()

    def entries(self, after: str, limit: int) -> list[Entry]:
        return list(entries_after(self.index.searcher(), self.schema, after, limit))

    def finish(self) -> None:
        self.flush()
        with self.store.lock("write", wait_s=60):
            self._carry_over()
            self.flush()
            self.store.point(self.folder, complete=True)
            self.store.sweep()

    def drop(self) -> None:
        self._writer = None
        self.store.discard(self.folder)

    def close(self) -> None:
        """Let go of the writer; what was not flushed is lost."""
        self._writer = None

    def _add(self, key: str, row: tantivy.Document) -> None:
        if self._writer is None:
            self._writer = self.index.writer(HEAP, 1)
        if key in self._keys:
            self._writer.delete_documents_by_term("key", key)
        self._keys.add(key)
        self._writer.add_document(row)

    def _carry_over(self) -> None:
        """Copy from the old index tombstones, newer versions and what came meanwhile.

        Of documents with attached files the text is not at hand: such a row is marked,
        so that the next delivery of the same version writes it whole.
        """
        old = self.store.current
        if old is None or not (old / "meta.json").exists():
            return
        with suppress(ValueError, OSError):  # broken: that is why we rebuild
            reader = tantivy.Index.open(str(old)).searcher()
            for key, version, document in list(self._newer(reader)):
                at = CARRIED if document.files else None
                row = make_row(version, document, token_fields(document), put_at=at)
                self._add(key, row)

    def _newer(
        self, old: tantivy.Searcher
    ) -> Iterator[tuple[str, int, SearchDocument]]:
        after, searcher = "", self.index.searcher()
        while addresses := addresses_after(old, self.schema, after, PAGE):
            rows = {key: old.doc(address) for key, address in addresses}
            held = held_in(searcher, self.schema, rows)
            after = addresses[-1][0]
            for key, row in rows.items():
                version = row.get_first("version")
                document = stored_document(row)
                if key in held:
                    wanted = held[key][0] < version
                else:
                    since = row.get_first("put_at") >= self.began_s * 1e9
                    wanted = not document.published or since
                if wanted:
                    yield key, version, document


def _keys(searcher: tantivy.Searcher, schema: tantivy.Schema) -> Iterator[str]:
    after = ""
    while addresses := addresses_after(searcher, schema, after, 10 * PAGE):
        yield from (key for key, _address in addresses)
        after = addresses[-1][0]
