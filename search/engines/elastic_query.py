"""The common query in Elasticsearch's terms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch

from search.documents import PUBLISHED, SearchDocument, number_of
from search.fields import COLUMNS, FILE_FIELDS, WEAK
from search.ranking import Candidates, Evidence, Integers, shares

from . import ranked
from .base import (
    FACET_SIZE,
    MAX_WINDOW,
    EngineDown,
    Entry,
    Holding,
    Match,
    SearchHit,
    SearchQuery,
    SearchResult,
    Unit,
)

Query = dict[str, Any]
# Columns come with the order: nothing of a document has to be opened for them.
ORDER = ("day", "number")
SORT: list[Any] = [
    *("_score", {"day": "desc"}, {"number": "asc"}),
    *({name: "asc"} for name in COLUMNS if name not in ORDER),
]
PLACES = [
    1 + [*ORDER, *(n for n in COLUMNS if n not in ORDER)].index(c) for c in COLUMNS
]


def run(
    client: Elasticsearch,
    index: str,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> SearchResult:
    """Return one page of hits and the facets for one choice of required words."""
    body = _request(query, units, minimum)
    if query.by_date:
        answer = client.search(index=index, **body, **_newest(query))
        hits = [
            SearchHit(hit["_id"], 0.0, _document(hit)) for hit in answer["hits"]["hits"]
        ]
    else:
        answer, hits = _ranked(client, index, query, body)
    total = answer["hits"]["total"]["value"]
    return SearchResult(total, hits, dict(_facets(query, answer)), "es")


def finished(result: SearchResult, took_ms: int, *, incomplete: bool) -> SearchResult:
    """Return the result with what is known only at its end."""
    return replace(result, took_ms=took_ms, incomplete=incomplete)


def entries(client: Elasticsearch, index: str, after: str, limit: int) -> list[Entry]:
    """List what an index holds, in order of the keys."""
    answer = client.search(
        index=index,
        query={"range": {"key": {"gt": after}}},
        sort=[{"key": "asc"}],
        size=min(limit, 10_000),
        source=["key", "version", "sha256", "state"],
        track_total_hits=False,
    )
    return [Entry(**hit["_source"]) for hit in answer["hits"]["hits"]]


def holding(
    client: Elasticsearch, index: str, units: Sequence[Unit], keys: Sequence[str]
) -> list[Holding]:
    """Tell of each unit how many documents hold it, and which of ``keys``."""
    numbers = {number_of(key): key for key in keys}
    public = _q("term", state=PUBLISHED)
    wanted = {str(place): _unit(unit) for place, unit in enumerate(units)}
    named = [_q("bool", filter=[unit], _name=name) for name, unit in wanted.items()]
    counted = {
        "query": public,
        "size": 0,
        "aggs": {"units": {"filters": {"filters": wanted}}},
    }
    held = _columns(
        _q("bool", filter=[public, _q("terms", number=list(numbers))], should=named),
        len(numbers),
    )
    answer = client.msearch(index=index, searches=[{}, counted, {}, held])
    counts, rows = _answers(answer)
    keys_of: dict[str, set[str]] = {name: set() for name in wanted}
    for row in rows["hits"]["hits"]:
        for name in row.get("matched_queries", ()):
            keys_of[name].add(numbers[row["fields"]["number"][0]])
    buckets = counts["aggregations"]["units"]["buckets"]
    return [
        Holding(buckets[name]["doc_count"], frozenset(found))
        for name, found in keys_of.items()
    ]


def _answers(answer: Any) -> list[Any]:
    """Return the answers of several searches at once, if all succeeded."""
    answers = answer["responses"]
    if failed := next((a["error"] for a in answers if "error" in a), None):
        raise EngineDown(str(failed)[:300])
    return answers


def _request(query: SearchQuery, units: tuple[Unit, ...], minimum: int) -> Query:
    """Return what finds and counts; order and columns are still open."""
    filters = {
        name: _q("terms", **{name: list(values)})
        for name, values in query.chosen.items()
    }
    facets = {}
    for name in query.facets:
        others = [f for other, f in filters.items() if other != name]
        values = _q("terms", field=name, size=FACET_SIZE)
        within = _q("bool", filter=others)
        facets[name] = {"filter": within, "aggs": {"values": values}}
    body: Query = {"query": _found_by(query, units, minimum), "track_total_hits": True}
    if filters:
        body["post_filter"] = _q("bool", filter=list(filters.values()))
    if facets:
        body["aggs"] = facets
    return body


def _found_by(query: SearchQuery, units: tuple[Unit, ...], minimum: int) -> Query:
    """Return what decides and what ranks; what does both is read once."""
    needed = {} if query.by_date else ranked.any_of(units, minimum)
    both: list[Query] = []
    ranks: list[Query] = []
    silent = dict(needed)
    for match, boost in _scored(query):
        (both if match in needed else ranks).append(_weighing(match, boost))
        silent.pop(match, None)
    both += [_weighing(match, 0.0) for match in silent]
    enough = _q("bool", should=both, minimum_should_match=1)
    required = list(_required(query, () if needed else units, minimum))
    return _q(
        "bool",
        filter=required,
        must=[enough] if needed else [],
        must_not=[_unit(unit) for unit in query.excluded],
        should=[*ranks, *_exact(query)],
        minimum_should_match=0,
    )


def _newest(query: SearchQuery) -> Query:
    first, count = ranked.window(query)
    order: Query = {
        "sort": [{"day": "desc"}, {"number": "asc"}],
        "source_includes": ["document"],
    }
    if query.after:
        return order | {"search_after": list(query.after), "size": query.page_size}
    return order | {"from_": first, "size": count}


def _ranked(
    client: Elasticsearch, index: str, query: SearchQuery, body: Query
) -> tuple[Any, list[SearchHit]]:
    """Return the answer with all candidates, and this page's hits."""
    first, count = ranked.window(query)
    answer = client.search(
        index=index, **body, sort=SORT, stored_fields="_none_", from_=first, size=count
    )
    rows = [row["sort"] for row in answer["hits"]["hits"]]
    columns = [[row[place] for row in rows] for place in PLACES]
    found = Candidates.of([row[0] for row in rows], columns)

    def gather(numbers: Integers) -> Evidence:
        return _evidence(client, index, query, numbers.tolist())

    # What is pinned stands first, and its score says so.
    least = min((score for _token, score in query.exact), default=0.0)
    pinned = bool(rows and query.exact) and (first > 0 or rows[0][0] >= least)
    pins = _pins(client, index, query) if pinned else {}
    order = ranked.cut(query, found, pins, gather)
    scores = {int(found.number[place]): score for score, place in order}
    return answer, list(_loaded(client, index, scores))


