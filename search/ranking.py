"""In which order hits stand: one rule for every engine.

An engine gives the best candidates by BM25 (words, bigrams, characters and, unless it
is a question, title; ``search.fields.BOOSTS``); what is here reorders them. Rules:

``base``
    BM25 times a prior of at most 1.5: how often others name the work and the document.
``questions``
    The logarithm of BM25 plus six weighted features, for long texts divided into many
    documents, such as statutes, asked in whole sentences. Weights: listwise softmax,
    fitted by ``bench/search_weights.py`` on judged questions.
``labelled``
    The same with five features more, of what past questions and their answers teach
    (``search.learning``). Its weights are learned on the site; only when somebody
    switched them on.

What is no question in a sentence is ordered by ``base`` in any case. Validity halves
the score of what is void under each. ``bench/search_quality.py`` says what each rule is
worth on a judged set, ``bench/search_labels.py`` what past questions add.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import repeat
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .citations import NOTHING_KNOWN, Citations
from .learning.memory import Hints, Memory

VOID_FACTOR = 0.5
LEAST = 0.001
BEST_OF_WORK = 3
FEATURES = ("bm25", "work", "document", "unigrams", "coverage", "best", "section")
LEARNED_FEATURES = ("answered", "alike", "alike_work", "spoken", "translated")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """One way of ordering.

    ``fetch`` candidates come from the engine; the best ``keep`` of them by BM25 times
    the prior are reordered by ``weights`` (of `FEATURES`, and of `LEARNED_FEATURES`
    if past questions are known), if there are any.
    """

    name: str
    fetch: int
    keep: int
    weights: Mapping[str, float] = field(default_factory=dict)
    of_work: float = 0.4
    of_document: float = 0.1
    most: float = 1.5


BASE = Rule("base", fetch=300, keep=300)
QUESTIONS = Rule(
    "questions",
    fetch=2_000,
    keep=1_000,
    weights={
        "bm25": 1.0,
        "work": 3.41,
        "document": 1.34,
        "unigrams": 3.8,
        "coverage": 7.03,
        "best": 1.77,
        "section": 1.68,
    },
)
RULES = {rule.name: rule for rule in (BASE, QUESTIONS)}


@dataclass(frozen=True)
class Candidates:
    """What a rule has to know of documents: BM25, best first, and `fields.columns`."""

    score: Floats
    number: Integers
    work: Integers
    section: Integers
    category: Integers
    day: Integers  # of publication, for equal scores
    void: Integers  # 1: expired or repealed

    @classmethod
    def of(cls, scores: Sequence[float], columns: Sequence[Sequence[int]]) -> Self:
        """Return candidates as an engine found them.

        Args:
            scores: of each document.
            columns: for each name of `fields.COLUMNS` the value of each document.
        """
        return cls(
            np.asarray(scores, np.float64),
            *(np.asarray(column, np.int64) for column in columns),
        )

    @property
    def places(self) -> Integers:
        """Places in order: higher scores first, then what is newer, then any."""
        return np.lexsort((self.number, -self.day, -self.score))

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, places: Integers | slice) -> Self:
        """Return the candidates at these places."""
        return type(self)(*(getattr(self, f.name)[places] for f in fields(self)))


@dataclass(frozen=True)
class Evidence:
    """What only some rules ask for, of every candidate that was kept.

    ``unigrams``: BM25 over single characters; ``coverage``: share of the question's
    bigrams in the document, each weighing its rarity; ``words``: BM25 over each set of
    `Hints.words`.
    """

    unigrams: Mapping[int, float]
    coverage: Mapping[int, float]
    words: tuple[Mapping[int, float], ...] = ()


Gather = Callable[[Integers], Evidence]


def shares(frequencies: Mapping[str, int], documents: int) -> dict[str, float]:
    """Return each token's share of the question's rarity (BM25's idf); sum is 1.

    Args:
        frequencies: in how many documents each token stands.
        documents: how many there are.
    """
    rarity = {
        token: math.log(1 + (max(documents - found, 0) + 0.5) / (found + 0.5))
        for token, found in frequencies.items()
    }
    whole = sum(rarity.values()) or 1.0
    return {token: value / whole for token, value in rarity.items()}


@dataclass(frozen=True)
class Ranking:
    """A rule with what it knows.

    ``no_prior``: numbers of the categories in which citations don't count. ``memory``
    and ``learned``: past questions and the rule that weighs what they say; ``hints``:
    what they say of the one question that is asked.
    """

    rule: Rule = BASE
    citations: Citations = NOTHING_KNOWN
    no_prior: frozenset[int] = frozenset()
    memory: Memory | None = None
    learned: Rule | None = None
    hints: Hints | None = None

    def having(self, memory: Memory, learned: Rule) -> Self:
        """Return the ranking that asks past questions by a rule of its own."""
        return replace(self, memory=memory, learned=learned)

    def for_question(self, bigrams: Iterable[str], words: Iterable[str]) -> Self:
        """Return the ranking with what past questions say of this one, if any do."""
        if self.memory is None or self.learned is None:
            return self
        return replace(self, rule=self.learned, hints=self.memory.hints(bigrams, words))

    @property
    def words(self) -> tuple[Mapping[str, float], ...]:
        """The sets of weighted words by which an engine shall score what is kept."""
        return self.hints.words if self.hints else ()

    def for_words(self) -> Self:
        """Return the ranking for what is no sentence: known items, single words."""
        return replace(self, rule=BASE)

    def order(self, found: Candidates, gather: Gather) -> tuple[Floats, Integers]:
        """Return scores and places in ``found``, best first; every place once."""
        rough = self._prior(found) * found.score
        places = np.argsort(-rough, kind="stable")
        if not self.rule.weights or not len(found):
            return rough[places], places
        kept = np.sort(places[: self.rule.keep])
        scores = self._weighed(found[kept], gather)
        best = np.argsort(-scores, kind="stable")
        rest = places[self.rule.keep :]
        return (
            np.concatenate([scores[best], np.full(len(rest), scores.min())]),
            np.concatenate([kept[best], rest]),
        )

    def _prior(self, found: Candidates) -> Floats:
        """Return what BM25 is multiplied by, validity included."""
        of_work, of_document = self._named(found)
        raised = 1 + self.rule.of_work * of_work + self.rule.of_document * of_document
        return np.minimum(raised, self.rule.most) * self._validity(found)

    def _validity(self, found: Candidates) -> Floats:
        return np.where(found.void > 0, VOID_FACTOR, 1.0)

    def _named(self, found: Candidates) -> tuple[Floats, Floats]:
        counted = ~np.isin(found.category, list(self.no_prior))
        return (
            self.citations.of_works[found.work] * counted,
            self.citations.of_documents[found.number] * counted,
        )

    def _weighed(self, kept: Candidates, gather: Gather) -> Floats:
        names = FEATURES + (LEARNED_FEATURES if self.hints else ())
        weights = np.array([self.rule.weights[name] for name in names])
        return self.features(kept, gather) @ weights + np.log(self._validity(kept))

    def features(self, kept: Candidates, gather: Gather) -> Floats:
        """Return a row for each candidate: `FEATURES`, and what past questions say.

        ln of BM25 by its best value; how often the work and the document are named
        (0 to 1); BM25 of the characters by its best value; coverage; the mean of the
        work's three best and the best of its section, both by the best value. Then, if
        there are hints, `LEARNED_FEATURES`: the first three as they are, BM25 of the
        words by its best value.
        """
        evidence = gather(kept.number)
        top = max(float(kept.score.max()), LEAST)
        return np.column_stack(
            [
                np.log(np.maximum(kept.score / top, LEAST)),
                *self._named(kept),
                _by_best(_looked_up(evidence.unigrams, kept.number)),
                _looked_up(evidence.coverage, kept.number),
                _best_of_group(kept.work, kept.score, BEST_OF_WORK) / top,
                _best_of_group(kept.work * 31 + kept.section, kept.score, 1) / top,
                *self._hinted(kept, evidence),
            ]
        )

    def _hinted(self, kept: Candidates, evidence: Evidence) -> Iterator[Floats]:
        if self.hints is None:
            return
        yield _looked_up(self.hints.often, kept.number)
        yield _looked_up(self.hints.documents, kept.number)
        yield _looked_up(self.hints.works, kept.work)
        for scores in evidence.words:
            yield _by_best(_looked_up(scores, kept.number))


def _by_best(values: Floats) -> Floats:
    return values / max(float(values.max()), LEAST)


def _looked_up(values: Mapping[int, float], numbers: Integers) -> Floats:
    found = map(values.get, numbers.tolist(), repeat(0.0))
    return np.fromiter(found, np.float64, len(numbers))


def _best_of_group(groups: Integers, scores: Floats, count: int) -> Floats:
    """Return for each row the mean of its group's ``count`` best (missing: 0).

    ``scores`` are in descending order.
    """
    _names, group = np.unique(groups, return_inverse=True)
    together = np.argsort(group, kind="stable")
    first = np.searchsorted(group[together], group[together])
    rank = np.empty_like(together)
    rank[together] = np.arange(len(group)) - first
    best = np.bincount(group, weights=np.where(rank < count, scores, 0.0))
    return best[group] / count
