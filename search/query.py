"""From what a citizen typed to tokens; there is no syntax that could be wrong."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from . import tokens
from .engines.base import SearchQuery, Unit
from .fields import EXACT_SCORE, TITLE_SCORE
from .folding import fold_text
from .ranking import Ranking
from .recognise import HAN, Found, recognise

MAX_LENGTH = 200
MAX_REQUIRED = 6  # words that are all required; of a longer title a share is
SHARE_REQUIRED = 0.3
MAX_SCORED = 80
MAX_JOINED = 4
NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_QUOTED = re.compile('["“”「『]([^"“”「」『』]+)["“”」』]')
_MINUS = re.compile(r"(?:^|(?<=\s))[-−]([^\W_]+)")
_MINUS_QUOTED = re.compile(rf"(?:^|(?<=\s))[-−]{_QUOTED.pattern}")
_HAN_RUN = re.compile(f"[{HAN}]+")
_ORDER = {"number": 0, "code": 1, "date": 2}
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

    ``question``: a whole sentence, of which a document need not hold every word.
    """

    text: str
    units: tuple[Unit, ...]
    relaxed: tuple[Unit, ...]
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
    """Take a question apart: quoted phrases, exclusions, numbers, dates, words.

    Args:
        synonyms: folded word → others that mean the same; a document may hold any of
            them, and those not typed count little for the rank.
    """
    folded = fold_text(text[:MAX_LENGTH]).strip()
    rest, minus = _cut_out(_MINUS_QUOTED, folded)
    rest, quoted = _cut_out(_QUOTED, rest)
    rest, single = _cut_out(_MINUS, rest)
    found = _recognised(rest)
    plain = _blanked(rest, found)
    words = _joined([word.text for word in tokens.cut_words(plain)], synonyms)
    content = [word for word in words if word not in STOP_WORDS] or words
    surfaces = tuple(dict.fromkeys([*quoted, *content]))
    question = "?" in plain or not QUESTION_WORDS.isdisjoint(words)
    phrases = () if question else quoted  # in a sentence quotes are only emphasis
    sought = surfaces if question else content
    units = [_unit_of(word, synonyms.get(word, ())) for word in sought]
    others = [other for word in sought for other in synonyms.get(word, ())]
    strict = [_token_unit([item.token]) for item in found]
    loose = [_token_unit([item.token, *_readings(item)]) for item in found]
    positive = " ".join([rest, *quoted])
    return Parsed(
        text=folded,
        units=_known(strict + units),
        relaxed=_known(loose + units),
        phrases=_known(_word_unit(phrase, whole=True) for phrase in phrases),
        excluded=_known(_word_unit(word, whole=True) for word in minus + single),
        scored=_scored(positive, question=question),
        weak=_weak(others),
        exact=_exact(found, positive),
        surfaces=surfaces,
        others=tuple(dict.fromkeys(others)),
        codes=tuple(item.token for item in found),
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
) -> SearchQuery:
    """Return the query for the engines; words as in ``design.md``, *Search*."""
    parsed = parsed or parse(text)
    count = len(parsed.units)
    some = max(1, math.ceil(count * SHARE_REQUIRED)) if count else 0
    every = count <= MAX_REQUIRED and not parsed.question
    units = tuple(_parts(parsed.units)) if parsed.question else parsed.units
    enough = count if every else some
    return SearchQuery(
        text=parsed.text,
        units=units,
        minimum=min(count, 1) if parsed.question else enough,
        relaxed=parsed.relaxed if every and _can_relax(parsed) else (),
        relaxed_minimum=some,
        phrases=parsed.phrases,
        excluded=parsed.excluded,
        scored=parsed.scored,
        weak=parsed.weak,
        exact=parsed.exact,
        filters={name: tuple(values) for name, values in (filters or {}).items()},
        facets=tuple(facets),
        ranking=ranking or Ranking(),
        sort=sort,
        page=page,
        page_size=page_size,
    )


def _parts(units: Iterable[Unit]) -> Iterator[Unit]:
    """Give each pair of characters by itself: of a sentence any part is enough."""
    for unit in units:
        for way in unit.alternatives:
            yield from (Unit(((match,),)) for match in way)


def open_text(folded: str) -> str:
    """Return a question of the same length with quotes and exclusions blank."""
    for pattern in (_MINUS_QUOTED, _QUOTED, _MINUS):
        folded = pattern.sub(lambda match: " " * len(match[0]), folded)
    return folded


def _can_relax(parsed: Parsed) -> bool:
    return len(parsed.units) > 1 or parsed.relaxed != parsed.units


def _cut_out(pattern: re.Pattern[str], text: str) -> tuple[str, list[str]]:
    taken = [match[1].strip() for match in pattern.finditer(text)]
    return pattern.sub(" ", text), [part for part in taken if part]


def _recognised(text: str) -> list[Found]:
    """Return what is recognised, where readings overlap only the best one."""
    taken: set[int] = set()
    best: list[Found] = []
    for found in sorted(recognise(text), key=lambda item: _ORDER[item.kind]):
        places = set(range(found.start, found.end))
        if not places & taken:
            taken |= places
            best.append(found)
    return best


def _blanked(text: str, found: Iterable[Found]) -> str:
    for item in found:
        text = text[: item.start] + " " * (item.end - item.start) + text[item.end :]
    return text


def _word_unit(word: str, *, whole: bool = False) -> Unit:
    """Require a word by its bigrams: they find it however a document was cut.

    ``whole``: as they stand, one after the other.
    """
    runs = _HAN_RUN.findall(word)
    others = re.findall(rf"[^\W_{HAN}]+", word)
    pairs = [tokens.bigrams(run) for run in runs]
    if whole:
        pairs = [[" ".join(row)] for row in pairs if row]
    matches = [
        *(("bigrams", pair) for row in pairs for pair in row),
        *(("words", other[: tokens.MAX_TOKEN]) for other in others),
    ]
    single = [run for run in runs if len(run) == 1]
    ways = [
        [*matches, *((field, char) for char in single)]
        for field in (("unigrams", "names") if single else ("",))
    ]
    return Unit(tuple(tuple(dict.fromkeys(way)) for way in ways))


def _unit_of(word: str, others: Iterable[str]) -> Unit:
    """Require a word or one that means the same."""
    units = [_word_unit(name) for name in (word, *others)]
    return Unit(tuple(way for unit in units for way in unit.alternatives))


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


def _token_unit(names: Iterable[str]) -> Unit:
    return Unit(tuple((("words", name[: tokens.MAX_TOKEN]),) for name in names))


def _readings(found: Found) -> list[str]:
    """Return the shorter readings of a code that still tell something."""
    return [name for name in found.others if name[0] in "#@" and len(name) > 2]


def _known(units: Iterable[Unit]) -> tuple[Unit, ...]:
    return tuple(dict.fromkeys(unit for unit in units if unit.alternatives[0]))


def _exact(found: Iterable[Found], text: str) -> tuple[tuple[str, float], ...]:
    pins = []
    for item in found:
        if item.kind in ("number", "code"):
            pins.append((item.token, EXACT_SCORE))
            pins += [(name, EXACT_SCORE / 2) for name in _readings(item)]
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
