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
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402

from bench import search_quality  # noqa: E402  sets Django up
from search.documents import number_of  # noqa: E402
from search.engines.local import LocalEngine  # noqa: E402
from search.learning import measures  # noqa: E402
from search.learning.fit import Asked, fitted  # noqa: E402
from search.query import make_query  # noqa: E402
from search.ranking import (  # noqa: E402
    FEATURES,
    QUESTIONS,
    Candidates,
    Floats,
    Gather,
    Ranking,
)


class Noted(Ranking):
    """A ranking that keeps the features of the last question."""

    def _weighed(self, kept: Candidates, gather: Gather) -> Floats:
        rows = self.features(kept, gather)
        type(self).last = kept.number, rows
        return rows[:, 0]


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


def out_of_fold(
    found: dict[str, Asked], columns: Sequence[int], folds: int
) -> search_quality.Runs:
    """Rank each question by weights that have not seen it."""
    runs = {}
    fold = {name: zlib.crc32(name.encode()) % folds for name in found}
    for number in range(folds):
        seen = [found[name] for name in found if fold[name] != number]
        weights = fitted([question.only(columns) for question in seen])
        for name in (name for name in found if fold[name] == number):
            runs[name] = found[name].only(columns).ranked(weights)
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
    runs = out_of_fold(found, columns, options.folds)
    weights = fitted([question.only(columns) for question in found.values()])
    relative = (weights / weights[0]).round(2).tolist()
    report = {
        "out_of_fold": measures.means(runs, qrels),
        "weights": dict(zip(names, relative, strict=True)),
    }
    if options.json:
        json.dump(report, sys.stdout, indent=1)
        return
    table = Table(*measures.COLUMNS)
    table.add_row(*(f"{value:.1f}" for value in report["out_of_fold"].values()))
    console = Console(width=100)
    console.print(table, report["weights"])


if __name__ == "__main__":
    main()
