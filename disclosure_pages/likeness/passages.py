"""Two texts for showing side by side, cut into what they share and what they do not."""

from collections.abc import Iterable
from dataclasses import dataclass

from disclosure_pages.likeness.marks import MAX_LETTERS, Letters, letters_of
from disclosure_pages.likeness.matching import match

LEAST = 4  # letters; shorter passages are the same by chance


@dataclass(frozen=True)
class Passage:
    """A stretch of a paragraph; ``same`` when the other text has it, too."""

    text: str
    same: bool


Paragraphs = list[list[Passage]]


@dataclass(frozen=True)
class SideBySide:
    """Both texts by paragraphs; ``percent`` of the letters of either are the same.

    ``cut`` tells that a text goes on where nothing is compared any more.
    """

    left: Paragraphs
    right: Paragraphs
    left_percent: int
    right_percent: int
    cut: bool


def side_by_side(left: str, right: str) -> SideBySide:
    """Compare two texts letter by letter, whatever their layout and script."""
    a, b = letters_of(left), letters_of(right)
    matching = match(a.text, b.text)
    blocks = [
        block
        for block in (*matching.blocks, *matching.moved)
        if block.size >= LEAST or block.size == min(len(a.text), len(b.text))
    ]
    return SideBySide(
        _paragraphs(left, a, [(x.a, x.a + x.size) for x in blocks]),
        _paragraphs(right, b, [(x.b, x.b + x.size) for x in blocks]),
        round(100 * matching.size / max(len(a.text), 1)),
        round(100 * matching.size / max(len(b.text), 1)),
        max(len(a.text), len(b.text)) >= MAX_LETTERS,
    )


def _paragraphs(
    source: str, letters: Letters, spans: Iterable[tuple[int, int]]
) -> Paragraphs:
    """Cut a text at its lines and at the edges of what is shared."""
    found: Paragraphs = [[]]
    at = 0
    for start, end in _joined(source, letters, spans):
        _take(found, source[at:start], same=False)
        _take(found, source[start:end], same=True)
        at = end
    _take(found, source[at:], same=False)
    return [line for line in found if any(part.text.strip() for part in line)]


def _take(found: Paragraphs, text: str, *, same: bool) -> None:
    for number, line in enumerate(text.split("\n")):
        if number:
            found.append([])
        if line:
            found[-1].append(Passage(line, same))


def _joined(
    source: str, letters: Letters, spans: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return spans of the source; those with no letter between them are one."""
    found: list[tuple[int, int]] = []
    last = -1
    for start, end in sorted(spans):
        here = letters.places[start], letters.places[end - 1] + 1
        if found and start <= last:
            here = found.pop()[0], here[1]
        found.append(here)
        last = max(last, end)
    return [(start, _with_mark(source, end)) for start, end in found]


def _with_mark(source: str, end: int) -> int:
    """Return the end with the mark that closes the sentence."""
    return end + 1 if source[end : end + 1] in tuple("。；，、：！？)）》”") else end
