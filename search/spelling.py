"""Did you mean: words that sound the same, or differ in one character.

Only what is on this site is proposed: `SearchTerm` keeps the words of public titles
and the names of villages, offices and catalogue entries, each with its sound. Asked
only when a search found next to nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction

from cms.folding import fold_text

from . import tokens
from .fields import syllables
from .grammar import blank_signs, fold_question
from .models import SearchTerm
from .recognise import HAN

LONGEST = 8  # characters of a term
MAX_TEXT = 40  # characters of a question that are looked at
AT_ONCE = 1_000
_HAN_RUN = re.compile(f"[{HAN}]+")
# Sounds that speakers of southern dialects don't tell apart.
_BLURRED = ((re.compile("^([zcs])h"), r"\1"), (re.compile("ng$"), "n"))
_LATERAL = re.compile("^l")


@dataclass(frozen=True)
class _Window:
    """A stretch of a question."""

    start: int
    end: int
    text: str


def learn(titles: Iterable[str], names: Iterable[str]) -> int:
    """Replace all terms; returns how many there are.

    Args:
        titles: public titles; their words are learned.
        names: learned whole.
    """
    found: Counter[str] = Counter()
    for title in titles:
        found.update(set(_terms(title)))
    found.update(name for name in map(fold_text, names) if _is_term(name))
    rows = [
        SearchTerm(text=text, sound=sound_of(text), weight=weight)
        for text, weight in found.items()
    ]
    with transaction.atomic():
        SearchTerm.objects.all().delete()
        SearchTerm.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


def sound_of(text: str) -> str:
    """Return how a word sounds, without tones and without what dialects blur."""
    blurred = []
    for syllable in syllables(text):
        for pattern, plain in _BLURRED:
            syllable = pattern.sub(plain, syllable)
        blurred.append(_LATERAL.sub("n", syllable))
    return " ".join(blurred)


def corrected(text: str) -> str:
    """Return the question with its unknown words replaced, or nothing.

    Known terms stay as they are; of what is left the longest stretch that sounds like
    a term is replaced, else one of three characters or more that differs in one. Digits
    and letters, quotes and exclusions are never touched.
    """
    folded = fold_question(text)
    open_part = blank_signs(folded)[:MAX_TEXT]
    windows = list(_windows(open_part))
    known = set(
        SearchTerm.objects.filter(
            text__in={window.text for window in windows}
        ).values_list("text", flat=True)
    )
    free = _uncovered(open_part, [w for w in windows if w.text in known])
    open_ = [w for w in windows if w.text not in known and _touches(w, free)]
    open_.sort(key=lambda w: (w.start - w.end, w.start))
    proposals = _alike_in_writing(open_) | _alike_in_sound(open_)
    new, taken = folded, set()
    for window in open_:
        term = proposals.get(window.text)
        places = set(range(window.start, window.end))
        if term and not places & taken:
            new = new[: window.start] + term + new[window.end :]
            taken |= places
    return new if new != folded else ""


def _alike_in_sound(windows: Iterable[_Window]) -> dict[str, str]:
    sounds = {window.text: sound_of(window.text) for window in windows}
    best: dict[str, str] = {}
    rows = SearchTerm.objects.filter(sound__in=set(sounds.values()))
    # The most frequent comes last and stays.
    best.update(rows.order_by("weight", "text").values_list("sound", "text"))
    return {
        text: best[sound]
        for text, sound in sounds.items()
        if len(best.get(sound, "")) == len(text)
    }


def _alike_in_writing(windows: Iterable[_Window]) -> dict[str, str]:
    patterns = {
        window.text: [
            f"{window.text[:place]}.{window.text[place + 1 :]}"
            for place in range(len(window.text))
        ]
        for window in windows
        if len(window.text) > 2  # noqa: PLR2004
    }
    if not patterns:
        return {}
    every = "|".join(pattern for row in patterns.values() for pattern in row)
    rows = SearchTerm.objects.filter(text__regex=f"^(?:{every})$")
    terms = list(rows.order_by("weight", "text").values_list("text", flat=True))
    found = {}
    for text, row in patterns.items():
        alike = re.compile(f"(?:{'|'.join(row)})")
        for term in terms:
            if alike.fullmatch(term):
                found[text] = term
    return found


def _windows(folded: str) -> Iterator[_Window]:
    for run in _HAN_RUN.finditer(folded):
        for start in range(run.start(), run.end() - 1):
            for end in range(start + 2, min(run.end(), start + LONGEST) + 1):
                yield _Window(start, end, folded[start:end])


def _uncovered(folded: str, known: Iterable[_Window]) -> set[int]:
    covered = {place for w in known for place in range(w.start, w.end)}
    return {place for place in range(len(folded)) if place not in covered}


def _touches(window: _Window, free: set[int]) -> bool:
    return any(place in free for place in range(window.start, window.end))


def _terms(title: str) -> Iterator[str]:
    for word in tokens.analyse(title).words:
        if _is_term(word):
            yield word


def _is_term(text: str) -> bool:
    return 2 <= len(text) <= LONGEST and bool(_HAN_RUN.fullmatch(text))  # noqa: PLR2004
