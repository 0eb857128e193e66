"""Weights of features from questions with known answers: listwise softmax.

The answers of a question share the mass among its candidates; L2 on standardised
features.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from search.ranking import Floats, Integers

from .measures import DEPTH

L2 = 0.01
STEPS = 50
SHORTEST = 1e-4  # part of a step that is tried at last
NEAREST = 1e-7
NOTHING = 1e-300


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


@dataclass(frozen=True)
class Sheet:
    """The candidates of all questions below each other.

    ``starts``: the first row of each question; ``counts``: how many are its own.
    """

    rows: Floats
    answers: NDArray[np.bool_]
    starts: Integers
    counts: Integers

    def likelihood(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """Return the mean log mass of the answers, with L2.

        Then each candidate's share of its question's mass, and of the answers' mass.
        """
        scores = self.rows @ weights
        scores -= np.repeat(np.maximum.reduceat(scores, self.starts), self.counts)
        mass = np.exp(scores)
        right = mass * self.answers
        whole = np.add.reduceat(mass, self.starts)
        found = np.maximum(np.add.reduceat(right, self.starts), NOTHING)
        value = float(np.mean(np.log(found) - np.log(whole))) - L2 * weights @ weights
        return (
            value,
            mass / np.repeat(whole, self.counts),
            right / np.repeat(found, self.counts),
        )

    def step(self, weights: Floats, share: Floats, right: Floats) -> Floats:
        """Return Newton's step, with the part of the curvature that is never wrong."""
        count, width = len(self.starts), len(weights)
        slope = self.rows.T @ (right - share) / count - 2 * L2 * weights
        shared = self.rows * share[:, None]
        means = np.add.reduceat(shared, self.starts)
        bend = (self.rows.T @ shared - means.T @ means) / count
        return np.linalg.solve(bend + 2 * L2 * np.eye(width), slope)


def fitted(questions: Sequence[Asked]) -> Floats:
    """Return a weight for each column; a step that gains nothing is halved."""
    known = [question for question in questions if question.answers.any()]
    every = np.vstack([question.rows for question in known])
    mean, spread = every.mean(0), every.std(0) + 1e-9
    counts = np.array([len(question.rows) for question in known])
    sheet = Sheet(
        (every - mean) / spread,
        np.concatenate([question.answers for question in known]),
        np.concatenate([[0], np.cumsum(counts)[:-1]]),
        counts,
    )
    weights = np.zeros(every.shape[1])
    value, share, right = sheet.likelihood(weights)
    for _step in range(STEPS):
        step, part = sheet.step(weights, share, right), 1.0
        new, *shares = sheet.likelihood(weights + step)
        while new <= value and part > SHORTEST:
            part /= 2
            new, *shares = sheet.likelihood(weights + part * step)
        if new <= value:
            break
        done = new - value < NEAREST
        weights, value, (share, right) = weights + part * step, new, shares
        if done:
            break
    return weights / spread
