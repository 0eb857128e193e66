"""Elasticsearch 8: an alias over one versioned index, external versions, tombstones.

Uses only what a bare node has: no ingest, scripts, ``_reindex`` or
``_delete_by_query``. Every call has a timeout of at most five seconds.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from elasticsearch import (
    ApiError,
    BadRequestError,
    Elasticsearch,
    NotFoundError,
    TransportError,
)

from search.documents import SearchDocument
from search.fields import token_fields

from . import elastic_index, elastic_query
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

logger = logging.getLogger(__name__)
WRITE_TIMEOUT_S = 5.0
SEARCH_TIMEOUT_S = 1.5
HEALTH_TIMEOUT_S = 1.0
REBUILD_CHUNK = 200
BELIEVED_S = 10.0
PAGE = 500
Held = dict[str, tuple[int, str]]
Versioned = tuple[int, SearchDocument]


class ElasticEngine:
    """Full text in Elasticsearch, under ``<prefix>-items``."""

    name = "es"

    def __init__(self, url: str, prefix: str, *, refresh: bool = False) -> None:
        """``refresh``: see writes at once, not within a second (for tests)."""
        self.client = Elasticsearch(
            url, request_timeout=WRITE_TIMEOUT_S, max_retries=0, retry_on_timeout=False
        )
        self.alias = f"{prefix}-items"
        self.write_alias = f"{prefix}-items-write"
        self.refresh = refresh
        self._lacking = (float("-inf"), False)

    # reading

    def search(self, query: SearchQuery) -> SearchResult:
        """Find a page of documents; an index that is missing finds nothing."""
        started = time.perf_counter()
        client = self.client.options(request_timeout=SEARCH_TIMEOUT_S)
        if query.hopeless:
            return SearchResult(0, [], {}, self.name)
        try:
            result = search_relaxing(
                query,
                lambda units, minimum: elastic_query.run(
                    client, self.alias, query, units, minimum
                ),
            )
        except NotFoundError:
            return SearchResult(0, [], {}, self.name, incomplete=True)
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error
        took_ms = round((time.perf_counter() - started) * 1000)
        return elastic_query.finished(result, took_ms, incomplete=self._incomplete())

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List keys held, sorted, tombstones included; sees every write."""
        try:
            return self._entries(self.alias, after, limit)
        except NotFoundError:
            return []
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error

    def healthy(self) -> bool:
        """Whether the cluster answers and has its shards; never ``ping`` (405)."""
        client = self.client.options(request_timeout=HEALTH_TIMEOUT_S)
        try:
            return client.cluster.health(timeout="900ms")["status"] != "red"
        except (ApiError, TransportError):
            return False

    @property
    def needs_rebuild(self) -> bool:
        """Whether the index is missing, only a part, or of another pipeline.

        False while nobody answers: what is unreachable is not lost.
        """
        try:
            answer = self.client.indices.get_mapping(index=self.alias)
        except NotFoundError:
            return True
        except (ApiError, TransportError):
            return False
        return not all(
            elastic_index.is_complete(mapping["mappings"].get("_meta", {}))
            for mapping in answer.values()
        )

    # writing

    def put_many(self, documents: Sequence[Versioned]) -> list[Receipt | EngineError]:
        """Bring documents to their versions; while a rebuild runs, in both indexes."""
        if not documents:
            return []
        try:
            reading, others = self._targets()
            answers = self._put(reading, documents)
            for index in others:
                self._follow(index, documents, answers)
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error
        return answers

    def rebuild(self, documents: Iterable[Versioned]) -> int:
        """Build a new index beside the old one, then move the alias in one step."""
        try:
            self._delete(self._unfinished())
            index = self._make(f"{time.time_ns():x}", self.write_alias)
            swapped = False
            try:
                count = self._fill(index, documents)
                self._carry_over(index)
                self._swap(index)
                swapped = True
            finally:
                if not swapped:
                    self._delete([index])
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error
        return count

    def drop(self) -> None:
        """Delete every index of this prefix (tests and uninstalling)."""
        self._delete(self._existing())

    # inside

    def _incomplete(self) -> bool:
        """Return ``needs_rebuild`` as it was within the last ten seconds."""
        asked_at, lacking = self._lacking
        if time.monotonic() - asked_at > BELIEVED_S:
            lacking = self.needs_rebuild
            self._lacking = (time.monotonic(), lacking)
        return lacking

    def _targets(self) -> tuple[str, list[str]]:
        """Return the index that answers, made if missing, and those being built."""
        found = self._aliased(self.write_alias)
        reading = [i for i, names in found.items() if self.alias in names]
        if not reading:
            return self._make("first", self.alias, self.write_alias), sorted(found)
        return reading[0], sorted(found.keys() - set(reading))

    def _unfinished(self) -> list[str]:
        """Return what a rebuild that was killed has left behind."""
        found = self._aliased(self.write_alias)
        return sorted(i for i, names in found.items() if self.alias not in names)

    def _aliased(self, alias: str) -> dict[str, set[str]]:
        """Return the indexes under an alias, each with all of its aliases."""
        try:
            answer = self.client.indices.get(index=alias, features="aliases")
        except NotFoundError:
            return {}
        return {index: set(about["aliases"]) for index, about in answer.items()}

    def _existing(self) -> list[str]:
        answer = self.client.indices.get(
            index=f"{self.alias}-*", allow_no_indices=True, features="aliases"
        )
        return sorted(answer)

    def _delete(self, indexes: Sequence[str]) -> None:
        if indexes:
            self.client.indices.delete(index=",".join(indexes), ignore_unavailable=True)

    def _make(self, suffix: str, *aliases: str) -> str:
        """Create an index; writes need its own alias, so that none makes one."""
        index = f"{self.alias}-{suffix}"
        try:
            self.client.indices.create(
                index=index,
                settings=elastic_index.SETTINGS,
                mappings=elastic_index.mappings(complete=False),
                aliases={alias: {} for alias in (*aliases, _door(index))},
                wait_for_active_shards=1,
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise  # else another process was first
        return index

    def _put(
        self, index: str, documents: Sequence[Versioned]
    ) -> list[Receipt | EngineError]:
        """Write what the held versions allow; one answer for each document."""
        held = self._held(index, [document.key for _version, document in documents])
        answers: list[Receipt | EngineError] = []
        due: list[Versioned] = []
        for version, document in documents:
            error = conflict(version, document, held.get(document.key))
            answers.append(error or Receipt(document.key, version, document.sha256))
            if error is None:
                held[document.key] = (version, document.sha256)
                due.append((version, document))
        outcomes = iter(self._bulk(index, due))
        return [
            answer if isinstance(answer, EngineError) else next(outcomes) or answer
            for answer in answers
        ]

    def _bulk(
        self, index: str, documents: Sequence[Versioned]
    ) -> list[EngineError | None]:
        """Send one bulk request; the error of each document, or nothing."""
        if not documents:
            return []
        operations: list[dict[str, Any]] = []
        for version, document in documents:
            action = {
                "_id": document.key,
                "version": version,
                "version_type": "external_gte",
            }
            body = elastic_index.source(version, document, token_fields(document))
            operations += [{"index": action}, body]
        answer = self.client.bulk(
            index=_door(index),
            operations=operations,
            refresh=self.refresh,
            require_alias=True,
        )
        items = [item["index"] for item in answer["items"]]
        refused = [item["_id"] for item in items if item["status"] == 409]
        held = self._held(index, refused) if refused else {}
        return [_item_error(item, held) for item in items]

    def _held(self, index: str, keys: Sequence[str]) -> Held:
        """Return (version, hash) of the keys that are held, as of the last write."""
        if not keys:
            return {}
        answer = self.client.mget(
            index=index, ids=list(dict.fromkeys(keys)), source_includes=["sha256"]
        )
        return {
            row["_id"]: (row["_version"], row["_source"]["sha256"])
            for row in answer["docs"]
            if row.get("found")
        }

    def _follow(
        self,
        index: str,
        documents: Sequence[Versioned],
        answers: list[Receipt | EngineError],
    ) -> None:
        """Write to the index being built too; a failure there counts as one here."""
        accepted = [place for place, a in enumerate(answers) if isinstance(a, Receipt)]
        try:
            copies = self._put(index, [documents[place] for place in accepted])
        except NotFoundError:
            return  # that rebuild was given up
        for place, copy in zip(accepted, copies, strict=True):
            if isinstance(copy, EngineError) and not copy.stale:
                answers[place] = copy

    def _fill(self, index: str, documents: Iterable[Versioned]) -> int:
        count = 0
        rows = iter(documents)
        while chunk := list(islice(rows, REBUILD_CHUNK)):
            self._demand(self._bulk(index, chunk))
            count += len(chunk)
        return count

    def _carry_over(self, index: str) -> None:
        """Copy tombstones of the old index; newer ones of the new index win."""
        for old in self._aliased(self.alias):
            for entries in self._pages(old):
                gone = [
                    (e.version, SearchDocument(e.key, e.state, e.sha256))
                    for e in entries
                    if e.state != "published"
                ]
                self._demand(self._bulk(index, gone))

    def _pages(self, index: str) -> Iterator[list[Entry]]:
        after = ""
        while entries := self._entries(index, after, PAGE):
            yield entries
            after = entries[-1].key

    def _entries(self, index: str, after: str, limit: int) -> list[Entry]:
        if not after:
            self.client.indices.refresh(index=index)
        return elastic_query.entries(self.client, index, after, limit)

    def _demand(self, errors: Sequence[EngineError | None]) -> None:
        """Stop a rebuild at the first document that is refused for its content."""
        for error in errors:
            if error is not None and not error.stale:
                raise EngineDown(error.reason)

    def _swap(self, index: str) -> None:
        """Let the new index answer, and delete all others."""
        self.client.indices.put_mapping(
            index=index, meta=elastic_index.meta(complete=True)
        )
        self.client.indices.refresh(index=index)
        self.client.indices.update_aliases(
            actions=[
                {"remove": {"index": f"{self.alias}-*", "alias": self.alias}},
                {"add": {"index": index, "alias": self.alias}},
            ]
            if self._aliased(self.alias)
            else [{"add": {"index": index, "alias": self.alias}}]
        )
        self._delete([name for name in self._existing() if name != index])


def _door(index: str) -> str:
    return f"{index}-door"


def _item_error(item: dict[str, Any], held: Held) -> EngineError | None:
    if item["status"] < 300:
        return None
    key = item["_id"]
    reason = str(item.get("error", {}).get("reason", item["status"]))[:300]
    if item["status"] == 409:
        return EngineError(
            key, reason, stale=True, held_version=held.get(key, (None, ""))[0]
        )
    logger.error("elasticsearch refused %s: %s", key, reason)
    return EngineError(key, reason)
