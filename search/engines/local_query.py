"""The common query in tantivy's terms."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import tantivy
from tantivy import Occur, Query

from search.documents import PUBLISHED, number_of
from search.fields import BOOSTS, COLUMNS, FILE_FIELDS, WEAK
from search.ranking import Candidates, Evidence, Integers, shares

from . import ranked
from .base import (
    FACET_SIZE,
    MAX_WINDOW,
    Holding,
    Match,
    Position,
    SearchHit,
    SearchQuery,
    SearchResult,
    Unit,
)
from .rows import stored_document

SPARE = 50
Clause = tuple[Occur, Query]
Row = tuple[float, tantivy.DocAddress]
Scores = dict[int, float]  # number of a document → score
_helpers = ThreadPoolExecutor(thread_name_prefix="search")


@dataclass(frozen=True)
class Sought:
    """How many of which units a document has to hold."""

    units: tuple[Unit, ...]
    minimum: int


def run(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> SearchResult:
    """Return one page of hits and the facets for one choice of required words."""
    sought = Sought(units, minimum)
    required = [*_enough(schema, sought), *_required(schema, query)]
    filters = {
        name: _any(schema, [(name, value) for value in values])
        for name, values in query.chosen.items()
    }
    chosen = [(Occur.Must, _silent(clause)) for clause in filters.values()]
    if query.by_date:
        total, rows = _newest(schema, reader, query, [*required, *chosen])
    else:
        within = [*_required(schema, query), *chosen]
        total, rows = _ranked(schema, reader, query, sought, within)
    facets = dict(_facets(reader, query, required, filters))
    hits = []
    for score, address in rows:
        document = stored_document(reader.doc(address))
        hits.append(SearchHit(document.key, score, document))
    return SearchResult(total, hits, facets, "local")


def finished(result: SearchResult, took_ms: int, *, incomplete: bool) -> SearchResult:
    """Return the result with what is known only at its end."""
    return replace(result, took_ms=took_ms, incomplete=incomplete)


def _newest(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    query: SearchQuery,
    within: list[Clause],
) -> tuple[int, list[Row]]:
    """Return the total and this page's rows, newest first."""
    found = Query.boolean_query(within)
    total, offset = None, query.offset
    if query.after:
        total, offset = reader.search(found, 1).count, 0
        found = Query.boolean_query([*within, _behind(schema, query.after)])
    result = reader.search(
        found, query.page_size, order_by_field="order", offset=offset
    )
    rows = [(0.0, address) for _order, address in result.hits]
    return result.count if total is None else total, rows


def _behind(schema: tantivy.Schema, place: Position) -> Clause:
    """Match what comes later by date: older, or of that day with a higher number."""
    day, number = place
    same = [
        (Occur.Must, _between(schema, "day", day, day)),
        (Occur.Must, _between(schema, "number", number + 1, None)),
    ]
    ways = [(Occur.Should, Query.boolean_query(same))]
    if day:
        ways.append((Occur.Should, _between(schema, "day", 0, day - 1)))
    return Occur.Must, _silent(Query.boolean_query(ways))


def _between(
    schema: tantivy.Schema, column: str, first: int, last: int | None
) -> Query:
    kind = tantivy.FieldType.Unsigned
    return Query.range_query(schema, column, kind, first, last)


def holding(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    units: Sequence[Unit],
    keys: Sequence[str],
) -> list[Holding]:
    """Tell of each unit how many documents hold it, and which of ``keys``."""
    numbers = {number_of(key): key for key in keys}
    among = (Occur.Must, Query.term_set_query(schema, "number", list(numbers)))
    public = (Occur.Must, _term(schema, ("state", PUBLISHED)))
    found = []
    for unit in units:
        holds = [public, (Occur.Must, _unit(schema, unit))]
        count = reader.search(Query.boolean_query(holds), 1).count
        asked = Query.boolean_query([*holds, among])
        hits = reader.search(asked, max(1, len(numbers)), count=False).hits
        held = reader.fast_field_values("number", [address for _s, address in hits])
        found.append(Holding(count, frozenset(numbers[number] for number in held)))
    return found


