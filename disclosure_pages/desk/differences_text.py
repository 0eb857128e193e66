"""Comparing two texts by words: Chinese by characters, the rest by whole words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html.parser import HTMLParser

SAME, REMOVED, ADDED, LEFT_OUT = "same", "removed", "added", "left_out"
TOKENS = re.compile(r"\n|[^\W㐀-鿿]+|\s+|.", re.DOTALL)
BLOCKS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "tr", "br", "hr"),
    *("div", "section", "figure", "figcaption", "table", "caption", "blockquote"),
    *("ul", "ol", "dl", "article", "aside", "pre"),
}
CELLS = {"td", "th"}
HIDDEN = {"script", "style", "template"}
SENTENCES = re.compile(r"[^。；！？\n]*[。；！？\n]?")
# Words of a changed stretch are compared up to this many pairs of tokens (0.1 s), all
# stretches of a text together up to this many tokens; beyond, sentences or paragraphs.
MAX_PAIRS = 400_000
MAX_TOKENS = 20_000


@dataclass(frozen=True)
class Piece:
    """A stretch of text: in both versions, removed or added; or how much is left out.

    ``left_out`` is the number of paragraphs that are the same and not shown.
    """

    kind: str
    text: str = ""
    left_out: int = 0


class _Reader(HTMLParser):
    """Takes the text out of HTML, with the addresses of links and pictures in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self._addresses: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in HIDDEN:
            self._hidden += 1
        if tag in BLOCKS:
            self.text.append("\n")
        if "src" in values:
            self.text.append(f"[{values.get('alt', '')} {values['src']}]")
        if tag == "a":
            self._addresses.append(values.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in BLOCKS:
            self.text.append("\n")
        if tag in CELLS:
            self.text.append("\t")
        if tag == "a" and self._addresses:
            address = self._addresses.pop()
            self.text.append(f"[{address}]" if address else "")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(re.sub(r"\s+", " ", data))


def readable(html: str) -> list[str]:
    """Return the paragraphs of HTML as text; links and pictures with their address."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip(" \t") for line in "".join(reader.text).split("\n"))
    return [line for line in lines if line]


def pieces(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Return how one text, in paragraphs, became the other; nothing when it did not."""
    if list(old) == list(new):
        return []
    found: list[Piece] = []
    budget = _Budget()
    blocks = list(_blocks(old, new))
    for number, (kind, first, second) in enumerate(blocks):
        if kind == "equal":
            found += _context(first, number == 0, number == len(blocks) - 1)
        else:
            found += _changed("\n".join(first), "\n".join(second), budget)
            found.append(Piece(SAME, "\n"))
    return [piece for piece in found if piece.text or piece.left_out]


class _Budget:
    """How many tokens of a text may still be compared one by one."""

    def __init__(self) -> None:
        self.left = MAX_TOKENS

    def allows(self, old: list[str], new: list[str]) -> bool:
        """Take what these need, if it is there."""
        size = len(old) + len(new)
        if size > self.left or len(old) * len(new) > MAX_PAIRS:
            return False
        self.left -= size
        return True


def _changed(old: str, new: str, budget: _Budget) -> Iterator[Piece]:
    """Compare a changed stretch by words; where that is too much, by sentences."""
    words = TOKENS.findall(old), TOKENS.findall(new)
    if budget.allows(*words):
        yield from _compared(*words)
        return
    for kind, first, second in _blocks(SENTENCES.findall(old), SENTENCES.findall(new)):
        left, right = "".join(first), "".join(second)
        words = TOKENS.findall(left), TOKENS.findall(right)
        if kind == "equal":
            yield Piece(SAME, left)
        elif budget.allows(*words):
            yield from _compared(*words)
        else:
            yield from (Piece(REMOVED, left), Piece(ADDED, right))


def _blocks(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    matcher = SequenceMatcher(None, old, new)  # its autojunk bounds the time
    for kind, i, j, k, m in matcher.get_opcodes():
        yield kind, old[i:j], new[k:m]


def _context(same: Sequence[str], is_first: bool, is_last: bool) -> list[Piece]:
    """Return the paragraphs beside a change; those further off are counted."""
    before = [] if is_first else list(same[:1])
    rest = same[len(before) :]
    after = [] if is_last else list(rest[-1:])
    left_out = len(rest) - len(after)
    found = [Piece(SAME, f"{line}\n") for line in before]
    if left_out:
        found.append(Piece(LEFT_OUT, left_out=left_out))
    return found + [Piece(SAME, f"{line}\n") for line in after]


def _compared(old: list[str], new: list[str]) -> list[Piece]:
    """Compare tokens; a lone equal one between two changes belongs to the change."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found: list[Piece] = []
    removed, added = "", ""
    codes = matcher.get_opcodes()
    for number, (kind, i, j, k, m) in enumerate(codes):
        inner = 0 < number < len(codes) - 1
        if kind == "equal" and not (inner and j - i == 1 and old[i] != "\n"):
            found += [Piece(REMOVED, removed), Piece(ADDED, added)]
            found.append(Piece(SAME, "".join(old[i:j])))
            removed, added = "", ""
        else:
            removed += "".join(old[i:j])
            added += "".join(new[k:m])
    return [*found, Piece(REMOVED, removed), Piece(ADDED, added)]
