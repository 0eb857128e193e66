"""From what a citizen typed to tokens; there is no syntax that could be wrong."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from . import tokens
from .engines.base import Position, SearchQuery, Unit
from .fields import EXACT_SCORE, TITLE_SCORE
from .grammar import Operand, Written, fold_question, take_apart
from .ranking import Ranking
from .recognise import Found
from .units import (
    blanked,
    group,
    known,
    operand_unit,
    readings,
    recognised,
    token_unit,
    unit_of,
    word_unit,
)

MAX_LENGTH = 200
MAX_REQUIRED = 6  # words that are all required; of a longer title a share is
SHARE_REQUIRED = 0.3
MAX_SCORED = 80
MAX_JOINED = 4
NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})
# Words of a question that say nothing about its subject; never removed from documents.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        的 了 和 与 及 或 在 是 有 为 对 把 被 从 到 也 都 就 还 要 吗 呢 吧 啊 么
        年 月 日 号 我 你 您 他 她 它 我们 你们 他们 谁 几 想 想要 请问 多少
        怎么 怎样 怎么办 如何 什么 哪些 哪里 哪个 哪儿 可以 能 能否 能不能 是否
        有没有 没有 关于 查询 查找 需要 一下 这个 那个 这 那 之 其 于 以 由 并 而 等
        """,
    )
)


QUESTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        吗 呢 吧 谁 几 请问 多少 怎么 怎样 怎么办 如何 什么 哪些 哪里 哪个 哪儿 可以
        能否 能不能 是否 有没有 什么样 何时 多久 为什么 为何
        """,
    )
)


@dataclass(frozen=True)
class Parsed:
    """A question taken apart; ``surfaces`` are its words for the highlighter,
    ``others`` those that mean the same.

    ``named``: each word that may be given up, as it was typed.
    ``question``: a whole sentence, of which a document need not hold every word.
    """

    text: str
    written: Written
    units: tuple[Unit, ...]
    relaxed: tuple[Unit, ...]
    named: tuple[tuple[str, Unit], ...]
    phrases: tuple[Unit, ...]
    excluded: tuple[Unit, ...]
    scored: dict[str, tuple[str, ...]]
    weak: dict[str, tuple[str, ...]]
    exact: tuple[tuple[str, float], ...]
    surfaces: tuple[str, ...]
    others: tuple[str, ...]
    codes: tuple[str, ...]
    question: bool


def parse(text: str, synonyms: Mapping[str, tuple[str, ...]] = NONE) -> Parsed:
    """Take a question apart: what was written with signs, numbers, dates, words.

    Args:
        synonyms: folded word → others that mean the same; a document may hold any of
            them, and those not typed count little for the rank.
    """
    folded = fold_question(text[:MAX_LENGTH]).strip()
    written = take_apart(folded)
    found = recognised(written.rest)
    plain = blanked(written.rest, found)
    words = _joined([word.text for word in tokens.cut_words(plain)], synonyms)
    question = "?" in plain or not QUESTION_WORDS.isdisjoint(words)
    content = [word for word in words if word not in STOP_WORDS]
    if not (content or found or written.signs):
        content = words
    # In a sentence quotes are only emphasis.
    sought = [*written.quoted, *content] if question else content
    operands = written.operands
    codes = [*found, *_numbers_in(operands)]
    strict, named = _named(written, found, sought, synonyms)
    others = [other for word in sought for other in synonyms.get(word, ())]
    positive = " ".join([written.rest, *written.quoted, *(o.text for o in operands)])
    return Parsed(
        text=folded,
        written=written,
        units=strict,
        relaxed=tuple(named),
        named=tuple((name, unit) for unit, name in named.items()),
        phrases=_phrases(written, question=question),
        excluded=known(operand_unit(one, whole=True) for one in written.excluded),
        scored=_scored(positive, question=question),
        weak=_weak(others),
        exact=_exact(codes, positive),
        surfaces=_distinct([*written.quoted, *content, *_shown(operands)]),
        others=tuple(dict.fromkeys(others)),
        codes=tuple(item.token for item in codes),
        question=question,
    )


def make_query(
    text: str = "",
    *,
    parsed: Parsed | None = None,
    filters: Mapping[str, Iterable[str]] | None = None,
    facets: Iterable[str] = (),
    sort: str = "relevance",
    page: int = 1,
    page_size: int = 20,
    ranking: Ranking | None = None,
    since: int = 0,
    until: int = 0,
    after: Position | None = None,
    strict: bool = False,
) -> SearchQuery:
    """Return the query for the engines; words as in ``design.md``, *Search*.

    Args:
        strict: require every word, of a sentence and of a long title too.
    """
    parsed = parsed or parse(text)
    count = len(parsed.units)
    some = max(1, math.ceil(count * SHARE_REQUIRED)) if count else 0
    in_parts = parsed.question and not strict
    every = strict or (count <= MAX_REQUIRED and not parsed.question)
    enough = count if every else some
    return SearchQuery(
        text=parsed.text,
        units=_parts(parsed.units) if in_parts else parsed.units,
        minimum=min(count, 1) if in_parts else enough,
        relaxed=parsed.relaxed if every and not strict and _can_relax(parsed) else (),
        relaxed_minimum=some,
        phrases=parsed.phrases,
        excluded=parsed.excluded,
        scored=parsed.scored,
        weak=parsed.weak,
        exact=parsed.exact,
        filters={name: tuple(values) for name, values in (filters or {}).items()},
        facets=tuple(facets),
        ranking=_suited(ranking or Ranking(), parsed),
        sort=sort,
        page=page,
        page_size=page_size,
        since=since,
        until=until,
        after=after,
    )


def _suited(ranking: Ranking, parsed: Parsed) -> Ranking:
    if not parsed.question:
        return ranking.for_words()
    return ranking.for_question(parsed.scored["bigrams"], parsed.scored["words"])


def _parts(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Give each pair of characters by itself: of a sentence any part is enough.

    A single character is not, if there is more: nearly every text holds 村 or 人.
    """
    parts = [match for unit in units for way in unit.alternatives for match in way]
    telling = [match for match in parts if match[0] not in ("unigrams", "names")]
    return tuple(Unit(((match,),)) for match in telling or parts)


