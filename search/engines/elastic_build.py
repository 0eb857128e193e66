"""A new index in Elasticsearch, built beside the one that answers."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from elasticsearch import ApiError, Elasticsearch, TransportError

from search.documents import SearchDocument

from . import elastic_index
from .base import EngineDown, EngineError, Entry, Held, Versioned

# A node that restarts, or is out of breath, is back within half a minute.
WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
MERGE_S = 60.0  # half of what a build may be silent
PASSING = {408, 429, 502, 503, 504}
PAGE = 500
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Cluster(Protocol):
    """What a build needs of the engine."""

    client: Elasticsearch
    alias: str

    def bulk(
        self, index: str, documents: Sequence[Versioned]
    ) -> list[EngineError | None]: ...

    def held_in(self, index: str, keys: Sequence[str]) -> Held: ...

    def entries_in(self, index: str, after: str, limit: int) -> list[Entry]: ...

    def existing(self) -> list[str]: ...

    def answering(self) -> list[str]: ...

    def delete(self, indexes: Sequence[str]) -> None: ...


class ElasticBuild:
    """A `NewIndex`; deliveries go to it too (``ElasticEngine.put_many``)."""

    def __init__(self, cluster: Cluster, index: str) -> None:
        self.cluster = cluster
        self.index = index
        self.began_s = elastic_index.made_at_s(index)
        cluster.client.indices.refresh(index=index)
        self.kept = int(cluster.client.count(index=index)["count"])

    def held(self, keys: Iterable[str]) -> Held:
        if not self.kept:
            return {}
        wanted = list(keys)
        return _patiently(lambda: self.cluster.held_in(self.index, wanted))

    def add(self, documents: Sequence[Versioned]) -> list[EngineError]:
        errors = _patiently(lambda: self.cluster.bulk(self.index, documents))
        return [error for error in errors if error is not None and not error.stale]

    def flush(self) -> None:
        _patiently(lambda: self.cluster.client.indices.refresh(index=self.index))

    def entries(self, after: str, limit: int) -> list[Entry]:
        return _patiently(lambda: self.cluster.entries_in(self.index, after, limit))

    def finish(self) -> None:
        self._carry_over()
        self._merge()
        self._swap()

    def drop(self) -> None:
        self.cluster.delete([self.index])

    def _carry_over(self) -> None:
        """Copy tombstones of the old index; newer ones of the new index win."""
        for old in self.cluster.answering():
            for entries in self._pages(old):
                self.add(
                    [
                        (e.version, SearchDocument(e.key, e.state, e.sha256))
                        for e in entries
                        if e.state != "published"
                    ]
                )

    def _merge(self) -> None:
        """Put the new index in one piece: searches take a third less time in it.

        Nobody waits for it but the build; where it can't be done the index is as good.
        """
        indices = self.cluster.client.options(request_timeout=MERGE_S).indices
        try:
            indices.forcemerge(index=self.index, max_num_segments=1)
        except (ApiError, TransportError):
            logger.warning("%s stays in pieces", self.index, exc_info=True)

    def _pages(self, index: str) -> Iterator[list[Entry]]:
        after = ""
        while entries := self.cluster.entries_in(index, after, PAGE):
            yield entries
            after = entries[-1].key

    def _swap(self) -> None:
        """Let the new index answer in one step, and delete all others."""
        indices, alias = self.cluster.client.indices, self.cluster.alias
        indices.put_mapping(index=self.index, meta=elastic_index.meta(complete=True))
        indices.refresh(index=self.index)
        actions = [{"add": {"index": self.index, "alias": alias}}]
        if self.cluster.answering():
            actions.insert(0, {"remove": {"index": f"{alias}-*", "alias": alias}})
        indices.update_aliases(actions=actions)
        others = [name for name in self.cluster.existing() if name != self.index]
        self.cluster.delete(others)


def _patiently(call: Callable[[], T]) -> T:
    """Call again for half a minute while the server is away, busy or write-protected.

    Everything asked for here has one effect, however often it is done.
    """
    for wait_s in WAITS_S:
        try:
            return call()
        except ApiError as error:
            if error.meta.status not in PASSING:
                raise
        except (TransportError, EngineDown):
            pass
        time.sleep(wait_s)
    return call()