def _loaded(
    client: Elasticsearch, index: str, scores: dict[int, float]
) -> Iterator[SearchHit]:
    """Give the documents, in order; one deleted in between is left out."""
    if not scores:
        return
    answer = client.search(
        index=index,
        query=_q("bool", filter=[_q("terms", number=list(scores))]),
        source_includes=["document"],
        size=len(scores),
        track_total_hits=False,
    )
    held = {doc.number: doc for doc in map(_document, answer["hits"]["hits"])}
    for number, score in scores.items():
        if document := held.get(number):
            yield SearchHit(document.key, score, document)


def _columns(query: Query, size: int) -> Query:
    """Return a search for scores and numbers alone."""
    return {
        "query": query,
        "docvalue_fields": ["number"],
        "stored_fields": "_none_",
        "size": size,
        "track_total_hits": False,
    }


def _document(row: Any) -> SearchDocument:
    return SearchDocument.from_stored(row["_source"]["document"])


def _pins(client: Elasticsearch, index: str, query: SearchQuery) -> dict[int, float]:
    """Return what has an exact token, by number, with the score that pins it."""
    clauses = list(_exact(query))
    if not clauses:
        return {}
    wanted = _q("bool", should=clauses, minimum_should_match=1)
    answer = client.search(index=index, **_columns(wanted, MAX_WINDOW))
    return {hit["fields"]["number"][0]: hit["_score"] for hit in answer["hits"]["hits"]}


