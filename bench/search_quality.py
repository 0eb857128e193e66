"""How good is the ranking? A judged set, asked of each engine, and two runs compared.

    python bench/search_quality.py --corpus FILE --queries FILE --qrels FILE
        [--engine local|elastic|both] [--rule base|questions ...] [--index DIR]
        [--run FILE] [--against FILE] [--json]

Files as in BEIR: ``corpus.jsonl`` ({id, title, text, chapter}; ``.gz`` too),
``queries.jsonl`` ({id, text}) and ``qrels.tsv`` (query, document, relevance). Each
rule of ``search.ranking`` is asked for. Prints recall at 5, 10 and
100, MRR@10 and nDCG@10 in percent, and milliseconds a question. ``--run`` keeps the
ranked ids; ``--against`` compares with kept ones by a paired bootstrap over the
questions. ``--index`` keeps the local index for the next time.
"""

import argparse
import csv
import gc
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.test")

import django  # noqa: E402

django.setup()

from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402

from search.citations import Citations, count  # noqa: E402
from search.documents import SearchDocument  # noqa: E402
from search.engines import Engine  # noqa: E402
from search.engines.elastic import ElasticEngine  # noqa: E402
from search.engines.local import LocalEngine  # noqa: E402
from search.learning.measures import (  # noqa: E402
    COLUMNS,
    DEPTH,
    differences,
    means,
)
from search.query import make_query  # noqa: E402
from search.ranking import RULES, Ranking  # noqa: E402

Runs = dict[str, list[str]]  # question → ids, best first
Judged = dict[str, dict[str, int]]  # question → id → relevance


def lines(path: Path) -> Iterator[dict[str, str]]:
    """Give the rows of a JSON-lines file, packed or not."""
    unpack = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt") as file:
        yield from map(json.loads, file)


def id_of(row: dict[str, str]) -> str:
    """Return the id of a row, under either name."""
    return row.get("id") or row["_id"]


def judgements(path: Path) -> Judged:
    """Return what answers each question."""
    found: Judged = {}
    with path.open() as file:
        for row in csv.reader(file, delimiter="\t"):
            query, document, relevance = row[0], row[-2], row[-1]
            if relevance.lstrip("-").isdigit() and int(relevance) > 0:
                found.setdefault(query, {})[document] = int(relevance)
    return found


def corpus(path: Path) -> Iterator[tuple[int, SearchDocument]]:
    """Give every document of the corpus."""
    for row in lines(path):
        yield (
            1,
            SearchDocument(
                key=id_of(row),
                sha256="0" * 64,
                type="item",
                title=row.get("title", ""),
                text=row["text"],
                section=row.get("chapter", ""),
            ),
        )


def known(path: Path) -> Citations:
    """Return who names whom in the corpus."""
    heads = (document for _version, document in corpus(path))
    documents = (document for _version, document in corpus(path))
    return Citations.of(*count(heads, documents))


def asked(
    engine: Engine, questions: Path, ranking: Ranking
) -> tuple[Runs, list[float]]:
    """Ask every question; return what was found and the milliseconds of each."""
    runs: Runs = {}
    times = []
    for row in lines(questions):
        query = make_query(row["text"], page_size=DEPTH, ranking=ranking)
        began = time.perf_counter()
        hits = engine.search(query).hits
        times.append(1000 * (time.perf_counter() - began))
        runs[id_of(row)] = [hit.key for hit in hits]
    return runs, times


def engines(chosen: str, folder: Path) -> Iterator[Engine]:
    """Give the engines to ask.

    Raises:
        SystemExit: Elasticsearch is asked for and ELASTICSEARCH_URL is not set.
    """
    if chosen in ("local", "both"):
        yield LocalEngine(str(folder))
    if chosen in ("elastic", "both"):
        url = os.environ.get("ELASTICSEARCH_URL")
        if not url:
            raise SystemExit('no ELASTICSEARCH_URL: eval "$(./test services env)"')
        yield ElasticEngine(url, f"quality-{os.getpid()}")


def filled(engine: Engine, documents: Iterable[tuple[int, SearchDocument]]) -> float:
    """Build the engine's index; returns seconds, 0 when it was there."""
    if isinstance(engine, LocalEngine) and engine.entries("", 1):
        return 0.0
    began = time.perf_counter()
    engine.rebuild(track(documents, "…", console=Console(stderr=True), transient=True))
    return time.perf_counter() - began


def row_of(runs: Runs, times: list[float], qrels: Judged) -> dict[str, Any]:
    """Return the five measures and the median and 95th percentile of the times."""
    cuts = statistics.quantiles(times, n=100)
    return means(runs, qrels) | {"p50_ms": cuts[49], "p95_ms": cuts[94]}


def main() -> None:
    """Build, ask, judge, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("corpus", "queries", "qrels"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    choices = ("local", "elastic", "both")
    parser.add_argument("--engine", default="both", choices=choices)
    parser.add_argument(
        "--rule", nargs="+", default=["base", "questions"], choices=list(RULES)
    )
    parser.add_argument("--index", type=Path, help="keep the local index here")
    parser.add_argument("--run", type=Path, help="write the last ranked ids here")
    parser.add_argument("--against", type=Path, help="compare with these ranked ids")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    qrels = judgements(options.qrels)
    citations = known(options.corpus)
    gc.collect()
    gc.freeze()  # as a site does once it has started (``cms/wsgi.py``)
    old = json.loads(options.against.read_text()) if options.against else {}
    rows = {}
    kept = {}
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        for engine in engines(options.engine, options.index or Path(folder)):
            built = filled(engine, corpus(options.corpus))
            for rule in options.rule:
                name = f"{engine.name} {rule}"
                ranking = Ranking(RULES[rule], citations)
                kept[name], times = asked(engine, options.queries, ranking)
                rows[name] = row_of(kept[name], times, qrels) | {"rebuild_s": built}
                if old:
                    gains = differences(old, kept[name], qrels)
                    rows[name]["against"] = {n: str(g) for n, g in gains.items()}
            if not isinstance(engine, LocalEngine):
                engine.drop()
    if options.run:
        options.run.write_text(json.dumps(kept[next(reversed(kept))]))
    report(rows, as_json=options.json)


def report(rows: dict[str, dict], *, as_json: bool) -> None:
    """Print what was found, for people or for machines."""
    if as_json:
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
        return
    table = Table("", *COLUMNS, "p50 ms", "p95 ms", "rebuild s")
    for name, row in rows.items():
        numbers = (*COLUMNS, "p50_ms", "p95_ms", "rebuild_s")
        table.add_row(name, *[f"{row[number]:.1f}" for number in numbers])
        if against := row.get("against"):
            table.add_row("difference", *[against[column] for column in COLUMNS])
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
