"""Marks in stored text: spans found on folded text, cut, escaped, then marked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .folding import Folded, fold
from .query import Parsed
from .recognise import HAN, recognise
from .tokens import bigrams

WINDOW = 120
LEAD = 30
MAX_TEXT = 200_000
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


def title(text: str, parsed: Parsed) -> SafeString:
    """Return the whole text, escaped, with marks."""
    return _marked(text, _merged(find(text, parsed)), 0, len(text))


def snippet(text: str, parsed: Parsed) -> SafeString:
    """Return the best stretch of about 120 characters, escaped, with marks."""
    text = text[:MAX_TEXT]
    spans = find(text, parsed)
    start, end = _window(text, spans)
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    shown = _marked(text, _merged(spans), start, end)
    return mark_safe(f"{before}{shown.strip()}{after}")  # noqa: S308 escaped above


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


def _window(text: str, spans: list[Span]) -> tuple[int, int]:
    """Return the stretch that holds the most different words, earlier ones first."""
    if not spans:
        return 0, min(len(text), WINDOW)
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
    return start, min(len(text), start + WINDOW)


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
