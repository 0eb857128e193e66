"""Making the same rows again without the work: tables as they were before and after.

Setting up a site takes 1,500 queries and hundreds of tests start with it. What it
wrote the first time is written again, row by row, wherever a test starts from exactly
the same rows in every table that the work named; from any others, and in another five
minutes of the (test's) clock, the work is done.
"""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

Rows = dict[str, set[tuple]]
KEPT = 6
SLOT_S = 300


class Snapshots:
    """What one function made of the database, from several beginnings."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make
        self._known: list[tuple[int, Rows, Rows]] = []

    def __call__(self) -> None:
        """Bring the database to where the function brings it."""
        slot = int(timezone.now().timestamp() // SLOT_S)
        before = dump()
        for known_slot, known_before, after in self._known:
            if known_slot == slot and known_before.items() <= before.items():
                write(known_before, after)
                return
        said: set[str] = set()
        with connection.execute_wrapper(listening(said)):
            self.make()
        after = dump()
        named = [table for table in after if any(table in sql for sql in said)]
        states = [{table: rows[table] for table in named} for rows in (before, after)]
        self._known = [(slot, *states), *self._known][:KEPT]


def listening(said: set[str]) -> Callable[..., Any]:
    """Return what adds every statement to a set on its way to the database."""

    def listen(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        said.add(sql)
        return execute(sql, *rest)

    return listen


def dump() -> Rows:
    """Return every row of every table of ours."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = set(map(tuple, cursor.fetchall()))
    return found


@transaction.atomic
def write(before: Rows, after: Rows) -> None:
    """Turn the one state into the other and forget what was cached of it."""
    changed = [table for table in after if before[table] != after[table]]
    with connection.cursor() as cursor:
        for table in changed:
            name = connection.ops.quote_name(table)
            gone = before[table] - after[table]
            if gone:
                cursor.execute(f"DELETE FROM {name}")
            rows = after[table] if gone else after[table] - before[table]
            if not rows:
                continue
            marks = ", ".join(["%s"] * len(next(iter(after[table]), ())))
            ordered = sorted(rows, key=lambda row: str(row[0]).zfill(12))
            cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", ordered)
        number_after(cursor, changed)
    cache.clear()


def number_after(cursor: CursorWrapper, tables: list[str]) -> None:
    """Number new rows after those that were written with their numbers (PostgreSQL)."""
    models = apps.get_models(include_auto_created=True)
    written = [model for model in models if model._meta.db_table in tables]
    if statements := connection.ops.sequence_reset_sql(no_style(), written):
        cursor.execute("; ".join(statements))
