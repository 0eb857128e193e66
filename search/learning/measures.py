"""How good a ranking is on questions with known answers, and which of two is better."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

COLUMNS = ("R@5", "R@10", "R@100", "MRR@10", "nDCG@10")
DEPTH = 100
FIRST_PAGE = 10
SAMPLES = 10_000
SAMPLES_AT_ONCE = 500
Runs = Mapping[str, Sequence[Any]]  # question → ids, best first
Judged = Mapping[str, Mapping[Any, int]]  # question → id → relevance


@dataclass(frozen=True)
class Spread:
    """A mean difference and the interval in which 95 % of the samples lie."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        star = "" if self.low <= 0 <= self.high else " *"
        return f"{self.mean:+.1f} [{self.low:+.1f}, {self.high:+.1f}]{star}"


def scores(ranked: Sequence[Any], wanted: Mapping[Any, int]) -> dict[str, float]:
    """Return the five measures of one question, each from 0 to 100."""
    places = [place for place, key in enumerate(ranked) if key in wanted]
    gains = (
        (2 ** wanted[ranked[place]] - 1) / math.log2(place + 2)
        for place in places
        if place < FIRST_PAGE
    )
    ideal = sorted(wanted.values(), reverse=True)[:FIRST_PAGE]
    best = sum((2**gain - 1) / math.log2(place + 2) for place, gain in enumerate(ideal))
    first = places[0] if places and places[0] < FIRST_PAGE else None
    recall = {
        f"R@{depth}": 100 * sum(place < depth for place in places) / len(wanted)
        for depth in (5, FIRST_PAGE, DEPTH)
    }
    return recall | {
        "MRR@10": 0.0 if first is None else 100 / (first + 1),
        "nDCG@10": 100 * sum(gains) / best,
    }


def judged(runs: Runs, qrels: Judged) -> dict[str, list[float]]:
    """Return each measure of every judged question, in the order of the questions."""
    found: dict[str, list[float]] = {name: [] for name in COLUMNS}
    for query in sorted(qrels):
        for name, value in scores(runs.get(query, []), qrels[query]).items():
            found[name].append(value)
    return found


def means(runs: Runs, qrels: Judged) -> dict[str, float]:
    """Return the mean of each measure."""
    found = judged(runs, qrels)
    return {name: statistics.fmean(values) for name, values in found.items()}


def compared(old: Sequence[float], new: Sequence[float], *, seed: int = 1) -> Spread:
    """Return the paired bootstrap of the mean difference over the questions."""
    chance = np.random.default_rng(seed)
    changes = np.subtract(new, old)
    sampled = [
        chance.choice(changes, (SAMPLES_AT_ONCE, len(changes))).mean(axis=1)
        for _sample in range(SAMPLES // SAMPLES_AT_ONCE)
    ]
    low, high = np.percentile(np.concatenate(sampled), [2.5, 97.5])
    return Spread(float(changes.mean()), float(low), float(high))


def differences(old: Runs, new: Runs, qrels: Judged) -> dict[str, Spread]:
    """Return what changed in each measure, with its interval."""
    before, after = judged(old, qrels), judged(new, qrels)
    return {name: compared(before[name], after[name]) for name in COLUMNS}
