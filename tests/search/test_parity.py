"""Both engines hold the same tokens, so they give the same answers."""

from dataclasses import replace

import pytest

from search.query import make_query

from .corpus import CATEGORIES, documents, questions

pytestmark = pytest.mark.elasticsearch
FACETS = ("category", "office", "year", "validity")


@pytest.fixture
def both(local, elastic):
    """2,000 generated documents in each, every twentieth with a file."""
    every = list(documents(2_000))
    for place in range(0, 2_000, 20):
        text = "\n".join(other.text for other in every[place : place + 30])
        every[place] = replace(every[place], files="f" * 64, file_text=text)
    for engine in (local, elastic):
        engine.rebuild((1, document) for document in every)
    return local, elastic


def overlap(first, second):
    one = {hit.key for hit in first.hits[:10]}
    other = {hit.key for hit in second.hits[:10]}
    return len(one & other) / len(one | other)


def test_the_engines_agree_on_hits_totals_and_facets(both):
    shared, same_order = [], []
    for place, question in enumerate(questions(100)):
        filters = {"category": CATEGORIES[:2]} if place % 4 == 0 else {}
        query = make_query(
            question,
            filters=filters | ({"year": ["2025", "2026"]} if place % 6 == 0 else {}),
            facets=FACETS,
            sort="date" if place % 10 == 9 else "relevance",
        )
        one, other = (engine.search(query) for engine in both)
        assert (one.total, one.relaxed) == (other.total, other.relaxed), question
        assert one.facets == other.facets, question
        if not one.hits:
            continue  # both found nothing, which says nothing about their ranking
        shared.append(overlap(one, other))
        same_order.append([h.key for h in one.hits] == [h.key for h in other.hits])
        for hit, twin in zip(one.hits, other.hits, strict=True):
            assert hit.score == pytest.approx(twin.score, rel=1e-3, abs=1e-3)
    assert len(shared) >= 80
    assert sum(shared) / len(shared) >= 0.95
    assert sum(same_order) / len(same_order) >= 0.9


def test_the_engines_agree_on_what_they_hold(both):
    local, elastic = both
    assert local.entries("", 5_000) == elastic.entries("", 5_000)