def _ranked(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    query: SearchQuery,
    sought: Sought,
    within: list[Clause],
) -> tuple[int, list[Row]]:
    """Return the total and this page's rows, in the order of the query's rule."""
    known = [pin for pin in query.exact if reader.doc_freq("exact", pin[0])]
    query = replace(query, exact=tuple(known))
    pins = _pins(schema, reader, query, [*_enough(schema, sought), *within])
    scored = [*within, *_scored(schema, query, sought)]
    first, count = ranked.window(query)
    total, hits = _hits(reader, Query.boolean_query(scored), first + count)
    addresses = [address for _score, address in hits]
    columns = [reader.fast_field_values(name, addresses) for name in COLUMNS]
    found = Candidates.of([score for score, _address in hits], columns)
    window = found.places[first : first + count]

    def gather(numbers: Integers) -> Evidence:
        return _evidence(schema, reader, query, numbers.tolist())

    order = ranked.cut(query, found[window], pins, gather)
    return total, [(score, addresses[window[place]]) for score, place in order]


def _hits(reader: tantivy.Searcher, scored: Query, count: int) -> tuple[int, list[Row]]:
    """Return the total and at least the best ``count``, never some of equal ones."""
    limit = count + SPARE
    while True:
        result = reader.search(scored, limit)
        hits = result.hits
        complete = len(hits) >= result.count or limit >= MAX_WINDOW * 10
        if complete or hits[-1][0] != hits[count - 1][0]:
            return result.count, hits
        limit *= 4


def _pins(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    query: SearchQuery,
    within: list[Clause],
) -> dict[int, float]:
    """Return what has an exact token, by number, with the score that pins it."""
    if not query.exact:
        return {}
    clauses = [(Occur.Should, clause) for clause in _exact(schema, query)]
    wanted = Query.boolean_query(clauses, minimum_number_should_match=1)
    hits = reader.search(
        Query.boolean_query([*within, (Occur.Must, wanted)]), MAX_WINDOW, count=False
    ).hits
    numbers = reader.fast_field_values("number", [address for _s, address in hits])
    return dict(zip(numbers, (score for score, _address in hits), strict=True))


def _evidence(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    query: SearchQuery,
    numbers: Sequence[int],
) -> Evidence:
    """Return what only some rules ask for, of the given documents.

    Each kind is a search of its own, all at once: the engine works outside of
    Python's lock.
    """
    among = _silent(Query.term_set_query(schema, "number", list(numbers)))
    rarity = shares(
        {name: reader.doc_freq("bigrams", name) for name in query.scored["bigrams"]},
        reader.num_docs,
    )
    asked = [
        [_term(schema, ("unigrams", t)) for t in query.scored["unigrams"]],
        [
            Query.const_score_query(_term(schema, ("bigrams", name)), share)
            for name, share in rarity.items()
        ],
        *(
            [
                Query.boost_query(_term(schema, ("words", word)), weight)
                for word, weight in words.items()
            ]
            for words in query.ranking.words
        ),
    ]

    def scores(clauses: Iterable[Query]) -> Scores:
        wanted = [(Occur.Must, among), *((Occur.Should, c) for c in clauses)]
        hits = reader.search(
            Query.boolean_query(wanted), len(numbers), count=False
        ).hits
        found = reader.fast_field_values("number", [address for _s, address in hits])
        return dict(zip(found, (score for score, _address in hits), strict=True))

    others = [_helpers.submit(scores, clauses) for clauses in asked[1:]]
    unigrams = scores(asked[0])
    coverage, *words = (other.result() for other in others)
    return Evidence(unigrams, coverage, tuple(words))


