"""How fast documents are indexed and found, on each engine, at growing sizes.

    python bench/search.py [--sizes 1000,10000] [--large] [--questions N] [--json FILE]

Without ELASTICSEARCH_URL only the local engine is measured. Indexes lie in a folder
and under a prefix of their own and are removed at the end. ``--large`` adds 100,000.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.test")

import django  # noqa: E402

django.setup()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from search.engines import Engine, EngineError  # noqa: E402
from search.engines.elastic import ElasticEngine  # noqa: E402
from search.engines.local import LocalEngine  # noqa: E402
from search.fields import token_fields  # noqa: E402
from search.highlight import snippet  # noqa: E402
from search.query import make_query, parse  # noqa: E402
from tests.search.corpus import documents, questions  # noqa: E402

FACETS = ("category", "office", "year", "validity", "type")
CHANGES = 30


@dataclass
class Figures:
    """One engine at one size; rates per second, times in milliseconds."""

    engine: str
    documents: int
    rebuild_s: float = 0.0
    rebuild_per_s: float = 0.0
    change_p50_ms: float = 0.0
    change_p95_ms: float = 0.0
    query_p50_ms: float = 0.0
    query_p95_ms: float = 0.0
    with_snippets_p95_ms: float = 0.0
    index_mb: float = 0.0
    resident_mb: float = 0.0


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--large", action="store_true", help="also 100,000 documents")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--json", metavar="FILE", help="write the figures; - is stdout")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    sizes += [100_000] if options.large else []
    screen = Console(stderr=options.json == "-", width=150)
    rate = tokens_rate()
    figures = []
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        for size in sizes:
            for engine in make_engines(Path(folder) / str(size)):
                screen.print(f"{engine.name}, {size:,} documents …")
                figures.append(measure(engine, size, options.questions))
                drop(engine)
    screen.print(f"tokens: {rate:,.0f} documents/s on one core")
    screen.print(table(figures))
    for name, times in growth(figures).items():
        screen.print(f"{name}: p95 × {times:.1f} from the first size to the last")
    if options.json:
        report = {
            "tokens_per_s": rate,
            "figures": [asdict(row) for row in figures],
            "p95_growth": growth(figures),
        }
        text = json.dumps(report, indent=2)
        if options.json == "-":
            sys.stdout.write(f"{text}\n")
        else:
            Path(options.json).write_text(text)


def tokens_rate() -> float:
    """Return how many documents the token pipeline does in a second."""
    ready = list(documents(500))
    token_fields(ready[0])
    began = time.perf_counter()
    for document in ready:
        token_fields(document)
    return len(ready) / (time.perf_counter() - began)


def make_engines(folder: Path) -> Iterator[Engine]:
    """Yield a local engine in ``folder`` and, if there is one, Elasticsearch."""
    yield LocalEngine(str(folder))
    if url := os.environ.get("ELASTICSEARCH_URL"):
        yield ElasticEngine(url, f"bench-{os.getpid()}")


def measure(engine: Engine, size: int, asked: int) -> Figures:
    """Fill an engine, change single documents, ask it questions."""
    row = Figures(engine.name, size)
    began = time.perf_counter()
    count = engine.rebuild((1, document) for document in documents(size))
    row.rebuild_s = time.perf_counter() - began
    row.rebuild_per_s = count / row.rebuild_s
    row.change_p50_ms, row.change_p95_ms = spread(changes(engine))
    texts = questions(asked + 50)
    for text in texts[:50]:
        engine.search(make_query(text, facets=FACETS))
    row.query_p50_ms, row.query_p95_ms = spread(searches(engine, texts[50:]))
    _p50, row.with_snippets_p95_ms = spread(pages(engine, texts[50:]))
    row.index_mb = index_bytes(engine) / 1e6
    row.resident_mb = resident_mb()
    return row


def changes(engine: Engine) -> Iterator[float]:
    """Yield how long one document takes until it is put (one commit each)."""
    for document in documents(CHANGES):
        began = time.perf_counter()
        [answer] = engine.put_many([(2, document)])
        yield time.perf_counter() - began
        assert not isinstance(answer, EngineError), answer


def searches(engine: Engine, texts: list[str]) -> Iterator[float]:
    """Yield how long a question with all its facets takes."""
    for text in texts:
        began = time.perf_counter()
        engine.search(make_query(text, facets=FACETS))
        yield time.perf_counter() - began


def pages(engine: Engine, texts: list[str]) -> Iterator[float]:
    """Yield how long a question takes with the marks in its 20 hits."""
    for text in texts:
        began = time.perf_counter()
        parsed = parse(text)
        for hit in engine.search(make_query(parsed=parsed, facets=FACETS)).hits:
            snippet(hit.document.text, parsed)
        yield time.perf_counter() - began


def spread(seconds: Iterator[float]) -> tuple[float, float]:
    """Return median and 95th percentile in milliseconds."""
    cuts = statistics.quantiles([1000 * each for each in seconds], n=100)
    return cuts[49], cuts[94]


def index_bytes(engine: Engine) -> int:
    """Return how much the index takes on disk."""
    if isinstance(engine, LocalEngine):
        files = engine.store.folder.rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file())
    engine.client.indices.refresh(index=engine.alias)
    stats = engine.client.indices.stats(index=engine.alias)
    return stats["_all"]["total"]["store"]["size_in_bytes"]


def resident_mb() -> float:
    """Return the resident memory of this process."""
    pages_held = int(Path("/proc/self/statm").read_text().split()[1])
    return pages_held * os.sysconf("SC_PAGE_SIZE") / 1e6


def drop(engine: Engine) -> None:
    """Remove an index in Elasticsearch; folders go by themselves."""
    if not isinstance(engine, LocalEngine):
        engine.drop()


def growth(figures: list[Figures]) -> dict[str, float]:
    """Return for each engine p95 at its last size by p95 at its first."""
    rows: dict[str, list[float]] = {}
    for row in figures:
        rows.setdefault(row.engine, []).append(row.query_p95_ms)
    return {name: times[-1] / times[0] for name, times in rows.items()}


def table(figures: list[Figures]) -> Table:
    """Return the figures as a table."""
    names = list(asdict(figures[0]))
    shown = Table(*[name.replace("_", " ") for name in names], title="Search")
    for row in figures:
        cells = asdict(row).values()
        shown.add_row(*[f"{c:,.1f}" if isinstance(c, float) else str(c) for c in cells])
    return shown


if __name__ == "__main__":
    main()
