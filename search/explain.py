"""Why a hit stands where it stands: said by the ranking itself, for either engine.

The question is asked once as readers ask it, with a ranking that writes down what it
saw, and once for each field alone, so that the parts of BM25 are those of the engine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from cms.folding import fold_text

from . import dictionary, site_ranking
from .documents import SearchDocument
from .dropped import find_dropped
from .engines.base import SearchQuery, SearchResult
from .query import Parsed, make_query, parse
from .ranking import FEATURES, Candidates, Floats, Gather, Integers, Ranking, Rule
from .services import search
from .units import word_unit

SHOWN = 20
FIELDS = {
    "words": _("词"),
    "bigrams": _("双字"),
    "unigrams": _("单字"),
    "title": _("标题"),
    "weak": _("同义词"),
}
PLACES = {
    "title": _("标题"),
    "document_number": _("文号"),
    "index_number": _("索引号"),
    "keywords": _("关键词"),
    "text": _("正文"),
}
FEATURE_NAMES = {
    "bm25": _("词的分"),
    "work": _("文件被引用"),
    "document": _("本条被引用"),
    "unigrams": _("单字的分"),
    "coverage": _("问题盖住多少"),
    "best": _("同一文件的好条文"),
    "section": _("同一章节的好条文"),
}


@dataclass(frozen=True)
class Reason:
    """Why one document stands in its place.

    ``parts``: BM25 by field, their sum is ``bm25``; ``prior`` is what it is multiplied
    by for being named by others, ``validity`` for being void; ``pin`` was added because
    the question is its number or title. ``features`` is what a rule with weights added
    for each. ``before``: its place by BM25 alone, from 1 on; None: not among those that
    were looked at. ``matched``: each word of the question with where it stands.
    """

    document: SearchDocument
    place: int
    before: int | None
    score: float
    bm25: float
    prior: float
    validity: float
    pin: float
    parts: tuple[tuple[str, float], ...]
    features: tuple[tuple[str, float], ...]
    matched: tuple[tuple[str, str], ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The words that stand nowhere in it, nor in its attachments."""
        return tuple(word for word, where in self.matched if not where)


@dataclass(frozen=True)
class Explained:
    """A question's hits with reasons, and what the question was taken for."""

    result: SearchResult
    reasons: list[Reason]
    words: tuple[str, ...]
    others: tuple[str, ...]
    rule: str


