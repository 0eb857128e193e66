"""A portal of many townships: is everything counted, and how fast is it found?

    python -m bench.many_origins [--origins 100] [--items 1000] [--questions 200]

A portal's home on SQLite with the embedded index. Invented items of different texts
are written as rows of each township, and the index is built anew from them. Counted:
documents found, the values of the facet of townships with their counts, the table of
townships. Then questions to the engine with all facets, and pages past every cache:
milliseconds and queries. Exit code 1 when a count is wrong or a page asks more than 12
times. ``--json FILE`` writes the figures.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.import_items import Home

MOST_QUERIES = 12
INSIDE = "bench.many_origins_inside"


def measure(folder: Path, origins: int, items: int, questions: int) -> dict[str, Any]:
    """Fill the portal and return what was counted and measured."""
    home = Home(folder)
    home.environment |= {
        "DJANGO_SETTINGS_MODULE": "cms.settings.test",
        "GONGKAI_ROLE": "portal",
    }
    home.manage("migrate", "-v", "0")
    home.manage("setup_site")
    home.run("-m", INSIDE, "fill", str(origins), str(items))
    _output, seconds, peak_mb = home.manage("rebuild_index", "--engine", "local")
    output = home.run("-m", INSIDE, "measure", str(questions))[0]
    return {**json.loads(output), "rebuild_s": seconds, "rebuild_peak_mb": peak_mb}


def wrong(found: dict[str, Any], origins: int, items: int) -> list[str]:
    """Return what is not as it should be, in words."""
    problems = []
    if found["documents"] != origins * items:
        problems.append(f"{found['documents']} documents found")
    for place in ("facet", "townships"):
        right = sum(count == items for count in found[place].values())
        if (right, len(found[place])) != (origins, origins):
            problems.append(f"{place}: {right} of {len(found[place])} counts right")
    return problems + [
        f"{row['path']}: {row['queries']} queries"
        for row in found["pages"]
        if row["queries"] > MOST_QUERIES
    ]


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    screen = Console(stderr=True, width=100)
    screen.print(f"{found['documents']:,} documents, {len(found['facet'])} townships")
    screen.print(
        f"built in {found['rebuild_s']:.0f} s, {found['rebuild_peak_mb']:.0f} MB"
    )
    table = Table("what", "queries", "p50 ms", "p95 ms")
    for name, times in found["engine"].items():
        table.add_row(name, "0", f"{times['p50']:.1f}", f"{times['p95']:.1f}")
    for row in found["pages"]:
        times = (f"{row['p50']:.1f}", f"{row['p95']:.1f}")
        table.add_row(row["path"], str(row["queries"]), *times)
    screen.print(table)


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--origins", type=int, default=100)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        found = measure(Path(folder), asked.origins, asked.items, asked.questions)
    show(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    problems = wrong(found, asked.origins, asked.items)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
