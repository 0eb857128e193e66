"""What makes two texts of one form two things: years, figures, villages, the matter."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

from disclosure_pages.likeness.matching import Matching

CHINESE = "〇零一二三四五六七八九十百千万亿两"
# A Chinese figure counts with its unit or after 第: 进一步 and 统一 hold none.
FIGURES = re.compile(
    rf"\d+|(?<=第)[{CHINESE}]+"
    rf"|(?<![{CHINESE}])[{CHINESE}]{{1,20}}(?=[年月日号季届批期户人名元亩周天岁倍成吨头个时平公%])"
)
YEAR = re.compile(r"(19|20)\d\d")
# 文号, with and without brackets: whose it is says nothing of what is said.
NUMBER = re.compile(r"[一-鿿]{2,12}[〔\[(（]?20\d\d[〕\])）]?第?\d+号")
PLACE = re.compile(r"[一-鿿]{2}(?:村(?![民级务])|社区)")
# Before 村 these make no name: 各村, 行政村, 进村, 五个村.
NO_NAME = set("各全本我该政然每乡驻进到入个镇困范和与农任向或者等")
SHORT = 24  # letters of a passage that stands for another one of the same form
SIGNED = 24  # letters at the end, where name and day of signing stand
LARGE = 3  # digits of a figure that two texts have in common by no chance
DIGITS = {char: str(i) for i, char in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "两": "2",
}
UNITS = {"十": 10, "百": 100, "千": 1000}
# Words that name the kind of paper, not its matter.
GENRES = re.compile(
    r"的?(?:通知|通告|公告|公示|通报|意见|方案|办法|报告|说明|决定|批复|函)"
)
LEAST_WORD = 2
MAX_FACTS = 8000  # of one kind in one text


@dataclass(frozen=True)
class Fact:
    """A figure or a village where it stands in a text."""

    start: int
    end: int
    value: str
    is_place: bool = False


def facts_of(text: str, villages: Iterable[str] = ()) -> list[Fact]:
    """Return figures and villages of a folded text, in order."""
    found = [
        Fact(m.start(), m.end(), plain_figure(m[0]))
        for m in islice(FIGURES.finditer(text), MAX_FACTS)
    ]
    found += [
        Fact(m.start(), m.end(), m[0], is_place=True)
        for m in islice(PLACE.finditer(text), MAX_FACTS)
        if not NO_NAME & set(m[0][:2]) and not set(CHINESE) & set(m[0])
    ]
    for name in villages:
        found += [
            Fact(m.start(), m.end(), name, is_place=True)
            for m in islice(re.finditer(re.escape(name), text), MAX_FACTS)
        ]
    return sorted(found, key=lambda fact: (fact.start, fact.end))


def plain_figure(figure: str) -> str:
    """Return a figure in Arabic digits: 二〇二六 → 2026, 十二 → 12, 三 → 3.

    Digits stay text: Python makes no number of more than 4,300 of them.
    """
    if figure.isdecimal():
        if not figure.isascii():
            figure = "".join(str(unicodedata.decimal(char)) for char in figure)
        return figure.lstrip("0") or "0"
    if not set(figure) & {"十", "百", "千", "万", "亿"}:
        return "".join(DIGITS[char] for char in figure).lstrip("0") or "0"
    if set(figure) & {"万", "亿"}:
        return figure
    total, digit = 0, 0
    for char in figure:
        if char in UNITS:
            total += (digit or 1) * UNITS[char]
            digit = 0
        else:
            digit = int(DIGITS[char])
    return str(total + digit)


def is_large(figure: str) -> bool:
    """Whether a figure is an amount or a number rather than a count or a day."""
    return len(figure) >= LARGE and not YEAR.fullmatch(figure)


def large_figures(text: str) -> set[str]:
    """Return the amounts and numbers of a folded text, told from its other pieces.

    A hundred texts of one form share its words, but hardly two of these.
    """
    figures = {plain_figure(found) for found in FIGURES.findall(text)}
    return {f"#{figure}" for figure in figures if is_large(figure)}


class Comparison:
    """The facts of two texts of which the shared passages are known."""

    def __init__(
        self, a: str, b: str, matching: Matching, villages: Iterable[str] = ()
    ) -> None:
        villages = list(villages)
        self.texts = a, b
        self.lengths = len(a), len(b)
        self.facts = facts_of(a, villages), facts_of(b, villages)
        self.values = tuple({fact.value for fact in facts} for facts in self.facts)
        self.blocks, self.moved = matching.blocks, matching.moved
        self._starts = [block.a for block in matching.blocks]

    def differ(self, *, signed_elsewhere: bool = False) -> bool:
        """Whether another year, village or figure stands in the same place.

        Args:
            signed_elsewhere: the end of one text is somebody else's, year and all.
        """
        if self._apart(YEAR.fullmatch, 1) or self._apart(is_large, 3):
            return True
        return any(
            self._differ(x, y, signed_elsewhere)
            for x, y in (*self._exchanged(), *self._beside_moved())
        )

    def _apart(self, wanted: Callable[[str], object], least: int) -> bool:
        """Whether of such figures most in either text are not in the other."""
        one, other = ({v for v in values if wanted(v)} for values in self.values)
        fewer = min(len(one), len(other))
        return fewer >= least and 2 * len(one & other) < fewer

    def _differ(self, x: Fact, y: Fact, signed_elsewhere: bool) -> bool:
        at_end = self._is_end(x, y)
        if YEAR.fullmatch(x.value) and YEAR.fullmatch(y.value):
            return not (at_end and signed_elsewhere)
        news = x.value not in self.values[1], y.value not in self.values[0]
        return all(news) if x.is_place else any(news) and not at_end

    def _exchanged(self) -> Iterator[tuple[Fact, Fact]]:
        """Yield pairs of unlike facts of one kind at the same place."""
        others = self.facts[1]
        for fact in self.facts[0]:
            low, high = self._opposite(fact.start, fact.end)
            if high - low > fact.end - fact.start + SHORT:
                continue
            first = bisect_left(others, low, key=lambda other: other.end - 1)
            there = [
                other for other in self._before(high, first) if self._alike(fact, other)
            ]
            if there and all(other.value != fact.value for other in there):
                yield fact, there[0]

    def _before(self, end: int, first: int) -> Iterator[Fact]:
        """Yield the facts of the other text from one on that start before ``end``."""
        others = self.facts[1]
        while first < len(others) and others[first].start < end:
            yield others[first]
            first += 1

    def _alike(self, x: Fact, y: Fact) -> bool:
        """Whether two facts are of one kind and have the same words beside them."""
        a, b = self.texts
        return x.is_place == y.is_place and (
            a[max(x.start - 2, 0) : x.start] == b[max(y.start - 2, 0) : y.start]
            or a[x.end : x.end + 2] == b[y.end : y.end + 2]
        )

    def _beside_moved(self) -> Iterator[tuple[Fact, Fact]]:
        """Yield pairs of unlike facts at either end of a moved passage."""
        for block in self.moved:
            for at_a, at_b in ((block.a, block.b), block.ends):
                others = {y.start - at_b: y for y in self._at(1, at_b)}
                ends = {y.end - at_b: y for y in self._at(1, at_b)}
                for x in self._at(0, at_a):
                    y = others.get(x.start - at_a) or ends.get(x.end - at_a)
                    if y and y.value != x.value and y.is_place == x.is_place:
                        yield x, y

    def _at(self, side: int, place: int) -> list[Fact]:
        """Return the facts that touch a place of a text."""
        facts = self.facts[side]
        first = bisect_left(facts, place, key=lambda fact: fact.end)
        return [fact for fact in facts[first : first + 4] if fact.start <= place]

    def _opposite(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the other text that stands for this one of the first."""
        number = bisect_right(self._starts, start) - 1
        low = 0
        if number >= 0:
            block = self.blocks[number]
            low = block.b + min(start - block.a, block.size)
        number = bisect_left(self._starts, end)
        before = self.blocks[number - 1] if number else None
        if before and end <= before.ends[0]:
            high = before.b + end - before.a
        else:
            high = (
                self.blocks[number].b if number < len(self.blocks) else self.lengths[1]
            )
        return low, high

    def _is_end(self, x: Fact, y: Fact) -> bool:
        """Whether both stand where name and day of signing do."""
        return min(self.lengths) > 4 * SIGNED and all(
            length - fact.start <= SIGNED
            for length, fact in zip(self.lengths, (x, y), strict=True)
        )


