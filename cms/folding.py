"""One spelling for matching: width, case and script folded, positions remembered."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

# Taiwan's words that OpenCC's t2s leaves as they are; same length on both sides.
REGIONAL_WORDS = {"资讯": "信息", "网路": "网络", "计画": "计划", "软体": "软件"}


@dataclass(frozen=True)
class Folded:
    """Folded text; ``positions`` maps each of its characters to the source.

    ``positions`` is None when both have the same length, character by character.
    """

    text: str
    source: str
    positions: list[int] | None = None

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the source that ``text[start:end]`` came from."""
        if self.positions is None or start >= end:
            return start, end
        return self.positions[start], self.positions[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold width (NFKC, per character), case and traditional script.

    For matching only: what a reader sees is always the source.
    """
    changes = {char: _fold_char(char) for char in set(text)}
    if all(len(new) == 1 for new in changes.values()):
        narrow = text.translate({ord(a): b for a, b in changes.items() if a != b})
        return Folded(_simplified(narrow), text)
    narrow = "".join(changes[char] for char in text)
    positions = [i for i, char in enumerate(text) for _ in changes[char]]
    return Folded(_simplified(narrow), text, positions)


def fold_text(text: str) -> str:
    """Return only the folded text."""
    return fold(text).text


@cache
def _fold_char(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cs"):
        return " "
    # A character that folds to nothing or to combining marks stays one position.
    return unicodedata.normalize("NFKC", char).lower() or " "


@cache
def _opencc() -> Any:
    """Load the converter at first use; importing this module stays cheap."""
    return import_string("opencc.OpenCC")("t2s")


def _simplified(text: str) -> str:
    """Return the text in simplified script, of the same length."""
    if text.isascii():
        return text
    convert = _opencc().convert
    simple = convert(text)
    if len(simple) != len(text):
        simple = "".join(_one(convert(char), char) for char in text)
    for word, standard in REGIONAL_WORDS.items():
        simple = simple.replace(word, standard)
    return simple


def _one(converted: str, char: str) -> str:
    return converted if len(converted) == 1 else char
