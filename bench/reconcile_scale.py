"""What `reconcile` of many items with a portal costs: seconds, requests, queries.

    python -m bench.reconcile_scale [--items 100000] [--differing 5] [--json FILE]

A township and a portal without jobs, a process each, on SQLite. The items are written
into both databases, one row copied, with the hashes of their true texts, and the
outbox as the drain and the sweep leave it. Then, each in a process of its own: the
quick comparison of equal holdings, with some items that differ at the portal, and
after healing and delivering these. ``--full`` also times the comparison that makes
every text anew. Exit code 1 when one takes more than 10 s or 50 requests (the full
one may), or finds something else than what differs.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.rig import ORIGIN, Rig

MOST_S, MOST_REQUESTS = 10.0, 50
INSIDE = "bench.reconcile_scale_inside"


@dataclass
class Figure:
    """One comparison; ``made``: texts made anew."""

    step: str
    seconds: float
    processor_s: float
    requests: int
    queries: int
    made: int
    differ: int
    expected: int
    peak_mb: float
    checked: int

    @property
    def good(self) -> bool:
        """Whether it is right, and within what it may cost."""
        cheap = self.seconds <= MOST_S and self.requests <= MOST_REQUESTS
        return self.differ == self.expected and (cheap or self.step.startswith("full"))


def compare(rig: Rig, step: str, expected: int, *options: str) -> Figure:
    """Compare once and count what the portal was asked."""
    before = len(rig.portal.requests())
    found = json.loads(rig.inside(INSIDE, "compare", *options))
    asked = len(rig.portal.requests()) - before
    return Figure(step=step, requests=asked, expected=expected, **found)


def measure(rig: Rig, folder: Path, items: int, differing: int, full: bool) -> list:
    """Return a figure for each comparison."""
    states = folder / "states.jsonl"
    rig.inside(INSIDE, "fill", str(items), str(states))
    rig.inside(INSIDE, "receive", str(states), ORIGIN, at_portal=True)
    figures = [compare(rig, "equal", 0)]
    rig.inside(INSIDE, "spoil", str(differing), at_portal=True)
    figures.append(compare(rig, f"{differing} differ", differing))
    rig.inside(INSIDE, "heal")
    figures.append(compare(rig, "healed", 0))
    if full:
        figures.append(compare(rig, "full", 0, "full"))
    return figures


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    columns = ("seconds", "processor s", "requests", "queries", "texts made", "MB")
    table = Table("comparison", "items", *columns, "found")
    for row in figures:
        times = (f"{row.seconds:.1f}", f"{row.processor_s:.1f}")
        counts = (str(row.requests), str(row.queries), str(row.made))
        found = f"{row.differ}{'' if row.good else ' !'}"
        last = (f"{row.peak_mb:.0f}", found)
        table.add_row(row.step, f"{row.checked:,}", *times, *counts, *last)
    Console(stderr=True, width=110).print(table)


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--differing", type=int, default=5)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as name:
        folder = Path(name)
        rig = Rig(folder)
        rig.portal.database = {"DJANGO_SETTINGS_MODULE": "cms.settings.test"}
        try:
            rig.start()
            figures = measure(rig, folder, asked.items, asked.differing, asked.full)
        finally:
            rig.stop()
    show(figures)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in figures], indent=1))
    return 0 if all(row.good for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
