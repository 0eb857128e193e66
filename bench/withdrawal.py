"""How long from a withdrawal until each place has forgotten it, whatever is down?

    python bench/withdrawal.py [--times 5] [--mode embedded|production] [--json FILE]

Withdraws in one process while a site serves; asks every place over HTTP until none
knows the item. Seconds from the commit, and of the act itself. Once with everything up
and once with each service away: the portal, and with DATABASE_URL, REDIS_URL and
ELASTICSEARCH_URL also Redis, Elasticsearch and the worker. Exit code 1 when a place of
this site took more than a second, or with everything up the portal more than five.
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.latency import get  # noqa: E402
from bench.rig import ORIGIN, Rig  # noqa: E402
from bench.services import Services, own_services, services_given  # noqa: E402

POLL_S = 0.01
LIMIT_S = 30.0
LOCAL_S, PORTAL_S = 1.0, 5.0
PORTAL = "portal"
Shown = Callable[[], bool]


def opens(url: str) -> Shown:
    """Return whether an address answers with 200."""
    return lambda: get(url)[0] == 200


def names(url: str, word: str) -> Shown:
    """Return whether what an address says contains the word."""
    return lambda: word.encode() in get(url)[1]


def hits(url: str) -> Shown:
    """Return whether a search finds anything."""
    return lambda: json.loads(get(url)[1])["total"] > 0


def places(rig: Rig, word: str, item: dict[str, str]) -> dict[str, Shown]:
    """Return every place and whether it shows the item."""
    url, key = rig.url, item["key"]
    return {
        "page": opens(f"{url}{item['page']}"),
        "file": opens(f"{url}{item['file']}"),
        "picture": opens(f"{url}{item['picture']}"),
        "category list": names(f"{url}/disclosure/work/", word),
        "office list": names(f"{url}{item['section']}", word),
        "feed": names(f"{url}/feeds/latest.rss", word),
        "export": names(f"{url}/lists/items.json", word),
        "sitemap": names(f"{url}/sitemap-items-1.xml", item["page"]),
        "API item": opens(
            f"{url}/api/v1/item?index_number={quote(item['index_number'])}"
        ),
        "API list": names(f"{url}/api/v1/items", word),
        "search": hits(f"{url}/api/v1/search?q={word}"),
        PORTAL: opens(f"{rig.portal.url}/external/{ORIGIN}/{key}/"),
    }


def measure(rig: Rig, begin: Callable[[], object], *, portal: bool) -> dict[str, float]:
    """Publish one, wait until all show it, withdraw it; seconds for each place."""
    word = "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _letter in range(9))
    item = rig.township.do("publish_whole", word=word)
    shown = places(rig, word, item)
    deadline = time.monotonic() + LIMIT_S
    while late := [name for name, is_shown in shown.items() if not is_shown()]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"never shown: {late}")
        time.sleep(0.1)
    begin()
    if not portal:
        del shown[PORTAL]
    act_s = rig.township.do("withdraw_one", key=item["key"])
    began = time.monotonic()
    with ThreadPoolExecutor(len(shown)) as pool:
        gone = {name: pool.submit(seconds_shown, shown[name], began) for name in shown}
    return {"the act itself": act_s} | {
        name: seconds.result() for name, seconds in gone.items()
    }


def seconds_shown(is_shown: Shown, began: float) -> float:
    """Return how long after ``began`` the first request set out that found nothing."""
    while True:
        asked = time.monotonic()
        if not is_shown():
            return asked - began
        if asked > began + LIMIT_S:
            return float("inf")
        time.sleep(POLL_S)


def conditions(rig: Rig, services: Services | None) -> Iterator[tuple[str, tuple]]:
    """Yield what is away: its name, how it goes, how it comes back, portal reached."""
    yield "all up", (int, int, True)
    if services:
        broker, search = services.to_redis, services.to_search
        yield "Redis stopped", (broker.refuse, broker.open, False)
        yield "Redis hangs", (broker.hang, broker.flow, False)
        yield "Elasticsearch stopped", (search.refuse, search.open, True)
        yield "worker killed", (rig.worker.kill, rig.worker.start, False)
    yield "portal stopped", (rig.portal.stop, rig.portal.start, False)


def run(times: int, services: Services | None) -> dict[str, dict[str, float]]:
    """Start everything, measure each condition, stop; the slowest of each place."""
    with tempfile.TemporaryDirectory(prefix="gongkai-withdrawal-") as folder:
        rig = Rig(Path(folder), services.environment if services else None).start()
        try:
            rig.serve()
            if services:
                rig.worker.start()
                rig.beat.start()
            rig.township.do("publish", count=5)
            rig.wait_until_settled()
            get(f"{rig.url}/api/v1/search?q={quote('通知')}")  # loads the dictionaries
            return {
                name: _slowest(rig, times, *how)
                for name, how in conditions(rig, services)
            }
        finally:
            rig.stop()


def _slowest(
    rig: Rig, times: int, begin: Callable, end: Callable, portal: bool
) -> dict[str, float]:
    found: dict[str, float] = {}
    for _number in range(times):
        try:
            row = measure(rig, begin, portal=portal)
        finally:
            end()
        rig.wait_until_settled()
        for name, seconds in row.items():
            found[name] = max(found.get(name, 0.0), round(seconds, 3))
    return found


def too_slow(results: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Return what took longer than the budgets allow."""
    return [
        f"{mode}, {condition}: {place} {seconds} s"
        for mode, rows in results.items()
        for condition, row in rows.items()
        for place, seconds in row.items()
        if seconds > (PORTAL_S if place == PORTAL else LOCAL_S)
    ]


def main() -> int:
    """Print the tables; exit code 1 if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--mode", choices=["embedded", "production"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {}
    if options.mode != "production":
        results["embedded"] = run(options.times, None)
    if services_given() and options.mode != "embedded":
        with own_services("withdrawal") as services:
            results["production"] = run(options.times, services)
    for mode, rows in results.items():
        for condition, row in rows.items():
            print(f"{mode}, {condition} (slowest of {options.times}, seconds)")
            for place, seconds in row.items():
                print(f"  {place:16}{seconds:8}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2, ensure_ascii=False))
    slow = too_slow(results)
    print("\n".join(slow) or "every place within its budget")
    return 1 if slow or not results else 0


if __name__ == "__main__":
    sys.exit(main())
