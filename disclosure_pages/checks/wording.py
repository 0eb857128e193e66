"""Wording lists: words that are wrong or out of date, and what to write instead."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).resolve().parents[1] / "data" / "wording.json"
# One word a line: 帐号＝账号（说明); without a right one: 不要用的词
LINE = re.compile(
    r"(?P<wrong>[^=＝→\t]+)"
    r"(?:[=＝→\t](?P<right>[^=＝→\t（(]*)(?:[（(](?P<note>[^）)]*)[）)])?)?"
)


class Word(NamedTuple):
    """A word not to write, what to write (may be empty), and why."""

    wrong: str
    right: str = ""
    note: str = ""


@cache
def official() -> tuple[Word, ...]:
    """Return the list that comes with the software."""
    return tuple(Word(**word) for word in json.loads(LIST.read_text("utf-8"))["words"])


def read_words(text: str) -> tuple[Word, ...]:
    """Return the words of a list as an office writes it, one a line.

    Raises:
        ValueError: with the first line that is none.
    """
    words = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = LINE.fullmatch(line)
        word = Word(*((part or "").strip() for part in found.groups())) if found else ""
        if not word or not word.wrong or word.wrong == word.right:
            raise ValueError(line)
        words.append(word)
    return tuple(words)


def written(words: Iterable[Word]) -> str:
    """Return the words as `read_words` reads them."""
    return "\n".join(
        f"{wrong}＝{right}" + (f"（{note}）" if note else "")
        for wrong, right, note in words
    )


def find(text: str, words: Iterable[Word]) -> Iterator[tuple[Word, int]]:
    """Yield each word of the list that the text has, with its first place."""
    for word in words:
        place = text.find(word.wrong)
        if place >= 0:
            yield word, place
