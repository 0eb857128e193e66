"""Elasticsearch 8: an alias over one versioned index, external versions, tombstones.

Uses only what a bare node has: no ingest, scripts, ``_reindex`` or
``_delete_by_query``. Every call has a timeout of at most five seconds.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from elasticsearch import (
    ApiError,
    BadRequestError,
    Elasticsearch,
    NotFoundError,
    TransportError,
)

from search.fields import token_fields

from . import elastic_index, elastic_query
from .base import (
    EngineDown,
    EngineError,
    Entry,
    Held,
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
from .elastic_build import ElasticBuild

logger = logging.getLogger(__name__)
WRITE_TIMEOUT_S = 5.0
SEARCH_TIMEOUT_S = 1.5
HEALTH_TIMEOUT_S = 1.0
BELIEVED_S = 10.0
BLOCKS = ("write", "read_only", "read_only_allow_delete")


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

    def holding(self, units: Sequence[Unit], keys: Sequence[str]) -> list[Holding]:
        """Tell of each unit how many documents hold it, and which of ``keys``."""
        client = self.client.options(request_timeout=SEARCH_TIMEOUT_S)
        try:
            return elastic_query.holding(client, self.alias, units, keys)
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List keys held, sorted, tombstones included; sees every write."""
        try:
            return self.entries_in(self.alias, after, limit)
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
        """Whether the index is missing, only a part, or of an older pipeline.

        False while nobody answers: what is unreachable is not lost.
        """
        try:
            found = self._aliased(self.alias)
        except (ApiError, TransportError):
            return False
        return not found or any(about.lacking for about in found.values())

    # writing

    def put_many(self, documents: Sequence[Versioned]) -> list[Receipt | EngineError]:
        """Bring documents to their versions; while a rebuild runs, in both indexes."""
        if not documents:
            return []
        try:
            reading, others = self._targets()
            if not reading.ours:
                return self._withdraw(reading.name, documents)
            answers = self._put(reading.name, documents)
            for about in others:
                self._follow(about, documents, answers)
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error
        return answers

    @contextmanager
    def building(self) -> Iterator[ElasticBuild]:
        """Build a new index beside the old one; deliveries go to both meanwhile."""
        try:
            yield ElasticBuild(self, self._begin())
        except (ApiError, TransportError) as error:
            raise EngineDown(str(error)) from error

    def rebuild(self, documents: Iterable[Versioned]) -> int:
        """Build the index anew from these documents; returns how many."""
        return build(self, documents)

    def drop(self) -> None:
        """Delete every index of this prefix (tests and uninstalling)."""
        self.delete(self.existing())

    # inside

    def _incomplete(self) -> bool:
        """Whether something is lacking, as it was within the last ten seconds."""
        asked_at, lacking = self._lacking
        if time.monotonic() - asked_at > BELIEVED_S:
            lacking = self._is_lacking()
            self._lacking = (time.monotonic(), lacking)
        return lacking

    def _is_lacking(self) -> bool:
        """Whether it cannot find everything, or takes no changes any more."""
        try:
            answer = self.client.indices.get(
                index=self.alias, features="settings,mappings"
            )
        except NotFoundError:
            return True
        except (ApiError, TransportError):
            return False
        for index, about in answer.items():
            blocks = about["settings"]["index"].get("blocks", {})
            found = elastic_index.About.of(index, about)
            blocked = any(blocks.get(name) in ("true", True) for name in BLOCKS)
            if blocked or not (found.ours and found.complete):
                return True
        return False

    def _targets(self) -> tuple[elastic_index.About, list[elastic_index.About]]:
        """Return the index that answers, made if missing, and those being built.

        One that was left half built a day ago is not written to any more.
        """
        found = self._aliased(self.write_alias)
        reading = [about for about in found.values() if self.alias in about.names]
        others = [about for about in found.values() if about not in reading]
        if not reading:
            index = self._make("first", self.alias, self.write_alias)
            reading = [elastic_index.About.new(index)]
        return reading[0], [about for about in others if about.young]

    def _withdraw(
        self, index: str, documents: Sequence[Versioned]
    ) -> list[Receipt | EngineError]:
        """Take back what has to go, in an index whose tokens are not ours.

        Raises:
            EngineDown: the rest waits until processes of one version are left.
        """
        gone = [pair for pair in documents if not pair[1].published]
        answers = self._put(index, gone)
        if len(gone) < len(documents):
            raise EngineDown("the index is of another version of this program")
        return answers

    def _begin(self) -> str:
        """Return an index that a rebuild left half built within a day, or a new one."""
        found = self._aliased(self.write_alias)
        left = sorted(i for i, about in found.items() if self.alias not in about.names)
        going_on = [index for index in left if found[index].resumable]
        self.delete([index for index in left if index not in going_on[-1:]])
        return going_on[-1] if going_on else self._make_new()

    def _make_new(self) -> str:
        return self._make(f"{time.time_ns():x}", self.write_alias)

    def _aliased(self, alias: str) -> dict[str, elastic_index.About]:
        """Return the indexes under an alias with what they say of themselves."""
        try:
            answer = self.client.indices.get(index=alias, features="aliases,mappings")
        except NotFoundError:
            return {}
        return {
            index: elastic_index.About.of(index, about)
            for index, about in answer.items()
        }

    def answering(self) -> list[str]:
        """Return the index that answers, if there is one."""
        return sorted(self._aliased(self.alias))

    def existing(self) -> list[str]:
        answer = self.client.indices.get(
            index=f"{self.alias}-*", allow_no_indices=True, features="aliases"
        )
        return sorted(answer)

    def delete(self, indexes: Sequence[str]) -> None:
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
        held = self.held_in(index, [document.key for _version, document in documents])
        answers: list[Receipt | EngineError] = []
        due: list[Versioned] = []
        for version, document in documents:
            error = conflict(version, document, held.get(document.key))
            answers.append(error or Receipt(document.key, version, document.sha256))
            if error is None:
                held[document.key] = (version, document.sha256)
                due.append((version, document))
        outcomes = iter(self.bulk(index, due))
        return [
            answer if isinstance(answer, EngineError) else next(outcomes) or answer
            for answer in answers
        ]

    def bulk(
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
        if reason := next(filter(None, map(_refusal_of_all, items)), ""):
            raise EngineDown(reason)
        refused = [item["_id"] for item in items if item["status"] == 409]
        held = self.held_in(index, refused) if refused else {}
        return [_item_error(item, held) for item in items]

    def held_in(self, index: str, keys: Sequence[str]) -> Held:
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
        about: elastic_index.About,
        documents: Sequence[Versioned],
        answers: list[Receipt | EngineError],
    ) -> None:
        """Write to the index being built too; a failure there counts as one here.

        One of another version takes only what is withdrawn: whoever builds it gives
        it the rest before it answers.
        """
        accepted = [
            place
            for place, answer in enumerate(answers)
            if isinstance(answer, Receipt)
            and (about.ours or not documents[place][1].published)
        ]
        try:
            copies = self._put(about.name, [documents[place] for place in accepted])
        except NotFoundError:
            return  # that rebuild was given up
        for place, copy in zip(accepted, copies, strict=True):
            if isinstance(copy, EngineError) and not copy.stale:
                answers[place] = copy

    def entries_in(self, index: str, after: str, limit: int) -> list[Entry]:
        """List what one index holds; the first page sees every write."""
        if not after:
            self.client.indices.refresh(index=index)
        return elastic_query.entries(self.client, index, after, limit)


def _door(index: str) -> str:
    return f"{index}-door"


def _refusal_of_all(item: dict[str, Any]) -> str:
    """Return why nothing is taken now (write-protected, out of breath), or nothing."""
    error = item.get("error") or {}
    blocked = error.get("type") == "cluster_block_exception"
    if item["status"] in (429, 503) or blocked:
        return str(error.get("reason", item["status"]))[:300]
    return ""


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
