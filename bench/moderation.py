"""The review beside plain Wagtail's: cost of a cycle, races, and a full queue.

A cycle is a submission and three approvals through the desk. Plain Wagtail does the
same with three group tasks on a plain page, on a database of its own of the same kind.
Then pairs of requests race, and the queue is read with many items waiting; on SQLite,
and with DATABASE_URL on PostgreSQL too. Exit code 1 when a bound does not hold.

    python bench/moderation.py [--cycles 10] [--waiting 500] [--races 50] [--json]
"""

import argparse
import json
import os
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.import_items import Home  # noqa: E402
from bench.many_items import home_at, own_database  # noqa: E402

LIMIT_MS = 1000.0


def stock(folder: Path, database: str, cycles: int) -> dict[str, Any]:
    """Return what a cycle of plain Wagtail costs on this database."""
    home = Home(folder)
    home.environment["DJANGO_SETTINGS_MODULE"] = "bench.stock_site"
    if database:
        home.environment["STOCK_DATABASE_URL"] = database
    return json.loads(home.run("-m", "bench.moderation_stock", str(cycles))[0])


def ours(folder: Path, database: str, counts: list[int]) -> dict[str, Any]:
    """Return what `bench.moderation_inside` found on this database."""
    home = home_at(folder, database)
    home.manage("migrate", "-v", "0")
    numbers = map(str, counts)
    return json.loads(home.run("-m", "bench.moderation_inside", *numbers)[0])


def total(found: dict[str, Any], what: str) -> float:
    """Return acts and screens together."""
    return found["acts"][what] + found["screens"][what]


def faults(plain: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return which bounds do not hold."""
    wrong = [
        f"more {what} than plain Wagtail"
        for what in ("queries", "cpu_ms")
        if total(found, what) > total(plain, what)
    ]
    wrong += [
        f"{name}: {value:.0f}"
        for name, value in found["reading"].items()
        if value > LIMIT_MS
    ]
    return wrong + found["races"]["wrong"]


def show(rows: dict[str, dict[str, Any]]) -> None:
    """Print costs of a cycle, reading times and answers of the races."""
    table = Table("", "acts: queries", "ms", "screens: queries", "ms")
    console = Console(stderr=True, width=100)
    for name, found in rows.items():
        cells = [
            f"{found[part][what]:.0f}"
            for part in ("acts", "screens")
            for what in ("queries", "cpu_ms")
        ]
        table.add_row(name, *cells)
    console.print(table)
    for name, found in rows.items():
        if "reading" in found:
            console.print(name, found["reading"], found["races"])


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--waiting", type=int, default=500)
    parser.add_argument("--races", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    counts = [options.cycles, options.waiting, options.races]
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        rows = {}
        plain = {}
        names = (
            ["SQLite", "PostgreSQL"] if os.environ.get("DATABASE_URL") else ["SQLite"]
        )
        for name in names:
            where = own_database if name == "PostgreSQL" else nullcontext
            with where() as database:
                place = made(folder, f"plain-{name}")
                plain[name] = stock(place, database or "", options.cycles)
            with where() as database:
                rows[name] = ours(made(folder, name), database or "", counts)
    every = {f"plain Wagtail, {name}": row for name, row in plain.items()} | rows
    show(every)
    if options.json:
        json.dump(every, sys.stdout, ensure_ascii=False, indent=1)
    found = {name: faults(plain[name], row) for name, row in rows.items()}
    for name, wrong in found.items():
        for fault in wrong:
            Console(stderr=True).print(f"{name}: {fault}")
    return int(any(found.values()))


def made(folder: str, name: str) -> Path:
    """Return a new folder in the folder."""
    path = Path(folder) / name
    path.mkdir()
    return path


if __name__ == "__main__":
    sys.exit(main())
