"""A search index as a target."""

import time
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from disclosure_pages.public_state import PublicState
from search import engines
from search.builder import build_documents
from search.engines.base import EngineDown, EngineError, Versioned
from search.engines.base import Receipt as EngineReceipt

from .base import Outcome, Receipt, TargetDown, TargetError, Waiting

PORTION = 300_000  # characters of files that go into one write
BUDGET_S = 10.0  # a third of a lease


class IndexTarget:
    """Puts documents and tombstones into one of our search engines."""

    batch_size = 500

    def __init__(self, engine: str) -> None:
        self.name = f"index:{engine}"
        self.engine = engine

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Index a batch; one outcome for each item, in order.

        Long attached files take seconds each: what does not fit into the time is left
        for later.

        Raises:
            TargetDown: the engine cannot be reached.
        """
        ends = time.monotonic() + BUDGET_S
        outcomes: list[Outcome] = []
        documents = build_documents(state for _version, state in items)
        versions = (version for version, _state in items)
        try:
            for portion in portions(zip(versions, documents, strict=False)):
                answers = engines.get(self.engine).put_many(portion)
                outcomes += [_outcome(answer) for answer in answers]
                if time.monotonic() > ends:
                    break
        except EngineDown as error:
            raise TargetDown(_("检索引擎暂时不可用。"), done=outcomes) from error
        return outcomes + [Waiting()] * (len(items) - len(outcomes))


def portions(documents: Iterable[Versioned]) -> Iterator[list[Versioned]]:
    """Cut a batch where the text of its files gets long; one without stays whole."""
    portion: list[Versioned] = []
    characters = 0
    for version, document in documents:
        portion.append((version, document))
        characters += len(document.file_text)
        if characters >= PORTION:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion


def _outcome(answer: EngineReceipt | EngineError) -> Outcome:
    if isinstance(answer, EngineError):
        reason = _("检索引擎没有接受这一条（%(reason)s）。")
        return TargetError(
            reason % {"reason": answer.reason},
            stale=(answer.held_version or 0) if answer.stale else None,
        )
    return Receipt(answer.key, answer.version, answer.sha256)
