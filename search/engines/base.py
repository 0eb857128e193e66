"""What a search engine is here: one protocol, the same answers from each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from search.documents import SearchDocument
from search.fields import columns
from search.ranking import Ranking

MAX_WINDOW = 10_000
FACET_SIZE = 20_000
ENOUGH_HITS = 3

BUILD_CHUNK = 500
UNFINISHED_S = 24 * 3600.0  # after which a build that was cut short is thrown away

Position = tuple[int, int]  # day (YYYYMMDD, 0: none) and number of a document
# (token field, token); several tokens with spaces between them follow each other.
Match = tuple[str, str]


class EngineDown(Exception):
    """The engine as a whole cannot be reached or used; nothing was judged."""


@dataclass(frozen=True)
class Receipt:
    """The engine holds this version with this hash."""

    key: str
    version: int
    sha256: str


@dataclass(frozen=True)
class EngineError:
    """Why one document was not taken.

    ``stale``: the engine holds ``held_version`` already, a higher one or the same one
    with other content (409).
    """

    key: str
    reason: str
    stale: bool = False
    held_version: int | None = None


@dataclass(frozen=True)
class Entry:
    """One key that the engine holds, for reconciliation; tombstones included."""

    key: str
    version: int
    sha256: str
    state: str


@dataclass(frozen=True)
class Unit:
    """One content word: found when all tokens of any one alternative are."""

    alternatives: tuple[tuple[Match, ...], ...]


@dataclass(frozen=True)
class SearchQuery:
    """A question in tokens (``search.query`` makes it), with filters and page.

    Of ``units`` at least ``minimum`` are required, all of them or, for a sentence, any;
    ``relaxed`` and ``relaxed_minimum`` hold when that finds too little. Every one of
    ``phrases`` is required in any case. ``scored`` are the tokens of each field that
    rank, in the order of ``ranking``, ``weak`` those that count `fields.WEAK` of it;
    before all comes what has a token of ``exact``, by the scores there.

    ``since``, ``until``: days of publication (YYYYMMDD, inclusive; 0: open).
    ``after``: by date, the place behind which the page begins; no total depends on it.
    ``keys``: nothing but these documents is looked at.
    """

    text: str = ""
    units: tuple[Unit, ...] = ()
    minimum: int = 0
    relaxed: tuple[Unit, ...] = ()
    relaxed_minimum: int = 0
    phrases: tuple[Unit, ...] = ()
    excluded: tuple[Unit, ...] = ()
    scored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weak: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exact: tuple[tuple[str, float], ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    ranking: Ranking = field(default_factory=Ranking)
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20
    since: int = 0
    until: int = 0
    after: Position | None = None

    @property
    def days(self) -> tuple[int, int | None] | None:
        """The first and last day; without a date nothing lies between days."""
        if not (self.since or self.until):
            return None
        return max(1, self.since), self.until or None

    @property
    def offset(self) -> int:
        """How many hits come before this page."""
        return (self.page - 1) * self.page_size

    @property
    def hopeless(self) -> bool:
        """Whether something was typed but nothing that could be looked for."""
        sought = self.units or self.phrases or self.excluded
        return bool(self.text.strip()) and not sought

    @property
    def by_date(self) -> bool:
        """Whether hits come newest first: asked for, or nothing to rank by."""
        return self.sort == "date" or not (self.units or self.phrases)

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """The filters that restrict something."""
        return {name: values for name, values in self.filters.items() if values}


@dataclass(frozen=True)
class SearchHit:
    """One document found."""

    key: str
    score: float
    document: SearchDocument

    @property
    def position(self) -> Position:
        """Where it stands by date."""
        found = columns(self.document)
        return found["day"], found["number"]


@dataclass(frozen=True)
class Holding:
    """How many documents hold a unit, and which of those that were asked for."""

    count: int
    keys: frozenset[str]


@dataclass(frozen=True)
class SearchResult:
    """One page of hits; ``facets`` are counted after the other filters.

    ``relaxed``: not every word is in every hit; ``with_all`` counts those found before
    anything was given up.
    ``degraded``: another engine than the first answered.
    ``end``: the place of the last hit, if there may be more behind it.
    """

    total: int
    hits: list[SearchHit]
    facets: dict[str, list[tuple[str, int]]]
    engine: str
    relaxed: bool = False
    with_all: int = 0
    degraded: bool = False
    incomplete: bool = False
    took_ms: int = 0
    end: Position | None = None


Held = dict[str, tuple[int, str]]  # key → version, hash
Versioned = tuple[int, SearchDocument]


class NewIndex(Protocol):
    """An index that is being built beside the one that answers.

    What was added and flushed outlives the process: who builds next goes on with it.
    ``kept`` counts what it holds from an earlier try, ``began_s`` is the time of its
    first beginning (seconds since 1970).
    """

    kept: int
    began_s: float

    def held(self, keys: Iterable[str]) -> Held:
        """Return (version, hash) of those it holds from an earlier try."""
        ...

    def add(self, documents: Sequence[Versioned]) -> list[EngineError]:
        """Put documents in, replacing others; returns those that were refused.

        Raises:
            EngineDown: after waiting in vain; what was added stays.
        """
        ...

    def flush(self) -> None:
        """Make durable and listable what was added."""
        ...

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List what was flushed, as `Engine.entries`."""
        ...

    def finish(self) -> None:
        """Add tombstones and what came meanwhile, then let it answer, in one step."""
        ...

    def drop(self) -> None:
        """Throw it away."""
        ...


