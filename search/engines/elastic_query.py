"""The common query in Elasticsearch's terms."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.dsl import A, Q, Search
from elasticsearch.dsl.query import Query

from search.documents import PUBLISHED, SearchDocument
from search.fields import BOOSTS

from .base import FACET_SIZE, Entry, SearchHit, SearchQuery, SearchResult, Unit


def run(
    client: Elasticsearch,
    index: str,
    query: SearchQuery,
    units: tuple[Unit, ...],
    minimum: int,
) -> SearchResult:
    """Return one page of hits and the facets for one choice of required words."""
    request = Search(using=client, index=index).query(
        Q(
            "bool",
            filter=list(_required(units, minimum)),
            must_not=[_unit(unit) for unit in query.excluded],
            should=list(_scored(query)),
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
    order = [{"day": "desc"}] if query.by_date else ["_score"]
    request = (
        request.sort(*order, {"key": "asc"})
        .source(["document"])
        .extra(track_total_hits=True)[query.offset : query.offset + query.page_size]
    )
    return _result(query, client.search(index=index, **request.to_dict()))


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


def _result(query: SearchQuery, answer: Any) -> SearchResult:
    hits = [
        SearchHit(
            hit["_id"],
            0.0 if query.by_date else float(hit["_score"] or 0.0),
            SearchDocument.from_stored(hit["_source"]["document"]),
        )
        for hit in answer["hits"]["hits"]
    ]
    return SearchResult(
        answer["hits"]["total"]["value"], hits, dict(_facets(query, answer)), "es"
    )


def _facets(
    query: SearchQuery, answer: Any
) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    for name in query.facets:
        buckets = answer["aggregations"][name]["values"]["buckets"]
        counts = [(bucket["key"], bucket["doc_count"]) for bucket in buckets]
        yield name, sorted(counts, key=lambda bucket: (-bucket[1], bucket[0]))


def _required(units: tuple[Unit, ...], minimum: int) -> Iterator[Query]:
    yield Q("term", state=PUBLISHED)
    if units:
        yield Q(
            "bool",
            should=[_unit(unit) for unit in units],
            minimum_should_match=minimum,
        )


def _scored(query: SearchQuery) -> Iterator[Query]:
    if query.by_date:
        return
    for name, tokens in query.scored.items():
        for token in tokens:
            yield Q("term", **{name: {"value": token, "boost": BOOSTS[name]}})
    for token, score in query.exact:
        yield Q("constant_score", filter=Q("term", exact=token), boost=score)


def _unit(unit: Unit) -> Query:
    return Q(
        "bool",
        should=[_all(matches) for matches in unit.alternatives],
        minimum_should_match=1,
    )


def _all(matches: Iterable[tuple[str, str]]) -> Query:
    return Q("bool", filter=[Q("term", **{field: token}) for field, token in matches])
