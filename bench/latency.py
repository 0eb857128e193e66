"""How long from a publication (or withdrawal) to the reader, here and at the portal?

    python bench/latency.py [--items 40] [--json FILE]

Publishes in one process while a site (or, with DATABASE_URL, REDIS_URL and
ELASTICSEARCH_URL, a site with a Celery worker) delivers; asks search and portal over
HTTP until they know. Seconds from the return of the publishing call, on an idle system.
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.rig import ORIGIN, Rig  # noqa: E402
from bench.services import own_services, services_given  # noqa: E402

POLL_S = 0.02
LIMIT_S = 60.0


def get(url: str) -> tuple[int, bytes]:
    """Return status and body."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def seconds_until(fact: Callable[[], bool], began: float) -> float:
    """Return how long after ``began`` the fact came true."""
    while not fact():
        if time.monotonic() > began + LIMIT_S:
            return float("inf")
        time.sleep(POLL_S)
    return time.monotonic() - began


def measure(rig: Rig, items: int) -> dict[str, list[float]]:
    """Publish and withdraw one by one; returns seconds by what was waited for."""
    found: dict[str, list[float]] = {
        "publish → found": [],
        "publish → at the portal": [],
        "withdraw → gone from search": [],
        "withdraw → gone from the portal": [],
    }
    for _number in range(items):
        word = "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _letter in range(9))
        search = f"{rig.url}/api/v1/search?q={word}"

        def hits(url: str = search) -> int:
            return json.loads(get(url)[1])["total"]

        key, _seconds = rig.township.do("publish_one", title=f"时延测试{word}")
        page = f"{rig.portal.url}/external/{ORIGIN}/{key}/"
        began = time.monotonic()
        found["publish → found"].append(seconds_until(lambda h=hits: h() == 1, began))
        found["publish → at the portal"].append(
            seconds_until(lambda p=page: get(p)[0] == 200, began)
        )
        rig.township.do("withdraw")
        began = time.monotonic()
        found["withdraw → gone from search"].append(
            seconds_until(lambda h=hits: h() == 0, began)
        )
        found["withdraw → gone from the portal"].append(
            seconds_until(lambda p=page: get(p)[0] == 410, began)
        )
    return found


def summary(seconds: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum."""
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {
        "p50": round(cuts[9], 3),
        "p95": round(cuts[18], 3),
        "max": round(max(seconds), 3),
    }


def run(items: int, services: dict[str, str]) -> dict[str, dict[str, float]]:
    """Start everything, measure, stop everything."""
    with tempfile.TemporaryDirectory(prefix="gongkai-latency-") as folder:
        rig = Rig(Path(folder), services).start()
        try:
            rig.site.start(f"{rig.url}/healthz")
            if services:
                rig.worker.start()
                rig.beat.start()
            rig.township.do("publish", count=5)
            rig.wait_until_settled()
            get(f"{rig.url}/api/v1/search?q={quote('通知')}")  # loads the dictionaries
            found = measure(rig, items)
        finally:
            rig.stop()
    return {name: summary(seconds) for name, seconds in found.items()}


def main() -> int:
    """Print the table; exit code 1 if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--mode", choices=["embedded", "production"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {}
    if options.mode != "production":
        results["embedded"] = run(options.items, {})
    if services_given() and options.mode != "embedded":
        with own_services("latency") as services:
            results["production"] = run(options.items, services.environment)
    print(f"{'mode':12}{'':34}{'p50':>8}{'p95':>8}{'max':>8}")
    for mode, rows in results.items():
        for name, row in rows.items():
            print(f"{mode:12}{name:34}{row['p50']:8}{row['p95']:8}{row['max']:8}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2, ensure_ascii=False))
    slow = any(row["p95"] > 5 for rows in results.values() for row in rows.values())
    return 1 if slow or not results else 0


if __name__ == "__main__":
    sys.exit(main())
