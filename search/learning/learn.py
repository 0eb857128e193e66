"""Learn from past questions, and say honestly what that gives.

Every figure is out of fold: a question is ranked by weights, and with a memory, made of
the questions of the other folds; the features that weights are fitted on come from a
memory without the question's own fold again.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from cms.folding import fold_text
from search.documents import SearchDocument, number_of
from search.engines.base import Engine
from search.query import make_query, parse
from search.ranking import (
    FEATURES,
    LEARNED_FEATURES,
    QUESTIONS,
    Candidates,
    Floats,
    Gather,
    Integers,
    Ranking,
    Rule,
)

from . import collection, measures
from .fit import Asked, fitted
from .memory import Memory

FOLDS = 5
NAMES = FEATURES + LEARNED_FEATURES
EVEN = dict.fromkeys(NAMES, 1.0)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Labelled:
    """One past question with the keys of the documents that answer it."""

    question: str
    answers: frozenset[str]

    @cached_property
    def fold(self) -> int:
        """The same in every run, and for every spelling of the question."""
        return zlib.crc32(fold_text(self.question).strip().encode()) % FOLDS

    @property
    def numbers(self) -> frozenset[int]:
        """The answers as engines know them."""
        return frozenset(map(number_of, self.answers))


@dataclass(frozen=True)
class Lesson:
    """What was learned: a memory, a rule, and what both give out of fold.

    ``before`` and ``after`` are means over the questions, under the rule that stands
    and under the new one; ``gains`` their differences.
    """

    memory: Memory
    rule: Rule
    questions: int
    before: dict[str, float]
    after: dict[str, float]
    gains: dict[str, measures.Spread]

    def as_dict(self) -> dict[str, Any]:
        """Return memory and rule as they are kept."""
        return {"memory": self.memory.as_dict(), "weights": dict(self.rule.weights)}

    def figures(self) -> dict[str, Any]:
        """Return what it was judged by; ``gains`` with the ends of their intervals."""
        gains = {n: (g.mean, g.low, g.high) for n, g in self.gains.items()}
        return {"before": self.before, "after": self.after, "gains": gains}


@dataclass(frozen=True)
class _Noting(Ranking):
    """A ranking that notes the candidates it kept, and their features."""

    noted: list[tuple[Integers, Floats]] = field(default_factory=list)

    def _weighed(self, kept: Candidates, gather: Gather) -> Floats:
        rows = self.features(kept, gather)
        self.noted.append((kept.number, rows))
        return super()._weighed(kept, gather)


@dataclass(frozen=True)
class Fold:
    """Questions with their features; weights may be fitted on ``seen`` only."""

    seen: list[Asked]
    unseen: dict[str, Asked]


class Classroom:
    """Questions asked of one engine, again and again, to see what can be learned."""

    def __init__(
        self,
        questions: Iterable[Labelled],
        documents: Iterable[SearchDocument],
        engine: Engine,
        ranking: Ranking,
        progress: Progress = lambda _done, _all: None,
    ) -> None:
        """Read the collection.

        Args:
            questions: what is no sentence is left out, its order never changes.
            documents: the whole collection, read once.
            engine: holds the same collection.
            ranking: what stands now, and the citations to count.
            progress: told how many of how many times something was asked.
        """
        self.questions = [q for q in questions if parse(q.question).question]
        self.remember = collection.read(self.questions, documents).memory
        self.engine, self.ranking, self._progress = engine, ranking, progress
        self._times = 0

    def lesson(self) -> Lesson:
        """Learn from all questions; compare with the ranking that stands."""
        wanted, before = self.wanted, self.before
        after = self.out_of_fold(NAMES)
        every = [asked for fold in self.folds for asked in fold.unseen.values()]
        return Lesson(
            self.remember(self.questions),
            rule_of(dict(zip(NAMES, fitted(every).tolist(), strict=True))),
            len(self.questions),
            measures.means(before, wanted),
            measures.means(after, wanted),
            measures.differences(before, after, wanted),
        )

    @property
    def wanted(self) -> dict[str, dict[int, int]]:
        """The answers of each question."""
        return {q.question: dict.fromkeys(q.numbers, 1) for q in self.questions}

    @cached_property
    def before(self) -> dict[str, list[int]]:
        """What stands now on the first hundred places, by question."""
        found = {}
        for question in self.questions:
            self._count()
            query = make_query(
                question.question, page_size=measures.DEPTH, ranking=self.ranking
            )
            hits = self.engine.search(query).hits
            found[question.question] = [number_of(hit.key) for hit in hits]
        return found

    def out_of_fold(self, names: Sequence[str]) -> dict[str, list[int]]:
        """Rank each question by weights of these features that have not seen it."""
        columns = [NAMES.index(name) for name in names]
        found = {}
        for fold in self.folds:
            weights = fitted([asked.only(columns) for asked in fold.seen])
            for question, asked in fold.unseen.items():
                found[question] = asked.only(columns).ranked(weights)
        return found

    @cached_property
    def folds(self) -> list[Fold]:
        """Features by memories that don't know the question: each fold once unseen."""
        return [self._fold(number) for number in range(FOLDS)]

    def _fold(self, number: int) -> Fold:
        seen = [q for q in self.questions if q.fold != number]
        rows = []
        for inner in range(FOLDS):
            memory = self.remember([q for q in seen if q.fold != inner])
            rows += [self._asked(q, memory) for q in seen if q.fold == inner]
        memory = self.remember(seen)
        unseen = (q for q in self.questions if q.fold == number)
        return Fold(rows, {q.question: self._asked(q, memory) for q in unseen})

    def _asked(self, question: Labelled, memory: Memory) -> Asked:
        """Ask; return candidates with their features."""
        self._count()
        standing = self.ranking
        noting = _Noting(
            QUESTIONS, standing.citations, standing.no_prior, memory, rule_of(EVEN)
        )
        self.engine.search(make_query(question.question, page_size=1, ranking=noting))
        if not noting.noted:
            return Asked([], np.zeros((0, len(NAMES))), np.zeros(0, np.bool_))
        numbers, rows = noting.noted[-1]
        answers = np.isin(numbers, list(question.numbers))
        return Asked(numbers.tolist(), rows, answers)

    def _count(self) -> None:
        self._times += 1
        self._progress(self._times, (FOLDS + 1) * len(self.questions))


def rule_of(weights: Mapping[str, float]) -> Rule:
    """Return the rule ``labelled`` with these weights of `NAMES`."""
    return replace(QUESTIONS, name="labelled", weights=weights)
