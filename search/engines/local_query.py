"""The common query in tantivy's terms."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import tantivy
from tantivy import Occur, Query

from search.documents import PUBLISHED
from search.fields import BOOSTS

from .base import (
    FACET_SIZE,
    MAX_WINDOW,
    Match,
    SearchHit,
    SearchQuery,
    SearchResult,
    Unit,
)
from .rows import stored_document

SPARE = 50
Clause = tuple[Occur, Query]


def run(
    schema: tantivy.Schema,
    reader: tantivy.Searcher,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> SearchResult:
    """Return one page of hits and the facets for one choice of required words."""
    required = _required(schema, query, units, minimum)
    filters = {
        name: _any(schema, [(name, value) for value in values])
        for name, values in query.chosen.items()
    }
    found = Query.boolean_query(
        [
            *required,
            *((Occur.Must, _silent(clause)) for clause in filters.values()),
            *_scored(schema, query),
        ]
    )
    total, rows = _page(reader, query, found)
    facets = dict(_facets(reader, query, required, filters))
    hits = []
    for score, address in rows:
        document = stored_document(reader.doc(address))
        hits.append(SearchHit(document.key, score, document))
    return SearchResult(total, hits, facets, "local")


def finished(result: SearchResult, took_ms: int, *, incomplete: bool) -> SearchResult:
    """Return the result with what is known only at its end."""
    return replace(result, took_ms=took_ms, incomplete=incomplete)


def _page(
    reader: tantivy.Searcher, query: SearchQuery, found: Query
) -> tuple[int, list[tuple[float, tantivy.DocAddress]]]:
    """Return the total and this page's rows, equal scores in order of their keys."""
    end = min(query.offset + query.page_size, MAX_WINDOW)
    if query.by_date:
        result = reader.search(
            found, query.page_size, order_by_field="order", offset=query.offset
        )
        return result.count, [(0.0, address) for _order, address in result.hits]
    limit = end + SPARE
    while True:
        result = reader.search(found, limit)
        hits = result.hits
        complete = len(hits) >= result.count or limit >= MAX_WINDOW * 10
        if complete or hits[-1][0] != hits[end - 1][0]:
            return result.count, _by_key(reader, hits, query.offset, end)
        limit *= 4


def _by_key(
    reader: tantivy.Searcher,
    hits: list[tuple[float, tantivy.DocAddress]],
    start: int,
    end: int,
) -> list[tuple[float, tantivy.DocAddress]]:
    """Return ``hits[start:end]`` as if equal scores had been sorted by key."""
    if start >= len(hits):
        return []
    end = min(end, len(hits))
    first, last = start, end
    while first and hits[first - 1][0] == hits[start][0]:
        first -= 1
    while last < len(hits) and hits[last][0] == hits[end - 1][0]:
        last += 1
    scores = [score for score, _address in hits[first:last]]
    if len(set(scores)) < len(scores):
        part = sorted(
            hits[first:last],
            key=lambda hit: (-hit[0], reader.doc(hit[1]).get_first("key")),
        )
    else:
        part = hits[first:last]
    return part[start - first : end - first]


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


def _required(
    schema: tantivy.Schema,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> list[Clause]:
    """Return the clauses that decide what is found; they don't count for the rank."""
    clauses = [(Occur.Must, _silent(_term(schema, ("state", PUBLISHED))))]
    if units:
        enough = Query.boolean_query(
            [(Occur.Should, _unit(schema, unit)) for unit in units],
            minimum_number_should_match=minimum,
        )
        clauses.append((Occur.Must, _silent(enough)))
    clauses += [(Occur.MustNot, _unit(schema, unit)) for unit in query.excluded]
    return clauses


def _scored(schema: tantivy.Schema, query: SearchQuery) -> Iterator[Clause]:
    if query.by_date:
        return
    for name, tokens in query.scored.items():
        for token in tokens:
            term = _term(schema, (name, token))
            yield Occur.Should, Query.boost_query(term, BOOSTS[name])
    for token, score in query.exact:
        pinned = Query.const_score_query(_term(schema, ("exact", token)), score)
        yield Occur.Should, pinned


def _unit(schema: tantivy.Schema, unit: Unit) -> Query:
    ways = [_all(schema, matches) for matches in unit.alternatives]
    return Query.boolean_query([(Occur.Should, way) for way in ways])


def _all(schema: tantivy.Schema, matches: Iterable[Match]) -> Query:
    return Query.boolean_query(
        [(Occur.Must, _term(schema, match)) for match in matches]
    )


def _any(schema: tantivy.Schema, matches: Iterable[Match]) -> Query:
    return Query.boolean_query(
        [(Occur.Should, _term(schema, match)) for match in matches]
    )


def _silent(clause: Query) -> Query:
    return Query.const_score_query(clause, 0.0)


def _term(schema: tantivy.Schema, match: Match) -> Query:
    field, token = match
    option = "freq" if field in BOOSTS or field in ("exact", "initials") else "basic"
    return Query.term_query(schema, field, token, option)
