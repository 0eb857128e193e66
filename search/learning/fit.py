"""Weights of features from questions with known answers: listwise softmax.

The answers of a question share the mass among its candidates; L2 on standardised
features.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from search.ranking import Floats

from .measures import DEPTH

L2 = 0.01
STEPS = 300
NEAREST = 1e-6


@dataclass(frozen=True)
class Asked:
    """A question's candidates: keys, features, and which of them answer it."""

    keys: Sequence[Any]
    rows: Floats
    answers: NDArray[np.bool_]

    def only(self, columns: Sequence[int]) -> Self:
        """Return the same with some of the features."""
        return replace(self, rows=self.rows[:, columns])

    def ranked(self, weights: Floats) -> list[Any]:
        """Return the keys of the best hundred."""
        order = np.argsort(-(self.rows @ weights), kind="stable")
        return [self.keys[place] for place in order[:DEPTH]]


def fitted(questions: Sequence[Asked]) -> Floats:
    """Return a weight for each column: gradient ascent with a shrinking step."""
    known = [question for question in questions if question.answers.any()]
    every = np.vstack([question.rows for question in known])
    mean, spread = every.mean(0), every.std(0) + 1e-9
    data = [((q.rows - mean) / spread, q.answers) for q in known]
    weights, step = np.zeros(every.shape[1]), 1.0
    value, slope = likelihood(data, weights)
    for _step in range(STEPS):
        tried = weights + step * slope
        new, new_slope = likelihood(data, tried)
        if new > value:
            done = new - value < NEAREST
            weights, value, slope, step = tried, new, new_slope, step * 1.5
            if done:
                break
        else:
            step /= 2
    return weights / spread


def likelihood(
    data: Sequence[tuple[Floats, NDArray[np.bool_]]], weights: Floats
) -> tuple[float, Floats]:
    """Return the mean log mass of the answers, with L2, and its gradient."""
    value, slope = 0.0, np.zeros_like(weights)
    for rows, answers in data:
        scores = rows @ weights
        mass = np.exp(scores - scores.max())
        share = mass / mass.sum()
        right = share * answers
        value += math.log(max(right.sum(), 1e-300))
        slope += rows.T @ (right / max(right.sum(), 1e-300) - share)
    count = len(data)
    return value / count - L2 * weights @ weights, slope / count - 2 * L2 * weights
