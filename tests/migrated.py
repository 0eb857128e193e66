"""Migrating once for all workers: the others begin with a copy of what the first made.

Nothing is left out: `migrate` runs on the copy as well and finds it complete.
"""

import fcntl
from pathlib import Path
from typing import Any

from django.db import connection

from tests.sites import copy_database


def migrate_once(kept: Path) -> None:
    """Make the test database from ``kept``, or ``kept`` from the first that is made."""
    creation = connection.creation
    begin, make = creation._create_test_db, creation.create_test_db

    def begin_with_copy(*args: Any, **kwargs: Any) -> str:
        name = begin(*args, **kwargs)
        if kept.exists():
            copy_database(kept, Path(name))
        return name

    def make_alone(*args: Any, **kwargs: Any) -> str:
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            name = make(*args, **kwargs)
            if not kept.exists():
                copy_database(Path(name), kept)
        return name

    creation._create_test_db = begin_with_copy
    creation.create_test_db = make_alone
