"""The one token pipeline: the same for documents and questions, on every engine.

Engines see only space-joined tokens. Whoever changes what comes out here raises
``PIPELINE_VERSION``; an index of another version is rebuilt.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cms import folding

from . import segmenter
from .recognise import HAN, Found, recognise

PIPELINE_VERSION = 2
MAX_TOKEN = 100
# Between the bigrams of two runs, so that no phrase goes across.
BREAK = "|"
USER_WORD_FREQUENCY = 200_000
_RUNS = re.compile(rf"(?P<han>[{HAN}]+)|[^\W_{HAN}]+")
_user_words: set[str] = set()


@dataclass
class Tokens:
    """Tokens of one text, in order, with repetitions.

    ``pieces`` are the bigrams with a `BREAK` after each run of Han text: a phrase of
    them is a piece of the text.
    """

    words: list[str] = field(default_factory=list)
    bigrams: list[str] = field(default_factory=list)
    unigrams: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Word:
    """A word of a question, with its place in the folded text."""

    text: str
    start: int
    end: int


def analyse(text: str) -> Tokens:
    """Return all tokens of a text: words, numbers and dates; bigrams; characters."""
    folded = folding.fold_text(text)
    tokens = Tokens()
    for match in _RUNS.finditer(folded):
        run = match[0]
        if match["han"]:
            tokens.words.extend(word for word, _a, _b in segmenter.cut(run, "search"))
            tokens.bigrams.extend(bigrams(run))
            tokens.pieces.extend([*bigrams(run), BREAK])
            tokens.unigrams.extend(run)
        else:
            tokens.words.append(run[:MAX_TOKEN])
    for found in recognise(folded):
        tokens.words.extend(_capped(found))
    return tokens


def cut_words(folded: str) -> list[Word]:
    """Return the words of a folded question, without the shorter ones inside them."""
    words: list[Word] = []
    for match in _RUNS.finditer(folded):
        if not match["han"]:
            words.append(Word(match[0][:MAX_TOKEN], *match.span()))
            continue
        place = match.start()
        for word, start, end in segmenter.cut(match[0]):
            words.append(Word(word, place + start, place + end))
    return words


def bigrams(run: str) -> list[str]:
    """Return each pair of neighbouring characters of a run of Han text."""
    return [a + b for a, b in zip(run, run[1:], strict=False)]


def title_key(title: str) -> str:
    """Return one token that is equal for equal titles, however they are typed."""
    runs = "".join(match[0] for match in _RUNS.finditer(folding.fold_text(title)))
    return f"={runs[:MAX_TOKEN]}" if runs else ""


def number_keys(*numbers: str) -> list[str]:
    """Return the exact tokens of an item's own 文号 and 索引号."""
    keys = []
    for number in filter(None, numbers):
        folded = folding.fold_text(number)
        keys += [
            found.token
            for found in recognise(folded)
            if found.kind in ("number", "code")
        ]
    return list(dict.fromkeys(keys))


def add_user_words(words: Iterable[str]) -> None:
    """Teach the segmenter names of villages and offices; each is learned once.

    Matching does not depend on it (bigrams find what is cut otherwise), ranking does.
    """
    for word in {folding.fold_text(word) for word in words} - _user_words:
        if len(word) > 1 and re.fullmatch(f"[{HAN}]+", word):
            segmenter.add_word(word, USER_WORD_FREQUENCY)
        _user_words.add(word)


def _capped(found: Found) -> list[str]:
    return [token[:MAX_TOKEN] for token in (found.token, *found.others)]
