"""The acts of ``bench.reconcile_scale`` inside a home, one a process.

DJANGO_SETTINGS_MODULE=… GONGKAI_HOME=… python -m bench.reconcile_scale_inside ACT …
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402
from django.db.models.functions import Now  # noqa: E402
from django.utils import timezone  # noqa: E402

from disclosure_pages.models import ExternalItem, Origin  # noqa: E402
from disclosure_pages.models.external import bucket_of  # noqa: E402
from disclosure_pages.public_state import public_keys, public_states  # noqa: E402
from tasks import reconciliation  # noqa: E402
from tasks.drain import drain  # noqa: E402
from tasks.models import OutboxEntry  # noqa: E402
from tasks.reconciliation import reconcile  # noqa: E402
from tests.copies import add_items  # noqa: E402

TARGET = "portal:city"
CHUNK = 500


def fill(items: str, out: str) -> None:
    """Write public items, their states, and the outbox of what was delivered."""
    add_items(int(items) - 1)
    OutboxEntry.objects.all().delete()
    keys, now = public_keys(), timezone.now()
    with Path(out).open("w", encoding="utf-8") as file:
        for start in range(0, len(keys), CHUNK):
            states = public_states(keys[start : start + CHUNK]).values()
            file.writelines(f"{json.dumps(vars(state))}\n" for state in states)
            OutboxEntry.objects.bulk_create(
                OutboxEntry(
                    target=TARGET,
                    key=state.key,
                    wanted=1,
                    delivered=1,
                    delivered_sha256=state.sha256,
                    delivered_at=now,
                    next_at=now,
                    checked_at=now,
                )
                for state in states
            )


def receive(states: str, origin: str) -> None:
    """Write what was sent into the portal's rows, as it would have stored it."""
    Origin.objects.create(credit_code=origin, name="云溪镇人民政府")
    with Path(states).open(encoding="utf-8") as file:
        while rows := list(_received(file, origin)):
            ExternalItem.objects.bulk_create(rows)


def _received(lines: Iterator[str], origin: str) -> Iterator[ExternalItem]:
    for _number, line in zip(range(CHUNK), lines, strict=False):
        state = json.loads(line)
        names = ("metadata", "html", "attachments", "reason")
        yield ExternalItem(
            origin=origin,
            version=1,
            bucket=bucket_of(state["key"]),
            payload={name: state[name] for name in names},
            kind=state["metadata"]["type"],
            title=state["metadata"]["title"],
            category=state["metadata"]["category"],
            date_published=state["metadata"]["date_published"] or None,
            **{name: state[name] for name in ("key", "state", "sha256")},
        )


def spoil(count: str) -> None:
    """Let some items differ: every other kind of difference in turn."""
    rows = ExternalItem.objects.order_by("sha256").values_list("pk", flat=True)
    for number, pk in enumerate(list(rows[: int(count)])):
        row = ExternalItem.objects.filter(pk=pk)
        if number % 3 == 0:
            row.update(sha256="0" * 64)
        elif number % 3 == 1:
            row.update(version=F("version") + 7)
        else:
            row.delete()


def heal() -> None:
    """Ask for new deliveries of what differs, and deliver."""
    reconcile(TARGET, heal=True, trusting=True)
    drain(only=[TARGET])
    OutboxEntry.objects.filter(checked_at=None).update(checked_at=Now())


def compare(way: str = "quick") -> None:
    """Compare, and print what it took as JSON."""
    counted = {"queries": 0, "made": 0}
    made = reconciliation.public_states

    def counting(keys: list[str]) -> Any:
        counted["made"] += len(keys)
        return made(keys)

    def query(execute: Any, *rest: Any) -> Any:
        counted["queries"] += 1
        return execute(*rest)

    reconciliation.public_states = counting
    began, worked = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(query):
        (report,) = reconcile(TARGET, trusting=way == "quick")
    figure = {
        "seconds": time.perf_counter() - began,
        "processor_s": time.process_time() - worked,
        "differ": len(report.differences),
        "checked": report.checked,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        **counted,
    }
    if report.error:
        raise SystemExit(report.error)
    sys.stdout.write(json.dumps(figure))


ACTS = {act.__name__: act for act in (fill, receive, spoil, heal, compare)}

if __name__ == "__main__":
    ACTS[sys.argv[1]](*sys.argv[2:])
