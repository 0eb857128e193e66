"""How many items a second reach a portal, each with a file of its own?

    python -m bench.delivery [--items 500] [--bytes 20000] [--at-once 1] [--json FILE]

A township and a portal as two processes, one drain, or as many as the portal is told to
take at once (one Celery worker has two): first publications,
then the same items changed (files are there already), then withdrawn. Timed from rows
that wait in the outbox until every receipt is stored, beside the processor time that
each end uses for an item (the portal indexes meanwhile). Embedded, SQLite on both
ends; with DATABASE_URL, REDIS_URL and ELASTICSEARCH_URL the township works on
PostgreSQL. Exit code 1 when a row is left, the portal differs, or below ``--floor``.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rig import Rig
from bench.services import own_services, services_given

PORTAL = "portal:city"
LEASE_S = 60  # as a site has it; the rig's own is short, for kills


def measure(rig: Rig, items: int, size: int, at_once: int) -> dict[str, dict[str, Any]]:
    """Return figures by step.

    Raises:
        SystemExit: something is left or differs.
    """
    township, found = rig.township, {}
    steps = {
        "published": lambda: township.do("publish_filed", count=items, size=size),
        "changed": lambda: township.do("edit", text="改过的标题"),
        "withdrawn": lambda: township.do("withdraw", count=items),
    }
    for name, prepare in steps.items():
        prepare()
        asked = len(rig.portal.requests())
        worked = _processor_s(rig.portal.process.pid)
        figure = township.do("deliver", target=PORTAL, at_once=at_once)
        worked = _processor_s(rig.portal.process.pid) - worked
        lines = rig.portal.requests()[asked:]
        if figure["delivered"] != items:
            raise SystemExit(f"{name}: {figure['delivered']} of {items} delivered")
        found[name] = {
            "items_per_s": items / figure["seconds"],
            "township_ms": 1000 * figure["processor_s"] / items,
            "portal_ms": 1000 * worked / items,
            "requests": dict(Counter(_kind(line) for line in lines)),
        }
        township.do("drain")  # the index, too
        if problems := township.do("problems"):
            raise SystemExit(f"{name}: {problems[:5]}")
    return found


def _processor_s(pid: int) -> float:
    """Return the processor seconds that a process and its children used so far."""
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            rest = stat.read_text().rpartition(")")[2].split()
            if pid in (int(stat.parent.name), int(rest[1])):
                found += (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")
    return found


def _kind(line: str) -> str:
    method, path, _protocol, status = line.split()
    return f"{method} {path.split('/')[3]} {status}"


def show(database: str, found: dict[str, dict[str, Any]]) -> None:
    """Print what was measured."""
    columns = ("step", "items/s", "township ms", "portal ms", "requests")
    table = Table(*columns, title=f"township on {database}")
    for name, figure in found.items():
        requests = [f"{count} × {kind}" for kind, count in figure["requests"].items()]
        times = [figure[key] for key in ("items_per_s", "township_ms", "portal_ms")]
        table.add_row(name, *(f"{time:.1f}" for time in times), ", ".join(requests))
    Console(stderr=True).print(table)


def run(
    items: int, size: int, at_once: int, services: dict[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Measure in homes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**(services or {}), "GONGKAI_LEASE_S": str(LEASE_S)}
        rig = Rig(Path(folder), environment)
        try:
            return measure(rig.start(), items, size, at_once)
        finally:
            rig.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--bytes", type=int, default=20_000)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--floor", type=float, default=0.0, help="items/s published")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    sizes = (asked.items, asked.bytes, asked.at_once)
    found = {}
    if services_given():
        with own_services("delivery") as services:
            found["PostgreSQL"] = run(*sizes, services.environment)
    else:
        found["SQLite"] = run(*sizes)
    for database, figures in found.items():
        show(database, figures)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))
    slow = [
        database
        for database, figures in found.items()
        if figures["published"]["items_per_s"] < asked.floor
    ]
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