class Engine(Protocol):
    """A place that holds documents and finds them."""

    name: str

    def put_many(
        self, documents: Sequence[tuple[int, SearchDocument]]
    ) -> list[Receipt | EngineError]:
        """Bring each document to its version; one answer for each, in order.

        Raises:
            EngineDown: nothing was judged.
        """
        ...

    def search(self, query: SearchQuery) -> SearchResult:
        """Find a page of documents.

        Raises:
            EngineDown: it cannot answer.
        """
        ...

    def holding(self, units: Sequence[Unit], keys: Sequence[str]) -> list[Holding]:
        """Tell of each unit how many documents hold it, and which of ``keys``.

        Raises:
            EngineDown: it cannot answer.
        """
        ...

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List what is held, sorted by key, from after ``after`` on."""
        ...

    def building(self) -> AbstractContextManager[NewIndex]:
        """Begin a new index, or go on with one that was cut short within a day.

        The one that answers goes on answering and taking writes. Leaving the block
        without `NewIndex.finish` keeps what was built for the next time.

        Raises:
            EngineDown: it cannot be reached, or somebody else is building.
        """
        ...

    def healthy(self) -> bool:
        """Whether it can answer now; never raises, takes at most two seconds."""
        ...

    @property
    def needs_rebuild(self) -> bool:
        """Whether it lost documents or holds tokens of an older pipeline.

        One of a newer pipeline belongs to processes that were updated already: it is
        left alone, and answers nothing here.
        """
        ...


Run = Callable[[tuple[Unit, ...], int], SearchResult]


def search_relaxing(query: SearchQuery, run: Run) -> SearchResult:
    """Ask for all words; when that finds next to nothing, for some of them."""
    strict = run(query.units, query.minimum)
    strict = replace(strict, with_all=strict.total)
    if query.minimum < len(query.units):
        return replace(strict, relaxed=strict.total > 0)
    enough = ENOUGH_HITS if len(query.units) > 1 else 1
    if strict.total >= enough or not query.relaxed:
        return strict
    loose = run(query.relaxed, query.relaxed_minimum)
    if loose.total <= strict.total:
        return strict
    return replace(loose, relaxed=True, with_all=strict.total)


def build(engine: Engine, documents: Iterable[Versioned]) -> int:
    """Build a new index of these documents alone and let it answer; returns how many.

    Raises:
        EngineDown: the engine cannot be reached or refuses a document; the old index
            stays, nothing of the new one is kept.
    """
    rows, count = iter(documents), 0
    with engine.building() as new:
        try:
            while chunk := list(islice(rows, BUILD_CHUNK)):
                if refused := new.add(chunk):
                    raise EngineDown(refused[0].reason)
                count += len(chunk)
            new.finish()
        except BaseException:
            new.drop()
            raise
    return count


def conflict(
    version: int, document: SearchDocument, held: tuple[int, str] | None
) -> EngineError | None:
    """Return why ``held`` (version, hash) forbids putting this version."""
    if held is None or version > held[0]:
        return None
    if version == held[0] and document.sha256 == held[1]:
        return None
    reason = "held version is higher" if version < held[0] else "held content differs"
    return EngineError(document.key, reason, stale=True, held_version=held[0])
