"""Which documents others name: 《…》, plain names of laws, 第X条 and 文号 in texts.

What is named often is what people look for; ``search.ranking`` turns the counts into a
bounded prior. Counted offline (``tasks.jobs.learn``), kept as numbers only.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cms.folding import fold_text

from .documents import SearchDocument, number_of
from .recognise import recognise

# A document named a few times in a small collection is not an authority yet.
FEW = 20
MAX_NAME = 60
_NUMERAL = "〇零一二三四五六七八九十百千两0-9"
_ARTICLE = rf"第[{_NUMERAL}]+条(?:之[{_NUMERAL}]+)?"
_TITLE = re.compile(rf"(?P<work>.+?)(?P<article>{_ARTICLE})")
_STATE = re.compile("^中华人民共和国")
_EDITION = re.compile(r"\([^()]*(?:修[正订]|试行|暂行)[^()]*\)$")
_QUOTED = re.compile("[《〈]([^《》〈〉]{2,60})[》〉]")
_NEXT_ARTICLE = re.compile(rf"[》〉]?\s*(?P<article>{_ARTICLE})")
# Names that stand in texts without 《》; any other title would match by accident.
_NAMED_PLAINLY = re.compile("(?:法|法典|条例|规定|办法|规则|细则|解释)$")


@dataclass(frozen=True)
class Citations:
    """How often works, and single documents of a work, are named by other works."""

    works: Mapping[int, float] = field(default_factory=dict)
    documents: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, works: Mapping[int, int], documents: Mapping[int, int]) -> Self:
        """Return counts as shares: 0 (never named) to 1 (named most often)."""
        return cls(_shares(works), _shares(documents))

    @cached_property
    def of_works(self) -> "Table":
        """The shares of works, for many at once."""
        return Table.of(self.works)

    @cached_property
    def of_documents(self) -> "Table":
        """The shares of documents, for many at once."""
        return Table.of(self.documents)


@dataclass(frozen=True)
class Table:
    """Numbers in ascending order with their values."""

    numbers: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, values: Mapping[int, float]) -> Self:
        """Return the same as a table; it is never empty."""
        rows = sorted(values.items()) or [(0, 0.0)]
        numbers, found = zip(*rows, strict=True)
        return cls(np.array(numbers, np.int64), np.array(found, np.float64))

    def __getitem__(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the value of each number, 0 where there is none."""
        places = np.searchsorted(self.numbers, numbers)
        places = np.minimum(places, len(self.numbers) - 1)
        return np.where(self.numbers[places] == numbers, self.values[places], 0.0)


NOTHING_KNOWN = Citations()


def split_title(title: str) -> tuple[str, str]:
    """Return the work's name, folded and short, and 第X条 if the title ends so."""
    folded = fold_text(title).strip()
    parts = _TITLE.fullmatch(folded)
    if parts is None:
        return _short(folded), ""
    return _short(parts["work"]), parts["article"]


def work_of(title: str) -> int:
    """Return the number of the work that a title belongs to."""
    return number_of(split_title(title)[0])


def count(
    heads: Iterable[SearchDocument], documents: Iterable[SearchDocument]
) -> tuple[dict[int, int], dict[int, int]]:
    """Count by how many documents of others each work and each document is named.

    Args:
        heads: all documents, for their titles and numbers; the text may be missing.
        documents: the same with their texts, read once.
    """
    known = _Names(heads)
    works: Counter[int] = Counter()
    single: Counter[int] = Counter()
    for document in documents:
        named = set(known.in_text(document.text))
        own = work_of(document.title)
        works.update({work for work, _one in named if work != own})
        single.update({one for work, one in named if one and work != own})
    return dict(works), dict(single)


class _Names:
    """All names under which the documents can be named."""

    def __init__(self, documents: Iterable[SearchDocument]) -> None:
        self.works: dict[str, int] = {}
        self.articles: dict[tuple[int, str], int] = {}
        self.numbers: dict[str, tuple[int, int]] = {}
        self.lengths: dict[str, set[int]] = defaultdict(set)
        for document in documents:
            name, article = split_title(document.title)
            if not 1 < len(name) <= MAX_NAME:
                continue
            work = self.works.setdefault(name, number_of(name))
            if article:
                self.articles[work, article] = document.number
            if _NAMED_PLAINLY.search(name):
                self.lengths[name[-2:]].add(len(name))
            for token in _numbers(fold_text(document.document_number)):
                self.numbers[token] = work, document.number

    def in_text(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield (work, document or 0) for each name in a text."""
        folded = fold_text(text)
        for start, end in self._places(folded):
            name = folded[start:end]
            work = self.works[name if name in self else _short(name)]
            following = _NEXT_ARTICLE.match(folded, end)
            article = following["article"] if following else ""
            yield work, self.articles.get((work, article), 0)
        for token in _numbers(folded):
            if token in self.numbers:
                yield self.numbers[token]

    def _places(self, folded: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of known names, of overlapping ones the longest."""
        spans = [m.span(1) for m in _QUOTED.finditer(folded) if _short(m[1]) in self]
        for end in range(2, len(folded) + 1):
            for length in self.lengths.get(folded[end - 2 : end], ()):
                start = end - length
                if start >= 0 and folded[start:end] in self.works:
                    spans.append((start, end))
        last = 0
        for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            if end > last:
                yield start, end
                last = end

    def __contains__(self, name: str) -> bool:
        return name in self.works


def _shares(counts: Mapping[int, int]) -> dict[int, float]:
    most = math.log1p(max(FEW, *counts.values())) if counts else 1.0
    return {subject: math.log1p(found) / most for subject, found in counts.items()}


def _short(name: str) -> str:
    return _EDITION.sub("", _STATE.sub("", name.strip()).strip()).strip() or name


def _numbers(text: str) -> list[str]:
    return [found.token for found in recognise(text) if found.kind == "number"]
