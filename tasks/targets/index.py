"""A search index as a target."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from disclosure_pages.public_state import PublicState
from search import engines
from search.builder import build_document
from search.engines.base import EngineDown, EngineError
from search.engines.base import Receipt as EngineReceipt

from .base import Outcome, Receipt, TargetDown, TargetError


class IndexTarget:
    """Puts documents and tombstones into one of our search engines."""

    batch_size = 500

    def __init__(self, engine: str) -> None:
        self.name = f"index:{engine}"
        self.engine = engine

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Index a batch; one outcome for each item, in order.

        Raises:
            TargetDown: the engine cannot be reached.
        """
        documents = [(version, build_document(state)) for version, state in items]
        try:
            answers = engines.get(self.engine).put_many(documents)
        except EngineDown as error:
            raise TargetDown(_("检索引擎暂时不可用。")) from error
        return [_outcome(answer) for answer in answers]


def _outcome(answer: EngineReceipt | EngineError) -> Outcome:
    if isinstance(answer, EngineError):
        reason = _("检索引擎没有接受这一条（%(reason)s）。")
        return TargetError(
            reason % {"reason": answer.reason},
            stale=(answer.held_version or 0) if answer.stale else None,
        )
    return Receipt(answer.key, answer.version, answer.sha256)