@dataclass
class Seen:
    """What a ranking saw the last time: by number of the document."""

    bm25: dict[int, float] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)
    score: dict[int, float] = field(default_factory=dict)
    prior: dict[int, float] = field(default_factory=dict)
    validity: dict[int, float] = field(default_factory=dict)
    features: dict[int, tuple[tuple[str, float], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Witness(Ranking):
    """A ranking that orders as ever and writes down why."""

    seen: Seen = field(default_factory=Seen, compare=False)

    @classmethod
    def of(cls, ranking: Ranking) -> "Witness":
        """Return a witness that orders as ``ranking`` does."""
        return cls(ranking.rule, ranking.citations, ranking.no_prior)

    def order(self, found: Candidates, gather: Gather) -> tuple[Floats, Integers]:
        """Order as ever; what was seen of an earlier question is forgotten."""
        scores, places = super().order(found, gather)
        numbers, seen = found.number.tolist(), self.seen
        seen.bm25 = dict(zip(numbers, found.score.tolist(), strict=True))
        ranked = sorted(seen.bm25, key=lambda number: -seen.bm25[number])
        seen.before = {number: place for place, number in enumerate(ranked, 1)}
        seen.score = {
            numbers[place]: score
            for score, place in zip(scores.tolist(), places.tolist(), strict=True)
        }
        seen.validity = dict(zip(numbers, self._validity(found).tolist(), strict=True))
        raised = self._prior(found) / self._validity(found)
        seen.prior = dict(zip(numbers, raised.tolist(), strict=True))
        return scores, places

    def features(self, kept: Candidates, gather: Gather) -> Floats:
        """Work out the features as ever, and keep what each adds to the score."""
        values = super().features(kept, gather)
        weights = [self.rule.weights[name] for name in FEATURES]
        for number, row in zip(kept.number.tolist(), values.tolist(), strict=True):
            self.seen.features[number] = tuple(
                (str(FEATURE_NAMES.get(name, name)), value * weight)
                for name, value, weight in zip(FEATURES, row, weights, strict=True)
            )
        return values


def explain(
    text: str, filters: Mapping[str, tuple[str, ...]] | None = None
) -> Explained:
    """Search as readers do, without correction, and say why each hit stands there.

    Raises:
        SearchUnavailable: no engine answers.
    """
    dictionary.load()
    parsed = parse(text, dictionary.synonyms())
    witness = Witness.of(site_ranking.current())
    query = make_query(parsed=parsed, filters=filters, page_size=SHOWN, ranking=witness)
    result = search(query)
    held = _held(result, parsed)
    parts = dict(_parts(query, result)) if result.hits and not query.by_date else {}
    reasons = [
        _reason(hit, place, witness.seen, parts, _matched(hit.document, parsed, held))
        for place, hit in enumerate(result.hits, 1)
    ]
    return Explained(
        result=result,
        reasons=reasons,
        words=parsed.surfaces,
        others=parsed.others,
        rule=query.ranking.rule.name,
    )


def _parts(
    query: SearchQuery, result: SearchResult
) -> Iterator[tuple[str, dict[int, float]]]:
    """Yield for each field what it adds to BM25, by number of the document."""
    units, minimum = query.units, query.minimum
    if result.relaxed:
        units, minimum = query.relaxed, query.relaxed_minimum
    alone = replace(
        query, units=units, minimum=minimum, relaxed=(), exact=(), page_size=1
    )
    whole = Rule("parts", fetch=10_000, keep=0)
    scored: dict[str, dict[str, Any]] = {
        name: {"scored": {name: tokens}, "weak": {}}
        for name, tokens in query.scored.items()
        if tokens
    }
    if any(query.weak.values()):
        scored["weak"] = {"scored": {}, "weak": query.weak}
    for name, only in scored.items():
        witness = Witness(whole)
        search(replace(alone, ranking=witness, **only))
        yield name, witness.seen.bm25


def _reason(
    hit: Any,
    place: int,
    seen: Seen,
    parts: Mapping[str, dict[int, float]],
    matched: Iterable[tuple[str, str]],
) -> Reason:
    number = hit.document.number
    bm25 = seen.bm25.get(number, 0.0)
    known = [(str(FIELDS[name]), by.get(number, 0.0)) for name, by in parts.items()]
    return Reason(
        document=hit.document,
        place=place,
        before=seen.before.get(number),
        score=hit.score,
        bm25=bm25,
        prior=seen.prior.get(number, 1.0),
        validity=seen.validity.get(number, 1.0),
        pin=hit.score - seen.score.get(number, hit.score),
        parts=tuple((label, value) for label, value in known if value),
        features=seen.features.get(number, ()),
        matched=tuple(matched),
    )


def _held(result: SearchResult, parsed: Parsed) -> dict[str, frozenset[str]]:
    """Return, by key of a hit, the words that the engine finds in it by themselves."""
    words = dict.fromkeys([*parsed.surfaces, *parsed.others])
    alone = tuple((word, word_unit(word)) for word in words)
    keys = [hit.key for hit in result.hits]
    told = find_dropped(
        result.engine, replace(parsed, named=alone, question=False), keys
    )
    return {
        key: frozenset(told.present).difference(told.lacking.get(key, ()))
        for key in keys
    }


def _matched(
    document: SearchDocument, parsed: Parsed, held: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    """Yield each word with the places where it stands, in words; "" for none.

    What the engine holds beyond the fields comes from attachments, if there are any.
    """
    folded = {name: fold_text(getattr(document, name)) for name in PLACES}
    for word in dict.fromkeys([*parsed.surfaces, *parsed.others]):
        places = [str(PLACES[name]) for name, text in folded.items() if word in text]
        if not places and word in held[document.key]:
            places = [str(_("附件") if document.files else _("分开的字里"))]
        if places or word in parsed.surfaces:
            yield word, "、".join(places)
