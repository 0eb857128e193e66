"""200 items created, changed and withdrawn at a real Plone while another client writes.

    python -m bench.plone_run --site http://127.0.0.1:8080/Plone --admin NAME:PASSWORD
        [--items 200] [--writers 1] [--pause 0.2] [--json]

``--site`` is any Plone 6 with plone.restapi; the admin makes a folder and an account of
their own for the run. In a new home, embedded, the real drain delivers: after each step
`reconcile` must find nothing, and a stranger must read each item as it should be. The
other client creates, changes and publishes items in a folder beside ours all the time.
Exit code 1 if anything differs.
"""

import argparse
import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from statistics import median
from typing import Any

LIMIT_S = 1800.0
EVERY_TENTH = 10
ROLES = dict.fromkeys(("Contributor", "Editor", "Reviewer", "Reader"), True)


class Site:
    """A Plone site as one account, or as a stranger."""

    def __init__(self, url: str, account: str = "") -> None:
        self.url, self.account = url.rstrip("/"), account

    def ask(self, method: str, path: str, message: Any = None) -> tuple[int, Any]:
        """Return status and JSON."""
        url = path if path.startswith("http") else self.url + path
        data = None if message is None else json.dumps(message).encode()
        request = urllib.request.Request(url, data, method=method)  # noqa: S310
        request.add_header("Accept", "application/json")
        request.add_header("Content-Type", "application/json")
        if self.account:
            text = base64.b64encode(self.account.encode()).decode()
            request.add_header("Authorization", f"Basic {text}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        return status, json.loads(body) if body[:1] in (b"{", b"[") else {}


def prepare(site: str, admin: str) -> tuple[str, str]:
    """Make a folder and an account; returns its address and ``name:password``."""
    mark = secrets.token_hex(4)
    name, password = f"gongkai-{mark}", secrets.token_urlsafe(16)
    boss = Site(site, admin)
    user = {"username": name, "password": password, "roles": ["Member"]}
    steps = (
        ("POST", "/@users", {**user, "email": f"{name}@example.org"}),
        ("POST", "", {"@type": "Folder", "id": name, "title": "政府信息公开"}),
        ("POST", f"/{name}/@workflow/publish", {}),
        ("POST", f"/{name}/@sharing", {
            "entries": [{"id": name, "roles": ROLES, "type": "user"}],
            "inherit": True,
        }),
        ("POST", "", {"@type": "Folder", "id": f"{name}-others", "title": "别的栏目"}),
    )  # fmt: skip
    for method, path, message in steps:
        status, answer = boss.ask(method, path, message)
        if status >= 300:  # noqa: PLR2004
            raise SystemExit(f"{method} {path}: {status} {answer}")
    return f"{boss.url}/{name}", f"{name}:{password}"


def write_on(folder: str, account: str) -> None:
    """Be the other client until stopped: create, publish, change; tell the counts."""
    site, counts, number = Site(folder, account), {"ok": 0, "failed": 0}, 0
    while not os.path.exists(os.environ["STOP_FILE"]):
        number += 1
        name = f"n{os.getpid()}-{number}"
        item = {"@type": "News Item", "id": name, "title": f"别的内容{number}"}
        for method, path, message in (
            ("POST", "", item),
            ("POST", f"/{name}/@workflow/publish", {}),
            ("PATCH", f"/{name}", {"title": f"改过的内容{number}"}),
        ):
            time.sleep(float(os.environ["PAUSE_S"]))
            status, _answer = site.ask(method, path, message)
            counts["ok" if status < 300 else "failed"] += 1  # noqa: PLR2004
    json.dump(counts, sys.stdout)


def start_writers(
    folder: str, admin: str, count: int, stop: str, pause_s: float
) -> list[Any]:
    """Start the other clients."""
    return [
        subprocess.Popen(
            [sys.executable, "-m", "bench.plone_run", "--write-on", folder],
            env=os.environ
            | {"STOP_FILE": stop, "WRITER": admin, "PAUSE_S": str(pause_s)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _number in range(count)
    ]


class Township:
    """The sending side, in this process: a new home with the real outbox."""

    def __init__(self, folder: str, address: str, account: str) -> None:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "cms.settings.test",
            "GONGKAI_HOME": folder,
            "GONGKAI_TEST_DB": f"{folder}/unused.sqlite3",
        }
        import django  # noqa: PLC0415

        django.setup()
        from django.conf import settings  # noqa: PLC0415
        from django.core.management import call_command  # noqa: PLC0415

        settings.GONGKAI_INDEXES = []
        settings.GONGKAI_PORTALS = {"city": f"plone+{address}"}
        settings.GONGKAI_PORTAL_KEYS = {"city": account}
        call_command("migrate", verbosity=0)
        from tests import factories  # noqa: PLC0415

        self.factories = factories
        factories.set_up()
        self.stranger = Site(address)
        self.items: list[Any] = []

    def create(self, count: int) -> None:
        """Publish items, every tenth with a file."""
        make = self.factories
        for number in range(count):
            documents = []
            if number % EVERY_TENTH == 0:
                content = secrets.token_bytes(20_000 * (1 + number % 80))
                documents = [make.make_document(f"名单{number}.bin", content)]
            self.items.append(make.make_item(f"关于第{number}件事的通知",
                                             documents=documents))  # fmt: skip

    def change(self) -> None:
        """Publish a new revision of each item."""
        from cms.approval import publication_approved  # noqa: PLC0415

        for item in self.items:
            item.refresh_from_db()
            item.title = f"{item.title}（更正）"
            with publication_approved("bench"):
                item.save_revision().publish(skip_permission_checks=True)

    def withdraw(self) -> None:
        """Take each item back."""
        for item in self.items:
            item.refresh_from_db()
            item.unpublish()

    def deliver(self) -> dict[str, float]:
        """Drain until nothing is due; returns seconds and tries."""
        from tasks.drain import drain  # noqa: PLC0415
        from tasks.models import OutboxEntry  # noqa: PLC0415

        began, rounds = time.monotonic(), 0
        behind = OutboxEntry.objects.filter(target="portal:city").pending()
        waiting = behind.count()
        while behind.exists():
            if time.monotonic() - began > LIMIT_S:
                raise SystemExit(f"not delivered: {behind.first().last_error}")
            rounds += 1
            if not drain():
                time.sleep(0.2)
        seconds = time.monotonic() - began
        return {"sent": waiting, "seconds": seconds, "rounds": rounds}

    def differences(self) -> list[str]:
        """Return what `reconcile` finds, as ``kind key``."""
        from tasks.reconciliation import reconcile  # noqa: PLC0415

        (report,) = reconcile("portal:city")
        if report.error:
            raise SystemExit(report.error)
        return [f"{found.kind} {key}" for key, found in report.differences.items()]

    def wrong(self, right: Callable[[int, Any, Any], bool]) -> int:
        """Return for how many items a stranger does not read what is right."""
        from tasks.models import OutboxEntry  # noqa: PLC0415

        rows = OutboxEntry.objects.filter(target="portal:city")
        urls = {row.key: row.receipt["url"] for row in rows}
        answers = [(item, *self.stranger.ask("GET", urls[item.key]))
                   for item in self.items]  # fmt: skip
        return sum(not right(status, data, item) for item, status, data in answers)


def shown(status: int, data: Any, item: Any) -> bool:
    """Whether a stranger reads the item as it is."""
    return status == 200 and data["title"] == item.title  # noqa: PLR2004


def hidden(status: int, data: Any, item: Any) -> bool:
    """Whether a stranger reads nothing."""
    return status in (401, 404)


def run(options: argparse.Namespace, folder: str) -> dict[str, Any]:
    """Do all three steps; returns the figures."""
    address, account = prepare(options.site, options.admin)
    township = Township(folder, address, account)
    stop = f"{folder}/stop"
    writers = start_writers(
        f"{address}-others", options.admin, options.writers, stop, options.pause
    )
    steps: tuple[tuple[str, Callable[[], None], Any], ...] = (
        ("created", lambda: township.create(options.items), shown),
        ("changed", township.change, shown),
        ("withdrawn", township.withdraw, hidden),
    )
    found: dict[str, Any] = {
        "items": options.items,
        "writers": options.writers,
        "pause_s": options.pause,
    }
    try:
        for name, act, right in steps:
            act()
            figures = township.deliver()
            figures["per_s"] = figures["sent"] / figures["seconds"]
            began = time.monotonic()
            figures["differences"] = township.differences()
            figures["reconcile_s"] = time.monotonic() - began
            figures["wrong_for_a_stranger"] = township.wrong(right)
            found[name] = figures
            print(name, json.dumps(figures), file=sys.stderr)  # noqa: T201
    finally:
        with open(stop, "w"):
            pass
    counts = [json.loads(writer.communicate(timeout=120)[0]) for writer in writers]
    found["others"] = {
        "requests": sum(sum(each.values()) for each in counts),
        "failed": sum(each["failed"] for each in counts),
    }
    found["median_per_s"] = median(found[name]["per_s"] for name, *_rest in steps)
    return found


def main() -> int:
    """Run; exit code 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site")
    parser.add_argument("--admin", help="NAME:PASSWORD of a Manager")
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.2, help="s between requests")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write-on", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write_on:
        write_on(options.write_on, os.environ["WRITER"])
        return 0
    if not (options.site and options.admin):
        parser.error("--site and --admin are needed")
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        found = run(options, folder)
    if options.json:
        json.dump(found, sys.stdout, indent=1)
    steps = (found[name] for name in ("created", "changed", "withdrawn"))
    return int(any(s["differences"] or s["wrong_for_a_stranger"] for s in steps))


if __name__ == "__main__":
    sys.exit(main())
