"""kill -9 and outages, many times: is anything lost, does anything arrive twice?

    python bench/faults.py [--kills 20] [--only NAME] [--json FILE]

Without services: deliveries killed at each named place, the site, the portal. With
DATABASE_URL, REDIS_URL and ELASTICSEARCH_URL (``eval "$(./test services env)"``) also
worker, Redis and Elasticsearch; it makes databases, keys and indexes of its own.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.rig import Rig  # noqa: E402
from bench.services import own_services, services_given  # noqa: E402
from tasks.failpoints import NAMES  # noqa: E402
from tests.tasks.faults import KILLED  # noqa: E402

ITEMS = 12


@dataclass
class Outcome:
    """What one kind of fault did; times in seconds."""

    fault: str
    times: int = 0
    lost: int = 0
    doubled: int = 0
    given_up: int = 0
    slowest_edit_s: float = 0.0
    slowest_recovery_s: float = 0.0

    def look(self, rig: Rig) -> None:
        """Compare database, index and portal, and count what differs."""
        for _target, _error, kind, _key in rig.township.do("problems"):
            if kind in ("doubled", "extra"):
                self.doubled += 1
            elif kind == "dead":
                self.given_up += 1
            else:
                self.lost += 1

    def edit(self, rig: Rig, text: str) -> None:
        """Publish, change and withdraw, and note how long an editor waited."""
        began = time.monotonic()
        rig.township.do("publish")
        rig.township.do("edit", text=text, limit=3)
        rig.township.do("withdraw")
        self.slowest_edit_s = max(self.slowest_edit_s, time.monotonic() - began)

    def recovered(self, seconds: float) -> None:
        """Note how long it took until everything was everywhere."""
        self.slowest_recovery_s = max(self.slowest_recovery_s, seconds)


def kill_deliveries(rig: Rig, name: str, kills: int) -> Outcome:
    """Kill the delivering process at one failpoint."""
    outcome = Outcome(f"kill -9 {name}")
    for number in range(kills):
        outcome.edit(rig, f"{name} {number}")
        hit = 1 + number % 2  # the index's delivery, or the portal's
        outcome.times += rig.township.kill_drain(f"{name}:kill:{hit}")
        outcome.recovered(rig.township.settle())
    outcome.look(rig)
    return outcome


def kill_editors(rig: Rig, kills: int) -> Outcome:
    """Kill the publishing process just before its commit."""
    outcome = Outcome("kill -9 before_commit")
    for number in range(kills):
        status, _value = rig.township.order(
            "edit", failpoint="before_commit:kill", text=f"ghost {number}"
        )
        outcome.times += status == KILLED
        outcome.lost += rig.township.do("behind")
    outcome.look(rig)
    return outcome


def kill_site(rig: Rig, kills: int) -> Outcome:
    """Kill the web process, which drains in embedded mode, at a random moment."""
    outcome = Outcome("kill -9 web (embedded)")
    rig.site.start(f"{rig.url}/healthz")
    for number in range(kills):
        outcome.edit(rig, f"web {number}")
        time.sleep(random.uniform(0, 0.6))
        rig.site.kill()
        outcome.times += 1
        began = time.monotonic()
        rig.site.start(f"{rig.url}/healthz")
        rig.wait_until_settled()
        outcome.recovered(time.monotonic() - began)
    rig.site.kill()
    outcome.look(rig)
    return outcome


def kill_portal(rig: Rig, kills: int) -> Outcome:
    """Kill the portal while it is sent to; deliver when it is back."""
    outcome = Outcome("kill -9 portal")
    for number in range(kills):
        outcome.edit(rig, f"portal {number}")
        rig.portal.process.kill()
        rig.portal.process.wait()
        rig.township.order("drain")
        outcome.times += 1
        rig.portal.start()
        outcome.recovered(rig.township.settle())
    outcome.look(rig)
    return outcome


def kill_worker(rig: Rig, kills: int) -> Outcome:
    """Kill the Celery worker with its children at a random moment."""
    outcome = Outcome("kill -9 worker")
    for number in range(kills):
        outcome.edit(rig, f"worker {number}")
        time.sleep(random.uniform(0, 0.6))
        rig.worker.kill()
        outcome.times += 1
        began = time.monotonic()
        rig.worker.start()
        rig.wait_until_settled()
        outcome.recovered(time.monotonic() - began)
    outcome.look(rig)
    return outcome


def outage(
    rig: Rig, fault: str, kills: int, begin: Callable, end: Callable, lasts_s: float
) -> Outcome:
    """Edit while a service is away; recovery counts from its return."""
    outcome = Outcome(fault)
    for number in range(kills):
        begin()
        outcome.edit(rig, f"{fault} {number}")
        time.sleep(lasts_s)
        end()
        outcome.times += 1
        outcome.recovered(rig.wait_until_settled())
    outcome.look(rig)
    return outcome


def embedded(kills: int, only: str) -> Iterator[Outcome]:
    """Faults that need no service."""
    with tempfile.TemporaryDirectory(prefix="gongkai-faults-") as folder:
        rig = Rig(Path(folder)).start()
        try:
            rig.township.do("publish", count=ITEMS)
            rig.township.settle()
            for name in NAMES:
                if only in name and name != "before_commit":
                    yield kill_deliveries(rig, name, kills)
            if only in "before_commit":
                yield kill_editors(rig, kills)
            if only in "portal":
                yield kill_portal(rig, kills)
            if only in "web":
                yield kill_site(rig, kills)
        finally:
            rig.stop()


def production(kills: int, only: str) -> Iterator[Outcome]:
    """Faults of the services, seen through proxies."""
    with (
        own_services("faults") as services,
        tempfile.TemporaryDirectory(prefix="gongkai-faults-") as folder,
    ):
        rig = Rig(Path(folder), services.environment).start()
        try:
            rig.worker.start()
            rig.beat.start()
            rig.township.do("publish", count=ITEMS)
            rig.wait_until_settled()
            if only in "worker":
                yield kill_worker(rig, kills)
            broker, search = services.to_redis, services.to_search
            for name, begin, end, lasts_s in (
                ("Redis flushed", services.broker.flushdb, int, 0),
                ("Redis stopped", broker.refuse, broker.open, 2),
                ("Redis hangs", broker.hang, broker.flow, 2),
                ("Elasticsearch stopped", search.refuse, search.open, 2),
            ):
                if only.lower() in name.lower():
                    yield outage(rig, name, kills, begin, end, lasts_s)
        finally:
            rig.stop()


def main() -> int:
    """Run everything asked for; exit code 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only", default="", help="part of a fault's name")
    parser.add_argument("--mode", choices=["embedded", "production"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    runs = []
    if options.mode != "production":
        runs.append(embedded)
    if services_given() and options.mode != "embedded":
        runs.append(production)
    print(f"{'fault':28}{'times':>6}{'lost':>6}{'twice':>6}{'dead':>6}", end="")
    print(f"{'edit s':>8}{'back s':>8}")
    outcomes = []
    for run in runs:
        for outcome in run(options.kills, options.only):
            outcomes.append(outcome)
            print(
                f"{outcome.fault:28}{outcome.times:6}{outcome.lost:6}"
                f"{outcome.doubled:6}{outcome.given_up:6}"
                f"{outcome.slowest_edit_s:8.2f}{outcome.slowest_recovery_s:8.2f}",
                flush=True,
            )
    if options.json:
        rows = [asdict(outcome) for outcome in outcomes]
        options.json.write_text(json.dumps(rows, indent=2))
    bad = any(row.lost or row.doubled or row.given_up for row in outcomes)
    return 1 if bad or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
