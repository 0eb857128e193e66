"""Whether a draft says what another text says already, and in what way."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from disclosure_pages.likeness.facts import Comparison, matters_differ, titles_differ
from disclosure_pages.likeness.marks import Letters, letters_of, shingles
from disclosure_pages.likeness.matching import match

SAME_TEXT = "same_text"
REPRINT = "reprint"
FORWARDS = re.compile(r"转发|印发|批转|转载|转给你们|转请")
COVER = 200  # letters before the other's text in which one says that one forwards it
HINT = 0.25  # of the shorter one's shingles; below, letters are not compared
LIKE = 0.65  # of the shorter text's letters that are the same
LIKE_TITLED = 0.5  # the same under nearly the same title
LEAST = 0.3  # of the longer text's letters, so that a quotation is no duplicate
WHOLE = 0.75  # of the other's letters that a reprint has
LEAST_REPRINTED = 0.15  # of a reprint's letters that are the other's


@dataclass(frozen=True)
class Likeness:
    """How a draft is like another text.

    ``kind`` is `SAME_TEXT` or `REPRINT`; ``percent`` is of the draft's letters that are
    the other's, for a reprint of the other's letters that are the draft's.
    """

    kind: str
    percent: int


@dataclass(frozen=True)
class Text:
    """A title and a text made comparable once."""

    title: str
    letters: Letters
    pieces: set[str]

    @classmethod
    def of(cls, title: str, source: str) -> "Text":
        """Fold a title and a text."""
        letters = letters_of(source)
        return cls(letters_of(title).text, letters, shingles(letters.text))


def likeness(draft: Text, other: Text, villages: Iterable[str] = ()) -> Likeness | None:
    """Return how a draft is like another text; None when they are two things."""
    a, b = draft.letters.text, other.letters.text
    if not draft.letters or not other.letters:
        return None
    shared = len(draft.pieces & other.pieces)
    if shared < HINT * min(len(draft.pieces), len(other.pieces)):
        return None
    matching = match(a, b)
    of_draft, of_other = matching.size / len(a), matching.size / len(b)
    kind = ""
    if of_other >= WHOLE and of_draft >= LEAST_REPRINTED:
        starts = matching.blocks[0].a if matching.blocks else 0
        if FORWARDS.search(draft.title) or FORWARDS.search(a[: min(starts, COVER)]):
            kind = REPRINT
    like = LIKE_TITLED if _titled_alike(draft.title, other.title) else LIKE
    less, more = sorted((of_draft, of_other))
    if not kind and more >= like and less >= LEAST:
        kind = SAME_TEXT
    if not kind or titles_differ(draft.title, other.title):
        return None
    if Comparison(a, b, matching, villages).differ(signed_elsewhere=kind == REPRINT):
        return None
    if matters_differ((draft.title, other.title), (a, b)):
        return None
    return Likeness(kind, round(100 * (of_other if kind == REPRINT else of_draft)))


def _titled_alike(one: str, other: str) -> bool:
    """Whether one title holds most of the other."""
    first, second = shingles(one), shingles(other)
    return len(first & second) >= 0.7 * min(len(first), len(second)) > 0
