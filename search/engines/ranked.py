"""What a page of ranked hits needs from an engine, the same for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from search.fields import BOOSTS, FILE_FIELDS
from search.ranking import Candidates, Gather

from .base import MAX_WINDOW, Match, SearchQuery, Unit


def window(query: SearchQuery) -> tuple[int, int]:
    """Return (first place, count) of the candidates to ask an engine for.

    What a rule reorders is always asked for as a whole, so that pages fit together;
    beyond it hits stand as the engine gives them.
    """
    end = min(query.offset + query.page_size, MAX_WINDOW)
    fetch = query.ranking.rule.fetch
    if query.by_date or query.offset >= fetch:
        return query.offset, max(0, end - query.offset)
    return 0, max(fetch, end)


def cut(
    query: SearchQuery,
    found: Candidates,
    pins: Mapping[int, float],
    gather: Gather,
) -> list[tuple[float, int]]:
    """Return (score, place in ``found``) of this page's hits.

    Args:
        found: the window's candidates, best first; pinned ones before all others.
        pins: number → score of what has an exact token; part of its score.
        gather: asked for what the rule needs beside the candidates.
    """
    pinned = np.array([pins.get(number, 0.0) for number in found.number.tolist()])
    found = replace(found, score=found.score - pinned)
    first, _count = window(query)
    if first:
        return list(zip(found.score.tolist(), range(len(found)), strict=True))
    fetch = query.ranking.rule.fetch
    scores, places = query.ranking.order(found[:fetch], gather)
    order = list(zip(scores.tolist(), places.tolist(), strict=True))
    beyond = range(fetch, len(found))
    order += zip(found.score[fetch:].tolist(), beyond, strict=False)
    if pins:
        order = [(pinned[place] + score, place) for score, place in order]
        order.sort(key=lambda pair: -pinned[pair[1]])  # stable among equals
    return order[query.offset : query.offset + query.page_size]


def weighed(
    tokens: Mapping[str, tuple[str, ...]], factor: float
) -> Iterator[tuple[Match, float]]:
    """Give every token that ranks with its weight, in attachments too."""
    for name, found in tokens.items():
        for field in filter(None, (name, FILE_FIELDS.get(name))):
            for token in found:
                yield (field, token), BOOSTS[field] * factor


def any_of(units: Sequence[Unit], minimum: int) -> dict[Match, None]:
    """Return the tokens of which any one is enough, in attachments too.

    Nothing when more than one is required, or several together or in a row. Where they
    rank as well, an engine reads them once for both.
    """
    ways = [way for unit in units for way in unit.alternatives]
    if minimum != 1 or any(len(way) != 1 for way in ways):
        return {}
    if any(" " in token for [(_field, token)] in ways):
        return {}
    found: dict[Match, None] = {}
    for [(field, token)] in ways:
        for name in filter(None, (field, FILE_FIELDS.get(field))):
            found[name, token] = None
    return found
