"""Questions to which the right answer is known, over 5,000 generated public items.

What people ask a township's site most: a number they have in hand, a title they
remember (with a slip), a village and a subject. Made from the items themselves by a
seed; an answer is right when its title or number is the one that was meant.
"""

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

from disclosure_pages.bulk.synthesis import synthetic_items
from search.documents import SearchDocument
from search.fields import initials, sounds

COUNT = 5_000
ORIGIN = "11330099MB1A2B3C4D"
EACH = 40


@dataclass(frozen=True)
class Question:
    """What is typed, of what kind, and when an answer is right."""

    kind: str
    text: str
    right: Callable[[SearchDocument], bool]


@cache
def documents() -> tuple[SearchDocument, ...]:
    """Return the items as they are indexed."""
    return tuple(
        _document(row, serial) for serial, row in enumerate(synthetic_items(COUNT), 1)
    )


def with_files() -> Iterator[SearchDocument]:
    """Yield the items, every fiftieth with a file of 20,000 characters of others."""
    rng = random.Random(5)
    every = documents()
    for place, document in enumerate(every):
        if place % 50:
            yield document
            continue
        others = rng.sample(every, 100)
        text = "\n".join(f"{other.title}\n{other.text}" for other in others)
        yield replace(document, files="f" * 64, file_text=text[:20_000])


def questions(seed: int = 3) -> Iterator[Question]:
    """Yield forty questions of every kind, or more."""
    rng = random.Random(seed)
    every = documents()
    numbered = [d for d in every if d.document_number]
    for make in (_numbers, _index_numbers):
        for document in rng.sample(numbered, EACH):
            yield from make(rng, document)
    for make in (_titles, _slips, _scripts):
        for document in rng.sample(every, EACH):
            yield from make(rng, document)
    yield from _villages(rng)


def spelled() -> Iterator[tuple[str, SearchDocument]]:
    """Yield pinyin as it is typed into the box, with the title it means."""
    rng = random.Random(4)
    for document in rng.sample(documents(), EACH):
        yield initials(document.title), document
        yield sounds(document.title)[:50], document


def _numbers(rng: random.Random, document: SearchDocument) -> Iterator[Question]:
    organ, rest = document.document_number.split("〔")
    year, serial = rest.removesuffix("号").split("〕")
    spelling = rng.choice(
        [
            f"{organ}〔{year}〕{serial}号",
            f"{organ}[{year}]{serial}号",
            f"{organ}（{year}）{serial}号",
            f"{organ} {year} {serial} 号",
            f"{organ}{year}年{serial}号",
            _wide(f"{organ}〔{year}〕{serial}号"),
        ]
    )

    def right(found: SearchDocument) -> bool:
        return found.document_number == document.document_number

    yield Question("文号", spelling, right)


def _index_numbers(rng: random.Random, document: SearchDocument) -> Iterator[Question]:
    yield Question("索引号", document.index_number, _is(document))
    short = document.index_number.partition("/")[2]
    yield Question("索引号", rng.choice([short, _wide(short)]), _is(document))


def _titles(rng: random.Random, document: SearchDocument) -> Iterator[Question]:
    yield Question("标题", document.title, _titled(document))
    parts = re.findall(r"\d+|[^\d]", document.title)  # nobody cuts a year in two
    cut = max(6, len(parts) * 2 // 3)
    start = rng.randrange(max(1, len(parts) - cut + 1))
    piece = "".join(parts[start : start + cut])

    def right(found: SearchDocument) -> bool:
        return piece in found.title

    yield Question("部分标题", piece, right)


def _slips(rng: random.Random, document: SearchDocument) -> Iterator[Question]:
    title = document.title
    places = [p for p, char in enumerate(title) if "\u4e00" <= char <= "\u9fff"]
    place = rng.choice(places)
    wrong = rng.choice(_homophones().get(sounds(title[place]), title[place - 1]))
    typed = title[:place] + wrong + title[place + 1 :]
    yield Question("错一字", typed, _titled(document))


def _scripts(_rng: random.Random, document: SearchDocument) -> Iterator[Question]:
    yield Question("繁体", _traditional(document.title), _titled(document))
    yield Question("全角", _wide(document.title), _titled(document))


def _villages(rng: random.Random) -> Iterator[Question]:
    subjects = ("低保", "临时救助", "土地流转", "医疗救助", "宅基地", "代办点")
    pairs = set()
    for document in documents():
        village = document.title[: document.title.find("村") + 1][-3:]
        for subject in subjects:
            if len(village) == 3 and subject in document.title:  # noqa: PLR2004
                pairs.add((village, subject))
    for village, subject in rng.sample(sorted(pairs), EACH):
        both = (village, subject)

        def right(found: SearchDocument, both: tuple[str, str] = both) -> bool:
            return all(name in found.title for name in both)

        typed = rng.choice([f"{village}{subject}", f"{village} {subject}"])
        yield Question("村名＋事项", typed, right)


def _is(document: SearchDocument) -> Callable[[SearchDocument], bool]:
    return lambda found: found.key == document.key


def _titled(document: SearchDocument) -> Callable[[SearchDocument], bool]:
    return lambda found: found.title == document.title


def _document(row: dict[str, Any], serial: int) -> SearchDocument:
    digest = hashlib.sha256(row["external_id"].encode()).hexdigest()
    return SearchDocument(
        key=digest[:32],
        sha256=digest,
        type="item",
        title=row["title"],
        text=f"{row['summary']}\n{row['body']}",
        keywords="；".join(row["keywords"]),
        index_number=f"{ORIGIN}/{row['date_made'][:4]}-{serial:05d}",
        category=row["category"],
        document_number=row["document_number"],
        office=row["office"],
        date_made=row["date_made"],
        date_published=row["date_published"],
        validity=row["validity"],
        url=f"https://example.test/{serial}/",
        origin=ORIGIN,
    )


@cache
def _homophones() -> dict[str, str]:
    """Return the characters of all titles by their sound."""
    found: dict[str, str] = {}
    for char in sorted({char for document in documents() for char in document.title}):
        if sound := sounds(char):
            found[sound] = found.get(sound, "") + char
    return found


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@cache
def _converter() -> Any:
    return import_string("opencc.OpenCC")("s2t")


def _traditional(text: str) -> str:
    return _converter().convert(text)
