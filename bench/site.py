"""Starting and serving: first and second start, memory, p50/p95, requests per second.

Starts the real thing by ``./run`` in a new home (packages must be there already) and
reads pages from another process over loopback. A query string passes the page cache.

    python -m bench.site [--requests 200] [--threads 4] [--json]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from tests import sites

QUERIES = ("低保", "宅基地审批", "征地补偿", "财政 预算", "云政〔2026〕")


def main() -> None:
    """Measure and print a table on stderr, JSON on stdout when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        figures = measure(Path(folder), options.requests, options.threads)
    show(figures)
    if options.json:
        json.dump(figures, sys.stdout, ensure_ascii=False, indent=1)


def measure(home: Path, requests: int, threads: int) -> dict[str, dict[str, float]]:
    """Return figures by name: seconds, megabytes, milliseconds, requests per second."""
    figures: dict[str, dict[str, float]] = {}
    port = sites.two_ports()
    start = time.monotonic()
    with sites.embedded(home, port) as site:
        figures["first start"] = {"s": time.monotonic() - start}
        paths = paths_of(site.url)
    start = time.monotonic()
    with sites.embedded(home, port) as site:
        figures["second start"] = {"s": time.monotonic() - start}
        idle = site.resident_bytes() / 1e6
        for name, path in paths.items():
            figures[name] = load(site.url, path, requests, threads)
        figures["memory of both"] = {
            "idle_mb": idle,
            "after_load_mb": site.resident_bytes() / 1e6,
        }
    return figures


def paths_of(base: str) -> dict[str, Callable[[int], str]]:
    """Return a path for the n-th request, by the name of what is measured."""
    items = httpx.get(f"{base}/api/v1/items?limit=60").json()["items"]
    addresses = [item["url"].removeprefix(base) for item in items]
    return {
        "home page": lambda n: "/",
        "item page, cached": lambda n: addresses[0],
        "item page, not cached": lambda n: f"{addresses[n % len(addresses)]}?n={n}",
        "list": lambda n: "/disclosure/work/",
        "search page": lambda n: f"/search/?q={QUERIES[n % len(QUERIES)]}",
        "search API": lambda n: f"/api/v1/search?q={QUERIES[n % len(QUERIES)]}",
        "reading points": lambda n: "/reading-points/",
    }


def load(
    base: str, path: Callable[[int], str], requests: int, threads: int
) -> dict[str, float]:
    """Read one at a time (p50, p95 in ms), then with threads (requests per second)."""
    with httpx.Client(base_url=base, timeout=30) as client:

        def read(number: int) -> float:
            begin = time.perf_counter()
            answer = client.get(path(number))
            answer.raise_for_status()
            return (time.perf_counter() - begin) * 1000

        for number in range(5):
            read(number)
        times = sorted(read(number) for number in range(requests))
        begin = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read, range(requests)))
        took = time.perf_counter() - begin
    return {
        "p50_ms": statistics.median(times),
        "p95_ms": times[int(len(times) * 0.95) - 1],
        "per_s": requests / took,
    }


def show(figures: dict[str, dict[str, float]]) -> None:
    """Print the figures as a table."""
    table = Table("what", "figures")
    for name, values in figures.items():
        text = ", ".join(f"{key} {value:.1f}" for key, value in values.items())
        table.add_row(name, text)
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