def _can_relax(parsed: Parsed) -> bool:
    return len(parsed.units) > 1 or parsed.relaxed != parsed.units


def _named(
    written: Written,
    found: Iterable[Found],
    sought: Iterable[str],
    synonyms: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[Unit, ...], dict[Unit, str]]:
    """Return the units that are required, and those if need be with their names."""
    rest = written.rest
    codes = [(rest[item.start : item.end].strip(), item) for item in found]
    words = [(unit_of(word, synonyms.get(word, ())), word) for word in sought]
    words += [group(operands, synonyms) for operands in written.groups]
    strict = [token_unit([item.token]) for _name, item in codes]
    loose = [(token_unit([i.token, *readings(i)]), name) for name, i in codes]
    names = dict(loose + words)
    kept = known(names)
    return known(strict + [unit for unit, _n in words]), {u: names[u] for u in kept}


def _phrases(written: Written, *, question: bool) -> tuple[Unit, ...]:
    """Return what is required in any case."""
    quoted = () if question else written.quoted
    return known(
        [
            *(word_unit(phrase, whole=True) for phrase in quoted),
            *(operand_unit(operand) for operand in written.fields),
        ]
    )


def _numbers_in(operands: Iterable[Operand]) -> list[Found]:
    """Return the numbers among what is sought in a field or a group."""
    texts = [o.text for o in operands if o.field in ("", "number", "code")]
    return [found for text in texts for found in recognised(text)]


def _shown(operands: Iterable[Operand]) -> list[str]:
    """Return what of it can be marked in titles and texts."""
    return [operand.text for operand in operands if operand.field in ("", "title")]


def _joined(words: list[str], synonyms: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Put neighbouring words together that are one entry of the synonyms."""
    joined: list[str] = []
    place = 0
    while place < len(words):
        for end in range(min(len(words), place + MAX_JOINED), place, -1):
            name = "".join(words[place:end])
            if name in synonyms or end == place + 1:
                joined.append(name)
                place = end
                break
    return joined


def _weak(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found = [tokens.analyse(name) for name in names]
    return {
        "words": _distinct(word for one in found for word in one.words),
        "bigrams": _distinct(pair for one in found for pair in one.bigrams),
    }


def _exact(found: Iterable[Found], text: str) -> tuple[tuple[str, float], ...]:
    pins = []
    for item in found:
        if item.kind in ("number", "code"):
            pins.append((item.token, EXACT_SCORE))
            pins += [(name, EXACT_SCORE / 2) for name in readings(item)]
    if key := tokens.title_key(text):
        pins.append((key, TITLE_SCORE))
    return tuple(pins)


def _scored(text: str, *, question: bool) -> dict[str, tuple[str, ...]]:
    """Return the tokens that rank, by field; question words do not.

    Titles count for themselves only where somebody looks for one: a sentence asks for
    what a text says.
    """
    found = tokens.analyse(text)
    words = [word for word in found.words if word not in STOP_WORDS]
    return {
        "words": _distinct(words),
        "bigrams": _distinct(found.bigrams),
        "unigrams": _distinct(found.unigrams),
        "title": () if question else _distinct(words + found.bigrams),
    }


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:MAX_SCORED]