def titles_differ(one: str, other: str) -> bool:
    """Whether two folded titles name other years, figures or villages."""
    figures, places = [], []
    for title in (one, other):
        facts = facts_of(NUMBER.sub("", title))
        figures.append({fact.value for fact in facts if not fact.is_place})
        places.append({fact.value for fact in facts if fact.is_place})
    return any(
        left and right and not (left <= right or right <= left)
        for left, right in (figures, places)
    )


def matters_differ(titles: tuple[str, str], texts: tuple[str, str]) -> bool:
    """Whether the titles differ by a word by which the texts differ, too.

    道路硬化 in one title and text, 文化广场 in the other title and text: a form that
    was filled in twice.
    """
    one, other = (GENRES.sub("", title) for title in titles)
    return any(
        x in texts[0] and y in texts[1] and x not in texts[1] and y not in texts[0]
        for x, y in _exchanged_words(one, other)
    )


def _exchanged_words(one: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield what stands for another between words that both titles have."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    i = j = 0
    for block in matcher.get_matching_blocks():
        if block.size < LEAST_WORD and block.a < len(one):
            continue
        x, y = one[i : block.a], other[j : block.b]
        if min(len(x), len(y)) >= LEAST_WORD:
            yield x, y
        i, j = block.a + block.size, block.b + block.size
