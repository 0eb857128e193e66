"""Fit the weights of the rule ``questions`` on judged questions; say what they give.

    python bench/search_weights.py --corpus FILE --queries FILE --qrels FILE --index DIR
        [--folds 5] [--without FEATURE ...] [--depth FETCH KEEP] [--json]

Files as of ``bench/search_quality.py``, which also builds the local index in DIR.
Listwise softmax: the answers of a question share the mass among its candidates; L2 of
0.01 on standardised features. The printed measures are out of fold: each question is
ranked by weights fitted on the other folds. The weights are fitted on all questions.
"""

import argparse
import json
import math
import statistics
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402

from bench import search_quality  # noqa: E402  sets Django up
from search.documents import number_of  # noqa: E402
from search.engines.local import LocalEngine  # noqa: E402
from search.query import make_query  # noqa: E402
from search.ranking import (  # noqa: E402
    FEATURES,
    QUESTIONS,
    Candidates,
    Floats,
    Gather,
    Ranking,
)

L2 = 0.01
STEPS = 300
NEAREST = 1e-6


class Noted(Ranking):
    """A ranking that keeps the features of the last question."""

    def _weighed(self, kept: Candidates, gather: Gather) -> Floats:
        rows = self.features(kept, gather)
        type(self).last = kept.number, rows
        return rows[:, 0]


@dataclass(frozen=True)
class Asked:
    """A question's candidates: keys, features, and which of them answer it."""

    keys: list[str]
    rows: Floats
    answers: NDArray[np.bool_]


def asked(
    options: argparse.Namespace, qrels: search_quality.Judged
) -> dict[str, Asked]:
    """Ask every question; return its candidates."""
    known = search_quality.known(options.corpus)
    rows = search_quality.lines(options.corpus)
    names = map(search_quality.id_of, rows)
    keys = {number_of(name): name for name in names}
    fetch, keep = options.depth
    ranking = Noted(replace(QUESTIONS, fetch=fetch, keep=keep), known)
    engine = LocalEngine(str(options.index))
    found = {}
    console = Console(stderr=True)
    questions = list(search_quality.lines(options.queries))
    for row in track(questions, "…", console=console, transient=True):
        Noted.last = np.zeros(0, np.int64), np.zeros((0, len(FEATURES)))
        engine.search(make_query(row["text"], page_size=1, ranking=ranking))
        numbers, features = Noted.last
        asked_as = search_quality.id_of(row)
        names = [keys[number] for number in numbers.tolist()]
        answers = np.array([name in qrels.get(asked_as, {}) for name in names])
        found[asked_as] = Asked(names, features, answers)
    return found


def fitted(questions: Sequence[Asked], columns: Sequence[int]) -> Floats:
    """Return a weight for each column: gradient ascent with a shrinking step."""
    known = [question for question in questions if question.answers.any()]
    every = np.vstack([question.rows[:, columns] for question in known])
    mean, spread = every.mean(0), every.std(0) + 1e-9
    data = [((q.rows[:, columns] - mean) / spread, q.answers) for q in known]
    weights, step = np.zeros(len(columns)), 1.0
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


def ranked(question: Asked, weights: Floats, columns: Sequence[int]) -> list[str]:
    """Return the keys of the best hundred."""
    order = np.argsort(-(question.rows[:, columns] @ weights), kind="stable")
    return [question.keys[place] for place in order[: search_quality.DEPTH]]


def out_of_fold(
    found: dict[str, Asked], columns: Sequence[int], folds: int
) -> search_quality.Runs:
    """Rank each question by weights that have not seen it."""
    runs = {}
    fold = {name: zlib.crc32(name.encode()) % folds for name in found}
    for number in range(folds):
        seen = [found[name] for name in found if fold[name] != number]
        weights = fitted(seen, columns)
        for name in (name for name in found if fold[name] == number):
            runs[name] = ranked(found[name], weights, columns)
    return runs


def main() -> None:
    """Ask, fit, rank out of fold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("corpus", "queries", "qrels", "index"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--without", nargs="+", default=[], choices=FEATURES[1:])
    depth = (QUESTIONS.fetch, QUESTIONS.keep)
    parser.add_argument("--depth", type=int, nargs=2, default=depth)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    qrels = search_quality.judgements(options.qrels)
    found = asked(options, qrels)
    names = [name for name in FEATURES if name not in options.without]
    columns = [FEATURES.index(name) for name in names]
    judged = search_quality.judged(out_of_fold(found, columns, options.folds), qrels)
    weights = fitted(list(found.values()), columns)
    relative = (weights / weights[0]).round(2).tolist()
    report = {
        "out_of_fold": {n: statistics.fmean(values) for n, values in judged.items()},
        "weights": dict(zip(names, relative, strict=True)),
    }
    if options.json:
        json.dump(report, sys.stdout, indent=1)
        return
    table = Table(*search_quality.COLUMNS)
    table.add_row(*(f"{value:.1f}" for value in report["out_of_fold"].values()))
    console = Console(width=100)
    console.print(table, report["weights"])


if __name__ == "__main__":
    main()
