"""A search index as a target."""

from collections.abc import Sequence

from disclosure_pages.public_state import PublicState
from search import engines
from search.builder import build_document

from .base import Outcome, Receipt, TargetError


class IndexTarget:
    """Puts documents and tombstones into one of our search engines."""

    batch_size = 500

    def __init__(self, engine: str) -> None:
        self.name = f"index:{engine}"
        self.engine = engine

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Index a batch; one outcome for each item, in order."""
        documents = [(version, build_document(state)) for version, state in items]
        return [
            self._outcome(answer)
            for answer in engines.get(self.engine).put_many(documents)
        ]
