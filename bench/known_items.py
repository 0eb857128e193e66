"""How often does the right answer come first? Known items, on both engines.

    python bench/known_items.py [--engine local|elastic|both] [--json]

Questions of ``tests/search/known_items.py`` over 5,000 generated items: numbers in six
spellings, titles with a slip, in traditional script or wide letters, village and
subject. Percent right at the first place, percent without any hit. Without corrections,
which need a database (``tests/search/test_known_items.py`` has them).
"""

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.test")

import django  # noqa: E402

django.setup()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from bench.search_quality import engines  # noqa: E402
from search.engines import Engine  # noqa: E402
from search.query import make_query  # noqa: E402
from tests.search import known_items  # noqa: E402


def right(engine: Engine) -> dict[str, float]:
    """Return percent right at the first place by kind, and percent without a hit."""
    found: dict[str, list[bool]] = defaultdict(list)
    for question in known_items.questions():
        hits = engine.search(make_query(question.text)).hits
        found[question.kind].append(bool(hits) and question.right(hits[0].document))
        found["无结果"].append(not hits)
    return {kind: 100 * sum(values) / len(values) for kind, values in found.items()}


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choices = ("local", "elastic", "both")
    parser.add_argument("--engine", default="both", choices=choices)
    parser.add_argument("--files", action="store_true", help="a hundred have files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        for engine in engines(options.engine, Path(folder)):
            items = known_items.with_files if options.files else known_items.documents
            engine.rebuild((1, document) for document in items())
            rows[engine.name] = right(engine)
            if engine.name == "es":
                engine.drop()
    if options.json:
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
        return
    kinds = list(next(iter(rows.values())))
    table = Table("", *kinds)
    for name, row in rows.items():
        table.add_row(name, *(f"{row[kind]:.1f}" for kind in kinds))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
