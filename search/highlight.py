"""Marks in stored text: spans found on folded text, cut, escaped, then marked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cms.folding import Folded, fold

from .query import Parsed
from .recognise import HAN, recognise
from .tokens import bigrams

WINDOW = 120
LEAD = 30
MAX_TEXT = 40_000  # of a longer text only the part around the words is looked at
NEAR = 2_000
MAX_PLACES = 200
MAX_SPANS = 400


@dataclass(frozen=True)
class Span:
    """A place in the source text and what was found there."""

    start: int
    end: int
    term: str

    @property
    def weight(self) -> int:
        """Longer words tell more."""
        return self.end - self.start


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a text, escaped and marked; ``weight``: how much is found in it."""

    shown: SafeString
    weight: float


def title(text: str, parsed: Parsed) -> SafeString:
    """Return the whole text, escaped, with marks."""
    return _marked(text, _merged(find(text, parsed)), 0, len(text))


def snippet(text: str, parsed: Parsed) -> SafeString:
    """Return the best stretch of about 120 characters, escaped, with marks."""
    return excerpt(text, parsed).shown


def excerpt(text: str, parsed: Parsed) -> Excerpt:
    """Return the best stretch and how much of the question is in it."""
    first, last = _near(text, parsed)
    piece = text[first:last]
    spans = find(piece, parsed)
    start, end, weight = _window(piece, spans)
    before = "…" if first + start else ""
    after = "…" if first + end < len(text) else ""
    shown = _marked(piece, _merged(spans), start, end)
    marked = mark_safe(f"{before}{shown.strip()}{after}")  # noqa: S308 escaped above
    return Excerpt(marked, weight)


def most(parsed: Parsed) -> float:
    """Return the weight of an excerpt with every word of the question in it."""
    return float(sum(map(len, parsed.surfaces)) + 4 * len(parsed.codes))


def _near(text: str, parsed: Parsed) -> tuple[int, int]:
    """Return the part of a long text in which the best stretch lies.

    Found by ``str.find`` on the text as it is: folding costs a second for a million
    characters. The beginning, where no word stands as it was typed.
    """
    if len(text) <= 2 * NEAR:
        return 0, len(text)
    places = sorted(
        (place, word)
        for word in (*parsed.surfaces, *parsed.others)
        for place in _plain_places(text, word)
    )
    if not places:
        return 0, min(len(text), MAX_TEXT)
    best, best_weight = 0, 0
    for number, (place, _word) in enumerate(places):
        near = {w for p, w in places[number : number + 50] if p < place + WINDOW - LEAD}
        if (weight := sum(map(len, near))) > best_weight:
            best, best_weight = place, weight
    return max(0, best - NEAR), best + NEAR


def _plain_places(text: str, word: str) -> list[int]:
    """Return where a word stands in a text; when nowhere, its bigrams."""
    found = re.finditer(re.escape(word), text, re.IGNORECASE if word.isascii() else 0)
    places = [match.start() for match in islice(found, MAX_PLACES)]
    if places or len(word) <= 2:  # noqa: PLR2004
        return places
    return [place for pair in bigrams(word) for place in _plain_places(text, pair)]


def find(text: str, parsed: Parsed) -> list[Span]:
    """Return where the question's words are in a text, in order."""
    folded = fold(text)
    spans = [span for word in parsed.surfaces for span in _places(folded, word)]
    spans += [span for word in parsed.others for span in _whole(folded, word)]
    if parsed.codes:
        wanted = set(parsed.codes)
        spans += [
            _span(folded, found.start, found.end, found.token)
            for found in recognise(folded.text)
            if wanted & {found.token, *found.others}
        ]
    return sorted(spans, key=lambda span: (span.start, -span.end))[:MAX_SPANS]


def _places(folded: Folded, word: str) -> list[Span]:
    """Return every place of a word; when there is none, of its bigrams."""
    spans = _whole(folded, word)
    if not spans and len(word) > 2 and re.fullmatch(f"[{HAN}]+", word):
        return [span for pair in bigrams(word) for span in _places(folded, pair)]
    return spans


def _whole(folded: Folded, word: str) -> list[Span]:
    found = _pattern(word).finditer(folded.text)
    return [_span(folded, *match.span(), word) for match in found]


def _pattern(word: str) -> re.Pattern[str]:
    """Match Han text anywhere, other words only as whole words."""
    parts = [re.escape(part) for part in re.findall(rf"[{HAN}]+|[^\W_{HAN}]+", word)]
    pattern = r"[\W_]*".join(parts) or r"(?!)"
    if not re.match(f"[{HAN}]", word):
        pattern = rf"(?<![^\W_{HAN}]){pattern}"
    if not re.search(f"[{HAN}]$", word):
        pattern = rf"{pattern}(?![^\W_{HAN}])"
    return re.compile(pattern)


def _span(folded: Folded, start: int, end: int, term: str) -> Span:
    return Span(*folded.source_span(start, end), term)


def _window(text: str, spans: list[Span]) -> tuple[int, int, float]:
    """Return the stretch that holds the most different words, earlier ones first.

    With the sum of their weights.
    """
    if not spans:
        return 0, min(len(text), WINDOW), 0.0
    best, best_score = spans[0], -1.0
    for place, first in enumerate(spans):
        terms: dict[str, int] = {}
        repeats = 0
        for span in spans[place:]:
            if span.end > first.start + WINDOW - LEAD:
                break
            repeats += span.term in terms
            terms[span.term] = span.weight
        score = sum(terms.values()) + min(repeats, 3) * 0.1
        if score > best_score:
            best, best_score = first, score
    earliest = max(0, min(best.start - LEAD, len(text) - WINDOW))
    start = _clean_start(text, earliest, best.start)
    return start, min(len(text), start + WINDOW), best_score


def _clean_start(text: str, start: int, limit: int) -> int:
    """Begin with a sentence, if one begins between ``start`` and ``limit``."""
    if not start:
        return 0
    cut = re.search("[。；！？\n]+", text[start:limit])
    return start + cut.end() if cut else start


def _merged(spans: list[Span]) -> list[tuple[int, int]]:
    """Join spans that touch or overlap."""
    merged: list[tuple[int, int]] = []
    for span in spans:
        if merged and span.start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.end))
        else:
            merged.append((span.start, span.end))
    return merged


def _marked(
    text: str, spans: Iterable[tuple[int, int]], start: int, end: int
) -> SafeString:
    """Return ``text[start:end]`` escaped, the spans inside ``<mark>``."""
    parts: list[str] = []
    place = start
    for first, last in spans:
        first, last = max(first, place), min(last, end)
        if first >= last:
            continue
        parts.append(_escaped(text[place:first]))
        parts.append(f"<mark>{_escaped(text[first:last])}</mark>")
        place = last
    parts.append(_escaped(text[place:end]))
    return mark_safe("".join(parts))  # noqa: S308 every part is escaped


def _escaped(text: str) -> str:
    return str(escape(text.replace("\n", " ")))
