"""A consistent copy of the database, and putting one in its place."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

ASIDE = "before_restore"  # the schema as it was, until the new one is whole
BINARIES = "/usr/lib/postgresql"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


class DatabaseTrouble(Exception):
    """Copying or restoring did not work; the text says why."""


def dump(out: Path) -> None:
    """Write a consistent copy, also while the site runs.

    Raises:
        DatabaseTrouble: a program is missing or failed.
        OSError: the disk is full.
    """
    if connection.vendor == "sqlite":
        _copy_sqlite(_sqlite_file(), out)
        return
    _run(
        "pg_dump",
        *("--format=custom", "--no-owner", "--no-privileges"),
        *(f"--exclude-schema={ASIDE}", f"--file={out}"),
    )


def load(copy: Path) -> None:
    """Put a copy in the place of what is there: all of it or nothing.

    Raises:
        DatabaseTrouble: it could not be put there; what was there is there.
    """
    if connection.vendor == "sqlite":
        _check_sqlite(copy)
        connections.close_all()
        _load_sqlite(copy, _sqlite_file())
        return
    with _aside():
        listed = _run("pg_restore", "--list", str(copy), connect=False)
        wanted = [line for line in listed.splitlines() if " SCHEMA " not in line]
        chosen = copy.with_suffix(".list")
        chosen.write_text("\n".join(wanted), "utf-8")
        _run(
            "pg_restore",
            *("--no-owner", "--no-privileges", "--exit-on-error"),
            *("--single-transaction", f"--use-list={chosen}"),
            *(f"--dbname={_name()}", str(copy)),
        )


def busy() -> bool:
    """Whether other processes use the database (PostgreSQL)."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        return bool(cursor.fetchone()[0])


def _sqlite_file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy in one transaction: a crash leaves what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.closing(sqlite3.connect(source, timeout=20)) as old,
        contextlib.closing(sqlite3.connect(target, timeout=20)) as new,
    ):
        old.backup(new)


def _load_sqlite(copy: Path, target: Path) -> None:
    try:
        _copy_sqlite(copy, target)
    except sqlite3.OperationalError as error:  # full, read-only or in use: it is good
        raise DatabaseTrouble(_cannot_write(error)) from error
    except sqlite3.DatabaseError:  # what is there is no database any more
        _put_aside(target)
        try:
            _copy_sqlite(copy, target)
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            _put_aside(target, back=True)
            raise DatabaseTrouble(_cannot_write(error)) from error


def _cannot_write(error: sqlite3.Error) -> str:
    return _("数据库写不进去：%(error)s。") % {"error": error}


def _put_aside(damaged: Path, *, back: bool = False) -> None:
    """Keep a damaged database under another name, for whoever wants to look at it."""
    for ending in ("", "-wal", "-shm"):
        path = damaged.with_name(f"{damaged.name}{ending}")
        aside = path.with_name(f"{damaged.name}.damaged{ending}")
        old, new = (aside, path) if back else (path, aside)
        if old.exists():
            old.replace(new)


def _check_sqlite(copy: Path) -> None:
    with contextlib.closing(sqlite3.connect(copy)) as opened:
        try:
            (said,) = opened.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise DatabaseTrouble(_("备份里的数据库打不开。")) from error
    if said != "ok":
        raise DatabaseTrouble(_("备份里的数据库已损坏。"))


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """Put the schema aside; back if the block fails, away if it works."""
    user = connection.ops.quote_name(connection.settings_dict["USER"])
    if not _exists(ASIDE):  # else a restore was killed: what is in "public" is half
        _execute(f"ALTER SCHEMA public RENAME TO {ASIDE}")
    _execute("DROP SCHEMA IF EXISTS public CASCADE")
    _execute(f"CREATE SCHEMA public AUTHORIZATION {user}")
    connections.close_all()
    try:
        yield
    except Exception:
        _execute("DROP SCHEMA public CASCADE")
        _execute(f"ALTER SCHEMA {ASIDE} RENAME TO public")
        raise
    _execute(f"DROP SCHEMA {ASIDE} CASCADE")


def _exists(schema: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        return cursor.fetchone() is not None


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, *arguments: str, connect: bool = True) -> str:
    """Run a program of PostgreSQL; where and who comes by variables, not arguments."""
    command = [_program(program), *arguments]
    done = subprocess.run(  # noqa: S603
        command,
        env=os.environ | (_variables(connection) if connect else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip()[-1000:]
        raise DatabaseTrouble(
            _("%(program)s 没有成功：%(said)s") % {"program": program, "said": said}
        )
    return done.stdout


def _variables(database: BaseDatabaseWrapper) -> dict[str, str]:
    settings = database.settings_dict
    found = {
        "PGHOST": settings["HOST"],
        "PGPORT": settings["PORT"],
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        "PGCONNECT_TIMEOUT": "10",
    }
    return {name: str(value) for name, value in found.items() if value}


def _program(name: str) -> str:
    """Return the installed program whose version fits the server's.

    An older one can't read the server; what a much newer one writes or sets, the server
    may not know: the lowest that is not older.
    """
    found = {int(p.parts[-3]): str(p) for p in Path(BINARIES).glob(f"*/bin/{name}")}
    server = connection.pg_version // 10000
    fitting = [version for version in found if version >= server]
    version = min(fitting) if fitting else max(found, default=0)
    path = found.get(version) or shutil.which(name)
    if path is None:
        raise DatabaseTrouble(
            _("找不到 %(program)s，请先安装 postgresql-client。") % {"program": name}
        )
    return path
