"""Making a backup while the site runs."""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from disclosure_pages.public_state import public_keys

from .. import withdrawn_list
from ..models import ChangeCounter
from . import databases
from .archive import DATABASE, HOME_FILES, MEDIA, Manifest, Writer


def back_up(out: Path, *, now: datetime | None = None) -> Manifest:
    """Write a backup to ``out``, readable by its owner only; whole or not at all.

    The database is copied first, so that every file it names is there.

    Raises:
        DatabaseTrouble: the database could not be copied.
        OSError: the disk is full, or a file can't be read.
    """
    withdrawn_list.note_missing()
    draft = out.with_name(f".{out.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".backup-") as folder:
            manifest = Manifest(
                made_at=(now or timezone.now()).isoformat(timespec="seconds"),
                vendor=connection.vendor,
                migrations=applied(),
                reached=ChangeCounter.reached(),
                items=len(public_keys()),
            )
            copy = Path(folder) / DATABASE
            databases.dump(copy)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as opened:
                _write(Writer(opened, manifest), copy)
                opened.flush()
                os.fsync(opened.fileno())
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _write(writer: Writer, copy: Path) -> None:
    writer.add(DATABASE, copy)
    media = Path(settings.MEDIA_ROOT)
    for path in sorted(media.rglob("*")) if media.exists() else []:
        if path.is_file() and not path.is_symlink():
            writer.add(f"{MEDIA}{path.relative_to(media).as_posix()}", path)
    for name in HOME_FILES:
        path = home_file(name)
        if path.exists():
            writer.add(name, path)
    writer.finish()


def home_file(name: str) -> Path:
    """Return where a file of ours beside the database is."""
    if name == "withdrawn.jsonl":
        return withdrawn_list.list_path()
    return Path(settings.GONGKAI_HOME) / name


def applied() -> list[str]:
    """Return the migrations of this database, as "app.name"."""
    found = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in found)
