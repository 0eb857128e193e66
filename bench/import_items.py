"""Bulk load: seconds, memory and time until found, beside one item after another.

In a new home, embedded: ``load_demo``, ``generate``, ``import_items --publish``, then
``drain`` until the index holds every item (``reconcile`` reads it back). Processes of
their own, as an operator starts them; their start is part of the seconds.

    python -m bench.import_items [--rows 10000] [--one-by-one 100] [--json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.sites import ROOT, clean_environment

BUDGET_ROWS = 10_000
BUDGET_S = 60.0
REVIEWED_BY = "bench: synthetic rows"
UNEQUAL = ("missing", "extra", "stale", "visible_but_withdrawn")


class Home:
    """A home of its own; runs commands there and measures them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = clean_environment() | {
            "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
            "GONGKAI_HOME": str(folder),
            "GONGKAI_DEMO_PASSWORD": "bench-password",
        }

    def run(self, *command: str) -> tuple[str, float, float]:
        """Return stdout, seconds and the process's peak memory in MB.

        Raises:
            SystemExit: the command failed; its stderr is shown.
        """
        log = self.folder / "stderr.log"
        began = time.monotonic()
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            output = process.stdout.read()
            _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()}")
        return output, seconds, usage.ru_maxrss / 1000

    def manage(self, *arguments: str) -> tuple[str, float, float]:
        """Run ``manage.py`` with the arguments."""
        return self.run("manage.py", *arguments)


def measure(folder: Path, rows: int, single: int) -> dict[str, Any]:
    """Return all figures; ``single`` rows are published one by one afterwards."""
    home = Home(folder)
    bulk_file, single_file = folder / "bulk.jsonl", folder / "single.jsonl"
    home.manage("migrate", "-v", "0")
    home.manage("load_demo", "--size", "small")
    home.manage("drain", "--once")
    home.manage("generate", str(rows), str(bulk_file), "--seed", "1")
    home.manage("generate", str(single), str(single_file), "--seed", "2")
    output, seconds, peak = home.manage(
        *("import_items", str(bulk_file), "--publish", "--json"),
        *("--reviewed-by", REVIEWED_BY, "--source", "bench"),
    )
    summary = json.loads(output)
    searchable, drain_peak = until_found(home, rows)
    one_by_one = json.loads(home.run("-m", "bench.add_child", str(single_file))[0])
    per_row = summary["seconds"] * 1000 / rows  # without the start of the process
    return {
        "rows": summary["published"],
        "import_s": seconds,
        "rows_per_s": rows / seconds,
        "transactions": summary["transactions"],
        "longest_transaction_s": summary["longest_transaction_s"],
        "import_peak_mb": peak,
        "searchable_s": searchable,
        "drain_peak_mb": drain_peak,
        "bulk_ms_per_row": per_row,
        "one_by_one_ms_per_row": one_by_one["ms_per_row"],
        "times_faster": one_by_one["ms_per_row"] / per_row,
    }


def until_found(home: Home, rows: int) -> tuple[float, float]:
    """Drain the index until nothing is due; returns seconds and peak memory.

    Raises:
        SystemExit: the index does not hold what is public.
    """
    _output, seconds, peak = home.manage("drain", "--once")
    report = json.loads(home.manage("reconcile", "--target", "index", "--json")[0])
    for target in report if isinstance(report, list) else [report]:
        if target["checked"] < rows or any(target[name] for name in UNEQUAL):
            raise SystemExit(f"not everything is found: {target}")
    return seconds, peak


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table("what", "figure")
    for name, value in figures.items():
        text = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        table.add_row(name.replace("_", " "), text)
    Console(stderr=True).print(table)


def main() -> int:
    """Measure; exit code 1 if 10,000 rows or fewer miss the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=BUDGET_ROWS)
    parser.add_argument("--one-by-one", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        figures = measure(Path(folder), options.rows, options.one_by_one)
    show(figures)
    if options.json:
        json.dump(figures, sys.stdout, indent=1)
    slow = max(figures["import_s"], figures["searchable_s"]) > BUDGET_S
    return int(slow and options.rows <= BUDGET_ROWS)


if __name__ == "__main__":
    sys.exit(main())
