"""Many items edited again and again while three messages of ten meet a fault."""

import contextlib
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass

from disclosure_pages.models import ExternalItem

EDITS = 3
RATE = 0.3
TABLE = ExternalItem._meta.db_table
WATCH = f"""
    CREATE TABLE IF NOT EXISTS fallen (key TEXT, before INTEGER, after INTEGER);
    CREATE TRIGGER IF NOT EXISTS fell AFTER UPDATE ON {TABLE}
    WHEN NEW.version < OLD.version
      OR (NEW.version = OLD.version AND NEW.sha256 <> OLD.sha256)
    BEGIN INSERT INTO fallen VALUES (OLD.key, OLD.version, NEW.version); END;
    CREATE TRIGGER IF NOT EXISTS vanished AFTER DELETE ON {TABLE}
    BEGIN INSERT INTO fallen VALUES (OLD.key, OLD.version, 0); END;
"""


@dataclass
class Arrived:
    """What the portal holds in the end, and how it came there."""

    items: int = 0
    highest: int = 0  # of them in the version that is wanted
    fallen: int = 0  # versions that ever went down, by the portal's own database
    puts: int = 0
    faults: Counter | None = None
    seconds: float = 0.0


def edit_through_faults(do, city, line, count, *, timeout_s, hurry=False):
    """Publish, edit three times, deliver meanwhile; returns what arrived.

    Args:
        do: runs an act of the township by its name.
        city: the portal's process and our origin there.
        timeout_s: of the sender, so that a slow answer comes after it.
        hurry: don't wait for real until a failure is tried again.
    """
    began = time.monotonic()
    with _portal(city) as database:
        database.executescript(WATCH)
    line.misbehave(
        "line",
        upstream=f"127.0.0.1:{city.portal.port}",
        rate=RATE,
        seconds=timeout_s + 0.4,
    )
    do("publish", count=count)
    for number in range(EDITS):
        do("drain")
        do("edit", text=f"第{number + 1}次修改")
    _settle(do, hurry)
    met = line.met()
    line.send_late()  # the oldest of all come last
    found = _count(do("wanted"), city)
    found.puts = sum(1 for asked in line.asked() if asked.startswith("PUT"))
    found.faults = Counter(filter(None, met))
    found.seconds = time.monotonic() - began
    return found


def _settle(do, hurry, limit_s=900.0):
    ends = time.monotonic() + limit_s
    while do("behind"):
        if time.monotonic() > ends:
            raise TimeoutError(f"{do('behind')} rows are left after {limit_s} s")
        if hurry:
            do("hurry")
        else:
            time.sleep(0.1)
        do("drain")


def _count(wanted, city):
    found = Arrived()
    with _portal(city) as database:
        held = database.execute(
            f"SELECT key, version FROM {TABLE} WHERE origin = ?", [city.origin]
        ).fetchall()
        (found.fallen,) = database.execute("SELECT count(*) FROM fallen").fetchone()
    found.items = len(held)
    found.highest = sum(wanted.get(key) == version for key, version in held)
    return found


@contextlib.contextmanager
def _portal(city):
    path = city.portal.home / "gongkai.sqlite3"
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as database, database:
        yield database
