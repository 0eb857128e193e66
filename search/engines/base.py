"""What a search engine is here: one protocol, the same answers from each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from search.documents import SearchDocument
from search.ranking import Ranking

MAX_WINDOW = 10_000
FACET_SIZE = 2_000
ENOUGH_HITS = 3

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
    facets: tuple[str, ...] = ()
    ranking: Ranking = field(default_factory=Ranking)
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20

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


@dataclass(frozen=True)
class SearchResult:
    """One page of hits; ``facets`` are counted after the other filters.

    ``relaxed``: not every word is in every hit; ``with_all`` counts those found before
    anything was given up.
    ``degraded``: another engine than the first answered.
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

    def entries(self, after: str, limit: int) -> list[Entry]:
        """List what is held, sorted by key, from after ``after`` on."""
        ...

    def rebuild(self, documents: Iterable[tuple[int, SearchDocument]]) -> int:
        """Build a new index and swap it in; the old one answers until then."""
        ...

    def healthy(self) -> bool:
        """Whether it can answer now; never raises, takes at most two seconds."""
        ...

    @property
    def needs_rebuild(self) -> bool:
        """Whether it lost documents or holds tokens of another pipeline."""
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
