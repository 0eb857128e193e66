"""Which passages two texts share: in order first, then those that were moved.

Rare long pieces are looked for first (as in patience diff), and only the short gaps
between them letter by letter: the time grows with the length, not with its square.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

ANCHORS = (10, 5)  # letters; the second finds what is left between the first
MAX_GAP = 40_000  # pairs of letters compared one by one in one gap
MAX_PAIRS = 400_000  # and in all gaps together
SHORT_GAP = 40
MOVED = 12  # letters that make a passage found elsewhere worth telling


@dataclass(frozen=True)
class Block:
    """``size`` letters that are the same from ``a`` and ``b`` on."""

    a: int
    b: int
    size: int

    @property
    def ends(self) -> tuple[int, int]:
        """Where it ends in both texts."""
        return self.a + self.size, self.b + self.size


@dataclass(frozen=True)
class Matching:
    """The shared passages: ``blocks`` in the same order in both, ``moved`` the rest."""

    blocks: list[Block]
    moved: list[Block]

    @property
    def size(self) -> int:
        """How many letters are shared."""
        return sum(block.size for block in (*self.blocks, *self.moved))

    def gaps(self) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield what differs between two blocks, as spans of both texts."""
        for one, other in zip(self.blocks, self.blocks[1:], strict=False):
            (a, b) = one.ends
            yield (a, other.a), (b, other.b)


def match(a: str, b: str) -> Matching:
    """Return the passages that two texts share; of ``a`` each letter once."""
    blocks = _in_order(a, b, Block(0, 0, 0), Block(len(a), len(b), 0), 0)
    blocks = _merged(_filled(a, b, blocks))
    return Matching(blocks, _moved(a, b, blocks))


def _in_order(a: str, b: str, start: Block, end: Block, level: int) -> list[Block]:
    """Return anchors between two blocks, extended, and finer ones between these."""
    if level == len(ANCHORS):
        return []
    (low_a, low_b), high_a, high_b = start.ends, end.a, end.b
    size = ANCHORS[level]
    pairs = _anchors(a[low_a:high_a], b[low_b:high_b], size)
    found: list[Block] = []
    for i, j in _rising(pairs):
        floor = found[-1].ends if found else (low_a, low_b)
        block = _extended(
            a, b, Block(low_a + i, low_b + j, size), floor, (high_a, high_b)
        )
        if block:
            found.append(block)
    edges = [start, *found, end]
    between = [
        _in_order(a, b, one, other, level + 1)
        for one, other in zip(edges, edges[1:], strict=False)
    ]
    joined = between[0]
    for block, inner in zip(found, between[1:], strict=True):
        joined = [*joined, block, *inner]
    return joined


def _anchors(a: str, b: str, size: int) -> list[tuple[int, int]]:
    """Return where pieces stand that occur once in either text."""
    first, second = _once(a, size), _once(b, size)
    return sorted((first[piece], second[piece]) for piece in first.keys() & second)


def _once(text: str, size: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for i in range(len(text) - size + 1):
        piece = text[i : i + size]
        found[piece] = -1 if piece in found else i
    return {piece: i for piece, i in found.items() if i >= 0}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of the pairs that rises in both."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_i, j) in enumerate(pairs):
        place = bisect_left(tails, j)
        before.append(last[place - 1] if place else -1)
        tails[place : place + 1] = [j]
        last[place : place + 1] = [number]
    found, number = [], last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _extended(
    a: str, b: str, block: Block, floor: tuple[int, int], ceiling: tuple[int, int]
) -> Block | None:
    """Return the block with the equal letters around it; None when it was covered."""
    i, j = block.a, block.b
    if i < floor[0] or j < floor[1]:
        return None
    while i > floor[0] and j > floor[1] and a[i - 1] == b[j - 1]:
        i, j = i - 1, j - 1
    end_a, end_b = block.ends
    while end_a < ceiling[0] and end_b < ceiling[1] and a[end_a] == b[end_b]:
        end_a, end_b = end_a + 1, end_b + 1
    return Block(i, j, end_a - i)


def _filled(a: str, b: str, blocks: list[Block]) -> list[Block]:
    """Compare the gaps letter by letter, as far as they are short enough."""
    left = MAX_PAIRS
    edges = [Block(0, 0, 0), *blocks, Block(len(a), len(b), 0)]
    found: list[Block] = []
    for one, other in zip(edges, edges[1:], strict=False):
        (i, j), (k, m) = one.ends, (other.a, other.b)
        pairs = (k - i) * (m - j)
        if 0 < pairs <= min(MAX_GAP, left):
            left -= pairs
            least = 2 if max(k - i, m - j) <= SHORT_GAP else 3
            matcher = SequenceMatcher(None, a[i:k], b[j:m], autojunk=False)
            found += [
                Block(i + x, j + y, n)
                for x, y, n in matcher.get_matching_blocks()
                if n >= least
            ]
        found.append(other)
    return found[:-1]


def _merged(blocks: list[Block]) -> list[Block]:
    found: list[Block] = []
    for block in blocks:
        if found and found[-1].ends == (block.a, block.b):
            last = found.pop()
            block = Block(last.a, last.b, last.size + block.size)
        found.append(block)
    return found


def _moved(a: str, b: str, blocks: list[Block]) -> list[Block]:
    """Return long passages outside the blocks that stand in another order."""
    free_a, free_b = _free(len(a), blocks, 0), _free(len(b), blocks, 1)
    places = _once(b, MOVED)
    found: list[Block] = []
    i = 0
    while i <= len(a) - MOVED:
        j = places.get(a[i : i + MOVED], -1)
        if j < 0 or not all(free_a[i : i + MOVED]) or not all(free_b[j : j + MOVED]):
            i += 1
            continue
        size = MOVED
        while (
            i + size < len(a)
            and j + size < len(b)
            and a[i + size] == b[j + size]
            and free_a[i + size]
            and free_b[j + size]
        ):
            size += 1
        free_b[j : j + size] = bytes(size)
        found.append(Block(i, j, size))
        i += size
    return found


def _free(length: int, blocks: list[Block], side: int) -> bytearray:
    free = bytearray(b"\1" * length)
    for block in blocks:
        start = block.b if side else block.a
        free[start : start + block.size] = bytes(block.size)
    return free
