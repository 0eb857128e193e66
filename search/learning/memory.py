"""What questions with a known answer say of a new one.

A `Memory` is made offline (``search.learning.learn``) and read here at each question:
which past questions are like this one, what answered them, and the words in which
those answers speak. Numbers and tokens only; the same for every engine.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

NEAREST = 30
OFTEN = 3
MOST_WORDS = 60
Weighted = dict[str, float]


@dataclass(frozen=True)
class Past:
    """One question with its answers: bigrams, and (document, work) of each answer."""

    bigrams: tuple[str, ...]
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Hints:
    """What a memory says of one question.

    ``documents`` and ``works``: how alike the past questions are that a document, or
    a work, answered (0 to 1). ``often``: how often a document was an answer at all (0
    to 1). ``words``: sets of words with weights that an answer may hold, the words of
    similar questions' answers and the question's own, translated.
    """

    documents: Mapping[int, float] = field(default_factory=dict)
    works: Mapping[int, float] = field(default_factory=dict)
    often: Mapping[int, float] = field(default_factory=dict)
    words: tuple[Weighted, ...] = ()


@dataclass(frozen=True)
class Memory:
    """Past questions with their answers.

    ``rarity``: BM25's idf of the bigrams of past questions; ``unknown`` that of all
    others. ``words``: the telling words of each answer. ``translations``: word of a
    question → words that answers to such questions hold more often than others.
    """

    pasts: Sequence[Past] = ()
    rarity: Mapping[str, float] = field(default_factory=dict)
    unknown: float = 1.0
    words: Mapping[int, Weighted] = field(default_factory=dict)
    translations: Mapping[str, Weighted] = field(default_factory=dict)

    def hints(self, bigrams: Iterable[str], words: Iterable[str]) -> Hints:
        """Return what is known of a question with these tokens."""
        near = self._near(bigrams)
        documents: dict[int, float] = {}
        works: dict[int, float] = defaultdict(float)
        spoken: Weighted = defaultdict(float)
        for past, likeness in near:
            for work in {work for _number, work in past.answers}:
                works[work] += likeness**3
            for number, _work in past.answers:
                documents[number] = max(documents.get(number, 0.0), likeness)
                share = likeness**2 / len(past.answers)
                for word, weight in self.words.get(number, {}).items():
                    spoken[word] += share * weight
        most = max(works.values(), default=1.0)
        return Hints(
            documents,
            {work: value / most for work, value in works.items()},
            self.often,
            (telling(spoken), self._translated(words)),
        )

    @cached_property
    def often(self) -> dict[int, float]:
        """How often each document was an answer, as a share of `OFTEN`."""
        counts: dict[int, int] = defaultdict(int)
        for past in self.pasts:
            for number, _work in past.answers:
                counts[number] += 1
        return {number: min(n, OFTEN) / OFTEN for number, n in counts.items()}

    @cached_property
    def _postings(self) -> dict[str, list[tuple[int, float]]]:
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, past in enumerate(self.pasts):
            for token, value in self._vector(past.bigrams).items():
                found[token].append((place, value))
        return dict(found)

    def _vector(self, bigrams: Iterable[str]) -> Weighted:
        return unit({t: self.rarity.get(t, self.unknown) for t in bigrams})

    def _near(self, bigrams: Iterable[str]) -> list[tuple[Past, float]]:
        """Return the past questions most like this one, with the cosine."""
        found: dict[int, float] = defaultdict(float)
        for token, value in self._vector(bigrams).items():
            for place, other in self._postings.get(token, ()):
                found[place] += value * other
        best = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:NEAREST]
        return [(self.pasts[place], likeness) for place, likeness in best]

    def _translated(self, words: Iterable[str]) -> Weighted:
        spoken: Weighted = defaultdict(float)
        for word in words:
            for other, weight in self.translations.get(word, {}).items():
                spoken[other] += weight
        return telling(spoken)

    def as_dict(self) -> dict[str, Any]:
        """Return what can be kept as JSON."""
        return {
            "pasts": [[past.bigrams, past.answers] for past in self.pasts],
            "rarity": self.rarity,
            "unknown": self.unknown,
            "words": list(self.words.items()),
            "translations": self.translations,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Return what ``as_dict`` gave away.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        pasts = [
            Past(tuple(bigrams), tuple((number, work) for number, work in answers))
            for bigrams, answers in kept["pasts"]
        ]
        words = {int(number): dict(words) for number, words in kept["words"]}
        return cls(pasts, kept["rarity"], kept["unknown"], words, kept["translations"])


def unit(weights: Mapping[str, float]) -> Weighted:
    """Return the weights with a sum of squares of 1."""
    length = sum(value * value for value in weights.values()) ** 0.5 or 1.0
    return {token: value / length for token, value in weights.items()}


def telling(weights: Mapping[str, float], most: int = MOST_WORDS) -> Weighted:
    """Return the heaviest of the weights, as `unit`; equal ones by their names."""
    best = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return unit(dict(best))
