"""By what a text is found again among many: letters, shingles, marks and SimHash.

A *mark* is the 64-bit hash of a shingle (`SHINGLE` letters in a row); a text is known
by the smallest of its marks, so that two texts which share much share many of them,
whichever is the longer. SimHash puts those first that differ least.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from heapq import nsmallest

from cms.folding import fold

SHINGLE = 4
MIN_LETTERS = 40  # shorter texts say too little to be compared
MAX_LETTERS = 30_000  # what is beyond is not compared
BITS = 64
LANE = 32  # bits of one counter of `simhash`: no carry into the next


@dataclass(frozen=True)
class Letters:
    """Letters and figures of a text, folded; ``places`` are theirs in the source."""

    text: str
    places: tuple[int, ...]

    def __bool__(self) -> bool:
        return len(self.text) >= MIN_LETTERS


def letters_of(source: str) -> Letters:
    """Return what is compared: no spaces or marks, one width, case and script."""
    folded = fold(source)
    kept = [i for i, char in enumerate(folded.text) if char.isalnum()][:MAX_LETTERS]
    text = "".join(folded.text[i] for i in kept)
    places = folded.positions
    return Letters(text, tuple(kept if places is None else (places[i] for i in kept)))


def shingles(text: str) -> set[str]:
    """Return every `SHINGLE` neighbouring letters."""
    return {text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1)}


def hashes(pieces: Iterable[str]) -> set[int]:
    """Return 64-bit hashes, signed as databases keep them."""
    return {
        int.from_bytes(blake2b(p.encode(), digest_size=8).digest(), "big", signed=True)
        for p in pieces
    }


def smallest(marks: Iterable[int], count: int) -> list[int]:
    """Return the marks by which a text is known or looked for."""
    return nsmallest(count, marks)


@cache
def _lanes() -> tuple[int, ...]:
    """Return for each byte a number that has its bits in eight counters."""
    return tuple(
        sum(1 << (LANE * bit) for bit in range(8) if byte >> bit & 1)
        for byte in range(256)
    )


def simhash(marks: Iterable[int]) -> int:
    """Return the 64 bits that most of the marks have, signed."""
    lanes, sums, count = _lanes(), [0] * 8, 0
    for mark in marks:
        count += 1
        for number, byte in enumerate(mark.to_bytes(8, "big", signed=True)):
            sums[number] += lanes[byte]
    mask = (1 << LANE) - 1
    found = bytes(
        sum(1 << bit for bit in range(8) if (total >> LANE * bit & mask) * 2 > count)
        for total in sums
    )
    return int.from_bytes(found, "big", signed=True)


def distance(one: int, other: int) -> int:
    """Return in how many of 64 bits two SimHashes differ."""
    return ((one ^ other) & ((1 << BITS) - 1)).bit_count()
