"""Queries and processor time of a whole review: submission and three approvals.

A query reads or writes: marks of transactions (savepoints and the like) don't count,
as they depend on how many blocks lie within each other.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

STEPS = 3
TRANSACTION_MARKS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


class Measured:
    """What one cycle cost: in acts (what is written) and in screens (what is read)."""

    def __init__(self) -> None:
        self.queries = {"acts": 0, "screens": 0}
        self.cpu_ms = {"acts": 0.0, "screens": 0.0}

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        with CaptureQueriesContext(connection) as asked:
            began = time.process_time()
            yield
            self.cpu_ms[name] += (time.process_time() - began) * 1000
        self.queries[name] += sum(
            not query["sql"].startswith(TRANSACTION_MARKS) for query in asked
        )

    def act(self) -> Any:
        """Count what is done here as an act."""
        return self._part("acts")

    def screen(self) -> Any:
        """Count what is done here as a screen that a reviewer reads."""
        return self._part("screens")


def measure(
    cycles: int,
    make: Callable[[int], Page],
    submit: Callable[[Page], Any],
    decide: Callable[[Page, int, Measured], None],
) -> dict[str, Any]:
    """Return the median queries and milliseconds of a cycle, after one to warm up.

    Raises:
        SystemExit: a page was not live after its third approval.
    """
    found = []
    for number in range(cycles + 1):
        page = make(number)
        measured = Measured()
        with measured.act():
            submit(page)
        for step in range(STEPS):
            page = type(page).objects.get(pk=page.pk)
            decide(page, step, measured)
        if not type(page).objects.get(pk=page.pk).live:
            raise SystemExit(f"not live after {STEPS} approvals")
        found.append(measured)
    return {
        part: {
            "queries": statistics.median(one.queries[part] for one in found[1:]),
            "cpu_ms": statistics.median(one.cpu_ms[part] for one in found[1:]),
        }
        for part in ("acts", "screens")
    }