def _evidence(
    client: Elasticsearch, index: str, query: SearchQuery, numbers: list[int]
) -> Evidence:
    """Return what only some rules ask for, of the given documents."""
    among = _q("terms", number=numbers)
    rarity = _rarity(client, index, query.scored["bigrams"])
    asked = [
        [_q("term", unigrams=token) for token in query.scored["unigrams"]],
        [
            _q("constant_score", filter=_q("term", bigrams=token), boost=share)
            for token, share in rarity.items()
        ],
        *(
            [_q("term", words={"value": w, "boost": b}) for w, b in words.items()]
            for words in query.ranking.words
        ),
    ]
    searches: list[dict[str, Any]] = []
    for clauses in asked:
        wanted = _q("bool", filter=[among], should=clauses)
        searches += [{}, _columns(wanted, len(numbers))]
    answers = _answers(client.msearch(index=index, searches=searches))
    scores = [
        {hit["fields"]["number"][0]: hit["_score"] for hit in answer["hits"]["hits"]}
        for answer in answers
    ]
    unigrams, coverage, *words = scores
    return Evidence(unigrams, coverage, tuple(words))


def _rarity(
    client: Elasticsearch, index: str, tokens: tuple[str, ...]
) -> dict[str, float]:
    """Return each bigram's share of the question's rarity."""
    if not tokens:
        return {}
    answer = client.termvectors(
        index=index,
        doc={"bigrams": " ".join(tokens)},
        fields=["bigrams"],
        term_statistics=True,
        positions=False,
        offsets=False,
        payloads=False,
    )
    found = answer["term_vectors"].get("bigrams", {})
    terms = found.get("terms", {})
    known = {token: terms.get(token, {}).get("doc_freq", 0) for token in tokens}
    return shares(known, found.get("field_statistics", {}).get("doc_count", 0))


def _facets(
    query: SearchQuery, answer: Any
) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    for name in query.facets:
        buckets = answer["aggregations"][name]["values"]["buckets"]
        counts = [(bucket["key"], bucket["doc_count"]) for bucket in buckets]
        yield name, sorted(counts, key=lambda bucket: (-bucket[1], bucket[0]))


def _required(
    query: SearchQuery, units: tuple[Unit, ...], minimum: int
) -> Iterator[Query]:
    yield _q("term", state=PUBLISHED)
    if query.keys:
        yield _q("terms", key=list(query.keys))
    yield from (_unit(unit) for unit in query.phrases)
    if query.days:
        first, last = query.days
        yield _q("range", day={"gte": first} | ({"lte": last} if last else {}))
    if units:
        yield _q(
            "bool",
            should=[_unit(unit) for unit in units],
            minimum_should_match=minimum,
        )


def _scored(query: SearchQuery) -> Iterator[tuple[Match, float]]:
    if query.by_date:
        return
    for tokens, factor in ((query.scored, 1.0), (query.weak, WEAK)):
        yield from ranked.weighed(tokens, factor)


def _weighing(match: Match, boost: float) -> Query:
    field, token = match
    return _q("term", **{field: {"value": token, "boost": boost}})


def _exact(query: SearchQuery) -> Iterator[Query]:
    if query.by_date:
        return
    for token, score in query.exact:
        yield _q("constant_score", filter=_q("term", exact=token), boost=score)


def _unit(unit: Unit) -> Query:
    return _q(
        "bool",
        should=[_all(matches) for matches in unit.alternatives],
        minimum_should_match=1,
    )


def _all(matches: Iterable[Match]) -> Query:
    return _q("bool", filter=[_found(match) for match in matches])


def _found(match: Match) -> Query:
    """Match a token in the document itself or in its attachments."""
    field, token = match
    if field not in FILE_FIELDS:
        return _match(match)
    ways = [_match(match), _match((FILE_FIELDS[field], token))]
    return _q("bool", should=ways, minimum_should_match=1)


def _match(match: Match) -> Query:
    field, token = match
    kind = "match_phrase" if " " in token else "term"
    return _q(kind, **{field: token})


def _q(kind: str, **about: Any) -> Query:
    """Return one clause; built plainly, for a question has a hundred of them."""
    return {kind: about}