def _facets(
    reader: tantivy.Searcher,
    query: SearchQuery,
    required: list[Clause],
    filters: dict[str, Query],
) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Count each facet after the filters of all others, with every value."""
    free = [name for name in query.facets if name not in filters]
    groups = [free, *([name] for name in query.facets if name in filters)]
    counted: dict[str, list[tuple[str, int]]] = {}
    for names in filter(None, groups):
        others = [f for name, f in filters.items() if name not in names]
        within = Query.boolean_query(
            [*required, *((Occur.Must, _silent(clause)) for clause in others)]
        )
        terms = {name: {"terms": {"field": name, "size": FACET_SIZE}} for name in names}
        for name, answer in reader.aggregate(within, terms).items():
            buckets = [(b["key"], int(b["doc_count"])) for b in answer["buckets"]]
            counted[name] = sorted(buckets, key=lambda bucket: (-bucket[1], bucket[0]))
    for name in query.facets:
        yield name, counted.get(name, [])


def _enough(schema: tantivy.Schema, sought: Sought) -> list[Clause]:
    """Require as many units as it takes; they don't count for the rank."""
    if not sought.units:
        return []
    enough = Query.boolean_query(
        [(Occur.Should, _unit(schema, unit)) for unit in sought.units],
        minimum_number_should_match=sought.minimum,
    )
    return [(Occur.Must, _silent(enough))]


def _required(schema: tantivy.Schema, query: SearchQuery) -> list[Clause]:
    """Return what else decides what is found; it does not count for the rank.

    What is withdrawn holds no tokens: where some are sought, it is not found anyway.
    """
    clauses = []
    if not (query.units or query.phrases):
        clauses.append((Occur.Must, _silent(_term(schema, ("state", PUBLISHED)))))
    if query.keys:
        among = Query.term_set_query(schema, "key", list(query.keys))
        clauses.append((Occur.Must, _silent(among)))
    clauses += [(Occur.Must, _silent(_unit(schema, unit))) for unit in query.phrases]
    if query.days:
        clauses.append((Occur.Must, _silent(_between(schema, "day", *query.days))))
    clauses += [(Occur.MustNot, _unit(schema, unit)) for unit in query.excluded]
    return clauses


def _scored(
    schema: tantivy.Schema, query: SearchQuery, sought: Sought
) -> Iterator[Clause]:
    """Yield what is sought and what ranks; what does both is read once."""
    needed = ranked.any_of(sought.units, sought.minimum)
    both: list[Clause] = []
    ranks: list[Clause] = []
    silent = dict(needed)
    for tokens_of, factor in ((query.scored, 1.0), (query.weak, WEAK)):
        for match, boost in ranked.weighed(tokens_of, factor):
            clause = Query.boost_query(_term(schema, match), boost)
            (both if match in needed else ranks).append((Occur.Should, clause))
            silent.pop(match, None)
    both += [(Occur.Should, _silent(_term(schema, match))) for match in silent]
    if needed:
        yield Occur.Must, Query.boolean_query(both)
    else:
        yield from _enough(schema, sought)
    yield from ranks
    for pinned in _exact(schema, query):
        yield Occur.Should, pinned


def _exact(schema: tantivy.Schema, query: SearchQuery) -> Iterator[Query]:
    for token, score in query.exact:
        yield Query.const_score_query(_term(schema, ("exact", token)), score)


def _unit(schema: tantivy.Schema, unit: Unit) -> Query:
    ways = [_all(schema, matches) for matches in unit.alternatives]
    return Query.boolean_query([(Occur.Should, way) for way in ways])


def _all(schema: tantivy.Schema, matches: Iterable[Match]) -> Query:
    return Query.boolean_query(
        [(Occur.Must, _found(schema, match)) for match in matches]
    )


def _found(schema: tantivy.Schema, match: Match) -> Query:
    """Match a token in the document itself or in its attachments."""
    field, token = match
    if field not in FILE_FIELDS:
        return _term(schema, match)
    return _any(schema, [match, (FILE_FIELDS[field], token)])


def _any(schema: tantivy.Schema, matches: Iterable[Match]) -> Query:
    return Query.boolean_query(
        [(Occur.Should, _term(schema, match)) for match in matches]
    )


def _silent(clause: Query) -> Query:
    return Query.const_score_query(clause, 0.0)


def _term(schema: tantivy.Schema, match: Match) -> Query:
    field, token = match
    if " " in token:
        return Query.phrase_query(schema, field, token.split())
    option = "freq" if field in BOOSTS or field in ("exact", "initials") else "basic"
    return Query.term_query(schema, field, token, option)
