"""What a memory needs of the collection: rarity of tokens, words of the answers."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from search import tokens
from search.citations import work_of
from search.documents import SearchDocument
from search.query import parse

from .memory import Memory, Past, Weighted, telling, unit

SHRINK = 2  # a word of few questions tells little about their answers
TRANSLATIONS = 15


class Question(Protocol):
    """A past question with the keys of its answers."""

    question: str
    answers: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """A document that was an answer, and its work; ``words``: its telling words."""

    number: int
    work: int
    words: Weighted


@dataclass(frozen=True)
class Collection:
    """What one reading of the collection gave.

    ``questions``: words and bigrams that rank, by question; ``word_rarity`` of words,
    ``pair_rarity`` of bigrams; ``answers`` by key.
    """

    questions: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    word_rarity: Mapping[str, float]
    pair_rarity: Mapping[str, float]
    unknown: float
    answers: Mapping[str, Answer]

    def memory(self, questions: Iterable[Question]) -> Memory:
        """Return what these questions teach; answers that are gone teach nothing."""
        kept = []
        for question in questions:
            known = [self.answers[k] for k in question.answers if k in self.answers]
            if known:
                kept.append((self.questions[question.question], known))
        return Memory(
            [
                Past(pairs, tuple(sorted((a.number, a.work) for a in known)))
                for (_words, pairs), known in kept
            ],
            self.pair_rarity,
            self.unknown,
            {a.number: a.words for _tokens, known in kept for a in known},
            self._translations([(words, known) for (words, _pairs), known in kept]),
        )

    def _translations(
        self, pairs: Sequence[tuple[tuple[str, ...], Sequence[Answer]]]
    ) -> dict[str, Weighted]:
        """Return for each word of questions the words their answers hold more often."""
        spoken: dict[str, Weighted] = defaultdict(lambda: defaultdict(float))
        counts: Counter[str] = Counter()
        usual: Weighted = defaultdict(float)
        for words, answers in pairs:
            counts.update(words)
            for answer in answers:
                for other, weight in answer.words.items():
                    share = weight / len(answers)
                    usual[other] += share / len(pairs)
                    for word in words:
                        spoken[word][other] += share
        found = {}
        for word, others in spoken.items():
            count, rarity = counts[word], self.word_rarity.get(word, self.unknown)
            more = {
                other: rarity * (value - count * usual[other]) / (count + SHRINK)
                for other, value in others.items()
                if other != word
            }
            best = sorted(more.items(), key=lambda pair: (-pair[1], pair[0]))
            found[word] = {o: round(v, 4) for o, v in best[:TRANSLATIONS] if v > 0}
        return found


def read(
    questions: Sequence[Question], documents: Iterable[SearchDocument]
) -> Collection:
    """Read the collection once.

    Only tokens of the questions, words of the answers and counts are kept.
    """
    asked = {q.question: _tokens_of(q.question) for q in questions}
    wanted = {key for q in questions for key in q.answers}
    pairs = {pair for _words, found in asked.values() for pair in found}
    in_words: Counter[str] = Counter()
    in_pairs: Counter[str] = Counter()
    answers: dict[str, tuple[SearchDocument, Counter[str]]] = {}
    count = 0
    for document in documents:
        count += 1
        found = tokens.analyse(f"{document.title}\n{document.section}\n{document.text}")
        in_words.update(set(found.words))
        in_pairs.update(pairs.intersection(found.bigrams))
        if document.key in wanted:
            answers[document.key] = document, Counter(found.words)
    rarity = {word: _rarity(n, count) for word, n in in_words.items()}
    return Collection(
        asked,
        rarity,
        {pair: _rarity(n, count) for pair, n in in_pairs.items()},
        _rarity(0, count),
        {
            key: Answer(
                document.number, work_of(document.title), _telling(held, rarity)
            )
            for key, (document, held) in answers.items()
        },
    )


def _telling(words: Mapping[str, int], rarity: Mapping[str, float]) -> Weighted:
    whole = unit({w: (1 + math.log(n)) * rarity[w] for w, n in words.items()})
    best = telling(whole)
    return {word: round(whole[word], 4) for word in best}


def _rarity(found: int, documents: int) -> float:
    return round(math.log(1 + (documents - found + 0.5) / (found + 0.5)), 4)


def _tokens_of(question: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    scored = parse(question).scored
    return scored["words"], scored["bigrams"]
