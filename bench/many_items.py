"""What a site with many items costs in public and at the desk: milliseconds, queries.

In a new home: ``load_demo``, ``generate N --publish``, then functions and pages, with
no view restriction and with twenty; on SQLite, or with DATABASE_URL on PostgreSQL in
a database of its own. Exit code 1 when a page asks more often than it may.

    python -m bench.many_items [--rows 10000] [--repeat 5] [--home DIR] [--json]

``--home`` measures a home (with DATABASE_URL: and database) that was filled before.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from rich.console import Console
from rich.table import Table

from bench.import_items import REVIEWED_BY, Home

LIMITS = {"public": 12, "desk": 30}  # queries; the explorer is Wagtail's own


@contextmanager
def own_database() -> Iterator[str]:
    """Yield the URL of a PostgreSQL database of our own; "" for SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server:
        yield ""
        return
    name = f"gongkai_many_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def home_at(folder: Path, database: str) -> Home:
    """Return a home whose commands run on this database."""
    home = Home(folder)
    home.environment["DJANGO_SETTINGS_MODULE"] = "cms.settings.test"
    if database:
        home.environment |= {
            "DATABASE_URL": database,
            "GONGKAI_TEST_DATABASE": "postgresql",
        }
    return home


def fill(home: Home, rows: int) -> None:
    """Make the site and publish the rows."""
    home.manage("migrate", "-v", "0")
    home.manage("load_demo")
    home.manage(
        *("generate", str(rows), "--seed", "1", "--publish"),
        *("--reviewed-by", REVIEWED_BY),
    )


def measure(home: Home, repeat: int) -> list[dict[str, Any]]:
    """Return a row per thing measured."""
    return json.loads(home.run("-m", "bench.many_items_inside", str(repeat))[0])


def too_many(row: dict[str, Any]) -> bool:
    """Whether the row asks the database more often than it may."""
    return row["queries"] > LIMITS.get(row["kind"], sys.maxsize)


def show(rows: list[dict[str, Any]]) -> None:
    """Print the figures as a table."""
    table = Table("kind", "what", "queries", "median ms", "ms with restrictions")
    for row in rows:
        queries = f"{row['queries']}{' too many' if too_many(row) else ''}"
        times = (f"{row['ms']:.1f}", f"{row['restricted_ms']:.1f}")
        table.add_row(row["kind"], row["what"], queries, *times)
    Console(stderr=True, width=100).print(table)


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.home:
        home = home_at(options.home, os.environ.get("DATABASE_URL", ""))
        rows = measure(home, options.repeat)
    else:
        with (
            tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder,
            own_database() as database,
        ):
            home = home_at(Path(folder), database)
            fill(home, options.rows)
            rows = measure(home, options.repeat)
    show(rows)
    if options.json:
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
    return int(any(too_many(row) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
