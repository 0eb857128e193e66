"""How long does a search take as a whole page, over a large collection?

    python -m bench.search_page --corpus FILE --queries FILE [--requests 300]

Loads the texts of a BEIR-like corpus as published items (``import_items``), lets the
index follow, starts the web process and, once it is idle, reads ``/search/`` over
loopback, one request at a time, each past the page cache: the questions as they are,
and words of two characters, both with every facet.
Exit code 1 above ``--budget`` milliseconds at p95.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
from rich.console import Console

from bench.import_items import REVIEWED_BY, Home, until_found
from bench.rig import Group
from bench.search_quality import lines
from bench.site import load, show
from tests.tasks.processes import free_port

IDLE_S = 5  # in a row
BEGUN_S = 140  # after which the last of the long jobs of a start has begun
WORDS = ("罚款", "合同", "登记", "许可", "社保", "工伤", "离婚", "公示", "耕地", "税务")


def rows(corpus: Path) -> Iterator[str]:
    """Give each text of the corpus as a row of an import."""
    for number, line in enumerate(lines(corpus)):
        day = f"{2008 + number % 18}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        row = {
            "external_id": line["id"],
            "title": line["title"][:200],
            "category": "decision",
            "date_made": day,
            "date_published": day,
            "body": line["text"],
        }
        yield json.dumps(row, ensure_ascii=False)


def fill(home: Home, corpus: Path) -> int:
    """Load the corpus, published and found; returns how many items."""
    file = home.folder / "items.jsonl"
    file.write_text("\n".join(made := list(rows(corpus))))
    home.manage("migrate", "-v", "0")
    home.manage("load_demo", "--size", "small")
    home.manage("collectstatic", "--no-input", "-v", "0")
    home.manage(
        *("import_items", str(file), "--publish", "--json"),
        *("--reviewed-by", REVIEWED_BY, "--source", "bench"),
    )
    until_found(home, len(made))
    return len(made)


def paths(queries: Path) -> dict[str, Callable[[int], str]]:
    """Return the path of the n-th request, by what is asked."""
    asked = [line["text"] for line in lines(queries)]
    return {
        "search page, questions": lambda n: address(asked[n % len(asked)], n),
        "search page, words": lambda n: address(WORDS[n % len(WORDS)], n),
    }


def address(text: str, number: int) -> str:
    """Return the address of a search that no cache knows."""
    return (
        f"/search/?q={quote(text)}&from=19{10 + number % 80}-01-{1 + number // 80:02d}"
    )


def until_idle(pid: int, limit_s: float = 1800) -> None:
    """Wait until what a site does after its start is done: under a tenth of a core.

    Raises:
        SystemExit: it goes on working.
    """
    time.sleep(BEGUN_S)
    main = psutil.Process(pid)
    group = [main, *main.children(recursive=True)]
    ends = time.monotonic() + limit_s
    quiet = 0
    while quiet < IDLE_S:
        if time.monotonic() > ends:
            raise SystemExit(f"the site is still busy after {limit_s:.0f} s")
        before = sum(sum(each.cpu_times()[:2]) for each in group)
        time.sleep(1)
        busy = sum(sum(each.cpu_times()[:2]) for each in group) - before > 0.1
        quiet = 0 if busy else quiet + 1


def main() -> int:
    """Load, serve, read, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--budget", type=float, default=100.0, help="p95, in ms")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    screen = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        home = Home(Path(folder))
        port = str(free_port())
        home.environment["PORT"] = port  # part of every address: the same for all
        screen.print("loading …")
        screen.print(f"{fill(home, options.corpus):,} items")
        serve = [sys.executable, "-m", "gunicorn", "cms.wsgi", "-c", "gunicorn.conf.py"]
        site = Group(serve, home.environment, home.folder / "site.log")
        base = f"http://127.0.0.1:{port}"
        site.start(f"{base}/healthz")
        try:
            until_idle(site.process.pid)
            figures = {
                name: load(base, path, options.requests, 2)
                for name, path in paths(options.queries).items()
            }
        finally:
            site.kill()
    show(figures)
    if options.json:
        json.dump(figures, sys.stdout, ensure_ascii=False, indent=1)
    slow = max(row["p95_ms"] for row in figures.values()) > options.budget
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
