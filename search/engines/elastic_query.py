"""The common query in Elasticsearch's terms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.dsl import A, Q, Search
from elasticsearch.dsl.query import Query

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


def run(
    client: Elasticsearch,
    index: str,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> SearchResult:
    """Return one page of hits and the facets for one choice of required words."""
    request = _request(client, index, query, units, minimum)
    if query.by_date:
        answer = client.search(index=index, **_newest(request, query).to_dict())
        hits = [
            SearchHit(hit["_id"], 0.0, _document(hit)) for hit in answer["hits"]["hits"]
        ]
    else:
        answer, hits = _ranked(client, index, query, request)
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
    public = Q("term", state=PUBLISHED)
    wanted = {str(place): _unit(unit) for place, unit in enumerate(units)}
    named = [Q("bool", filter=[unit], _name=name) for name, unit in wanted.items()]
    counted = Search().query(public).extra(size=0)
    counted.aggs.bucket("units", "filters", filters=wanted)
    held = Search().query(
        "bool", filter=[public, Q("terms", number=list(numbers))], should=named
    )
    held = held.source(False).extra(docvalue_fields=["number"], size=len(numbers))
    answer = client.msearch(
        index=index, searches=[{}, counted.to_dict(), {}, held.to_dict()]
    )
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


def _request(
    client: Elasticsearch,
    index: str,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> Search:
    """Return what finds and counts; order and columns are still open."""
    request = Search(using=client, index=index).query(
        Q(
            "bool",
            filter=list(_required(query, units, minimum)),
            must_not=[_unit(unit) for unit in query.excluded],
            should=[*_scored(query), *_exact(query)],
            minimum_should_match=0,
        )
    )
    filters = {
        name: Q("terms", **{name: list(values)})
        for name, values in query.chosen.items()
    }
    if filters:
        request = request.post_filter(Q("bool", filter=list(filters.values())))
    for name in query.facets:
        others = [f for other, f in filters.items() if other != name]
        within = A("filter", filter=Q("bool", filter=others))
        within.bucket("values", "terms", field=name, size=FACET_SIZE)
        request.aggs.bucket(name, within)
    return request.extra(track_total_hits=True)


def _newest(request: Search, query: SearchQuery) -> Search:
    first, count = ranked.window(query)
    request = request.sort({"day": "desc"}, {"number": "asc"}).source(["document"])
    if query.after:
        return request.extra(search_after=list(query.after))[: query.page_size]
    return request[first : first + count]


def _ranked(
    client: Elasticsearch, index: str, query: SearchQuery, request: Search
) -> tuple[Any, list[SearchHit]]:
    """Return the answer with all candidates, and this page's hits."""
    first, count = ranked.window(query)
    request = request.sort("_score", {"day": "desc"}, {"number": "asc"})
    body = request.source(False).extra(docvalue_fields=list(COLUMNS)).to_dict()
    answer = client.search(index=index, **body | {"from": first, "size": count})
    rows = answer["hits"]["hits"]
    columns = [[row["fields"][name][0] for row in rows] for name in COLUMNS]
    found = Candidates.of([row["_score"] for row in rows], columns)

    def gather(numbers: Integers) -> Evidence:
        return _evidence(client, index, query, numbers.tolist())

    order = ranked.cut(query, found, _pins(client, index, query), gather)
    scores = {rows[place]["_id"]: score for score, place in order}
    return answer, list(_loaded(client, index, scores))


def _loaded(
    client: Elasticsearch, index: str, scores: dict[str, float]
) -> Iterator[SearchHit]:
    """Give the documents, in order; one deleted in between is left out."""
    if not scores:
        return
    answer = client.mget(index=index, ids=list(scores), source_includes=["document"])
    for row in answer["docs"]:
        if row.get("found"):
            yield SearchHit(row["_id"], scores[row["_id"]], _document(row))


def _document(row: Any) -> SearchDocument:
    return SearchDocument.from_stored(row["_source"]["document"])


def _pins(client: Elasticsearch, index: str, query: SearchQuery) -> dict[int, float]:
    """Return what has an exact token, by number, with the score that pins it."""
    clauses = list(_exact(query))
    if not clauses:
        return {}
    answer = client.search(
        index=index,
        query=Q("bool", should=clauses, minimum_should_match=1).to_dict(),
        docvalue_fields=["number"],
        source=False,
        size=MAX_WINDOW,
        track_total_hits=False,
    )
    return {hit["fields"]["number"][0]: hit["_score"] for hit in answer["hits"]["hits"]}


def _evidence(
    client: Elasticsearch, index: str, query: SearchQuery, numbers: list[int]
) -> Evidence:
    """Return what only some rules ask for, of the given documents."""
    among = Q("terms", number=numbers)
    rarity = _rarity(client, index, query.scored["bigrams"])
    asked = [
        [Q("term", unigrams=token) for token in query.scored["unigrams"]],
        [
            Q("constant_score", filter=Q("term", bigrams=token), boost=share)
            for token, share in rarity.items()
        ],
        *(
            [Q("term", words={"value": w, "boost": b}) for w, b in words.items()]
            for words in query.ranking.words
        ),
    ]
    searches: list[dict[str, Any]] = []
    for clauses in asked:
        body = {
            "query": Q("bool", filter=[among], should=clauses).to_dict(),
            "docvalue_fields": ["number"],
            "_source": False,
            "size": len(numbers),
            "track_total_hits": False,
        }
        searches += [{}, body]
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
    yield Q("term", state=PUBLISHED)
    if query.keys:
        yield Q("terms", key=list(query.keys))
    yield from (_unit(unit) for unit in query.phrases)
    if query.days:
        first, last = query.days
        yield Q("range", day={"gte": first} | ({"lte": last} if last else {}))
    if units:
        yield Q(
            "bool",
            should=[_unit(unit) for unit in units],
            minimum_should_match=minimum,
        )


def _scored(query: SearchQuery) -> Iterator[Query]:
    if query.by_date:
        return
    for tokens, factor in ((query.scored, 1.0), (query.weak, WEAK)):
        for (name, token), boost in ranked.weighed(tokens, factor):
            yield Q("term", **{name: {"value": token, "boost": boost}})


def _exact(query: SearchQuery) -> Iterator[Query]:
    if query.by_date:
        return
    for token, score in query.exact:
        yield Q("constant_score", filter=Q("term", exact=token), boost=score)


def _unit(unit: Unit) -> Query:
    return Q(
        "bool",
        should=[_all(matches) for matches in unit.alternatives],
        minimum_should_match=1,
    )


def _all(matches: Iterable[Match]) -> Query:
    return Q("bool", filter=[_found(match) for match in matches])


def _found(match: Match) -> Query:
    """Match a token in the document itself or in its attachments."""
    field, token = match
    if field not in FILE_FIELDS:
        return _match(match)
    ways = [_match(match), _match((FILE_FIELDS[field], token))]
    return Q("bool", should=ways, minimum_should_match=1)


def _match(match: Match) -> Query:
    field, token = match
    kind = "match_phrase" if " " in token else "term"
    return Q(kind, **{field: token})
