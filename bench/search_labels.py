"""What past questions with known answers teach, out of fold, idea by idea.

    python bench/search_labels.py --corpus FILE --queries FILE --qrels FILE --index DIR
        [--rule base|questions] [--of TEXT] [--learned FILE] [--json]

Files as of ``bench/search_quality.py``, which also builds the local index in DIR; a
judged question is a past one. The first row is the rule that stands; then weights of
its features alone, of everything, and of everything without each single idea.
``--of`` adds the questions one of whose answers has TEXT in its title. ``--learned``
keeps the lesson, for ``bench/search_quality.py``.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console  # noqa: E402
from rich.progress import Progress, TimeElapsedColumn  # noqa: E402
from rich.table import Table  # noqa: E402

from bench import search_quality  # noqa: E402  sets Django up
from search.citations import Citations, count  # noqa: E402
from search.documents import SearchDocument  # noqa: E402
from search.engines.local import LocalEngine  # noqa: E402
from search.learning import measures  # noqa: E402
from search.learning.learn import Classroom, Labelled  # noqa: E402
from search.ranking import (  # noqa: E402
    FEATURES,
    LEARNED_FEATURES,
    RULES,
    Ranking,
)

Runs = dict[str, list[int]]


def labelled(options: argparse.Namespace) -> list[Labelled]:
    """Return every judged question with its answers."""
    qrels = search_quality.judgements(options.qrels)
    rows = search_quality.lines(options.queries)
    found = ((row["text"], qrels.get(search_quality.id_of(row), {})) for row in rows)
    return [Labelled(text, frozenset(keys)) for text, keys in found if keys]


def ideas() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give sets of features to weigh, by name."""
    yield "fitted without labels", FEATURES
    for name in LEARNED_FEATURES:
        yield f"+ {name}", (*FEATURES, name)
    yield "labelled", FEATURES + LEARNED_FEATURES
    for name in LEARNED_FEATURES:
        rest = tuple(other for other in LEARNED_FEATURES if other != name)
        yield f"labelled − {name}", FEATURES + rest


def classroom(options: argparse.Namespace, progress: Progress) -> Classroom:
    """Read the corpus, count who names whom."""
    size = sum(1 for _row in search_quality.lines(options.corpus))
    reading = progress.add_task("read", total=3 * size)
    asking = progress.add_task("ask", total=None)

    def documents() -> Iterator[SearchDocument]:
        for _version, document in search_quality.corpus(options.corpus):
            progress.advance(reading)
            yield document

    known = Citations.of(*count(documents(), documents()))
    return Classroom(
        labelled(options),
        documents(),
        LocalEngine(str(options.index)),
        Ranking(RULES[options.rule], known),
        lambda done, every: progress.update(asking, completed=done, total=every),
    )


def compared(room: Classroom, progress: Progress) -> dict[str, Runs]:
    """Return what is found by the rule that stands, and by each set of features."""
    runs = {room.ranking.rule.name: room.before}
    if room.folds:  # asked here, not while the bar of the fits runs
        for name, names in progress.track(list(ideas()), description="fit"):
            runs[name] = room.out_of_fold(names)
    return runs


def answered_by(options: argparse.Namespace) -> set[str]:
    """Return the questions of which an answer has the text in its title."""
    rows = search_quality.lines(options.corpus)
    keys = {search_quality.id_of(row) for row in rows if options.of in row["title"]}
    return {q.question for q in labelled(options) if q.answers & keys}


def main() -> None:
    """Ask, fit, rank out of fold, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("corpus", "queries", "qrels", "index"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--rule", default="base", choices=list(RULES))
    parser.add_argument("--of", help="also the questions answered by such titles")
    parser.add_argument("--learned", type=Path, help="keep the lesson here")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()
    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        room = classroom(options, progress)
        runs = compared(room, progress)
        lesson = room.lesson()
    wanted = room.wanted
    report = {"seconds": time.perf_counter() - began, "all": rows(runs, wanted)}
    if options.of:
        few = answered_by(options)
        chosen = {question: wanted[question] for question in wanted if question in few}
        report[f"{len(chosen)} × {options.of}"] = rows(runs, chosen)
    if options.learned:
        options.learned.write_text(json.dumps(lesson.as_dict(), ensure_ascii=False))
    show(report, as_json=options.json)


def rows(runs: dict[str, Runs], wanted: measures.Judged) -> dict[str, dict[str, str]]:
    """Return the measures of each row and what it gains on the first, with interval."""
    first = next(iter(runs.values()))
    found = {}
    for name, run in runs.items():
        gains = measures.differences(first, run, wanted)
        means = measures.means(run, wanted)
        found[name] = {c: f"{means[c]:.1f}  {gains[c]}" for c in measures.COLUMNS}
    return found


def show(report: dict, *, as_json: bool) -> None:
    """Print what was found, for people or for machines."""
    if as_json:
        json.dump(report, sys.stdout, ensure_ascii=False, indent=1)
        return
    console = Console(width=160)
    console.print(f"{report.pop('seconds'):.0f} s")
    for title, found in report.items():
        table = Table(title, *measures.COLUMNS)
        for name, row in found.items():
            table.add_row(name, *row.values())
        console.print(table)


if __name__ == "__main__":
    main()
