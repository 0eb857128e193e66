"""Putting a backup in the place of what is there; nothing is sent meanwhile.

``$GONGKAI_HOME/restoring`` exists from the first change to the end: after a power cut
no process delivers anything until the restore was done again.
"""

import contextlib
import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from .. import fencing, marks, withdrawn_list
from ..failpoints import failpoint
from ..models import Installation
from . import databases
from .archive import DATABASE, HOME_FILES, MEDIA, PIECE, BadBackup, Manifest, members
from .archive import verify as verify_archive
from .making import home_file

STAGE = ".restore"


def verify(path: Path) -> Manifest:
    """Return what a backup holds, after reading all of it.

    Raises:
        BadBackup: it is damaged, of another kind of database, or of a later version.
    """
    manifest = verify_archive(path)
    if manifest.vendor != connection.vendor:
        raise BadBackup(
            _("备份用的是 %(theirs)s 数据库，本站用的是 %(ours)s。")
            % {"theirs": manifest.vendor, "ours": connection.vendor}
        )
    known = _known()
    ours = {name.partition(".")[0] for name in known}
    strange = [
        name
        for name in manifest.migrations
        if name not in known and name.partition(".")[0] in ours
    ]
    if strange:
        raise BadBackup(_("这份备份是更新的版本做的，请先升级本系统。"))
    return manifest


def _known() -> set[str]:
    """Return the migrations of this version, as "app.name"."""
    return {f"{a}.{n}" for a, n in MigrationLoader(None).disk_migrations}


def site_runs() -> bool:
    """Whether processes that use the database are running."""
    try:
        pids = (Path(settings.GONGKAI_HOME) / "run.pid").read_text().split()
    except OSError:
        pids = []
    return any(Path(f"/proc/{pid}").exists() for pid in pids) or databases.busy()


def restore(path: Path, manifest: Manifest) -> int:
    """Restore a backup that was verified; returns how many pages were taken back again.

    Database and files as in the backup, migrated to this version; secrets only where
    there are none. Lists that are only ever added to keep what they have. In the end
    every portal is fenced, in a new epoch.

    Raises:
        DatabaseTrouble: the database could not be put in place.
        OSError: the disk is full.
    """
    home = Path(settings.GONGKAI_HOME)
    home.mkdir(parents=True, exist_ok=True)
    withdrawn_before = _withdrawn_here()
    stage = home / STAGE
    shutil.rmtree(stage, ignore_errors=True)
    try:
        _unpack(path, stage)  # a disk that is too small: found before anything changes
        marks.restoring().write_text(f"{manifest.made_at}\n", "utf-8")
        failpoint("mid_restore")
        databases.load(stage / DATABASE)
        failpoint("after_load")
        connections.close_all()
        _put_files(stage)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    if not _known() <= set(manifest.migrations):
        call_command("migrate", verbosity=0, interactive=False)
    withdrawn_list.append(withdrawn_before)
    reason = _("恢复了 %(made_at)s 的备份。") % {"made_at": manifest.made_on}
    taken_back = fencing.set_back(reason)
    log(
        instance=Installation.made(),
        action="gongkai.restore",
        data={"made_at": manifest.made_at, "taken_back": taken_back},
    )
    marks.restoring().unlink(missing_ok=True)
    return taken_back


def _withdrawn_here() -> list[withdrawn_list.Line]:
    """Return what the present database, if there is one, knows to be withdrawn."""
    with contextlib.suppress(DatabaseError):  # it may be what is damaged
        if "gongkai_tasks_installation" in connection.introspection.table_names():
            withdrawn_list.note_missing()
    connections.close_all()
    return list(withdrawn_list.lines())


def _unpack(path: Path, stage: Path) -> None:
    for info, source in members(path):
        target = stage / info.name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            shutil.copyfileobj(source, opened, PIECE)
        if info.name.startswith(MEDIA):
            target.chmod(settings.FILE_UPLOAD_PERMISSIONS)


def _put_files(stage: Path) -> None:
    media = Path(settings.MEDIA_ROOT)
    old = media.with_name(f"{media.name}.before")
    shutil.rmtree(old, ignore_errors=True)
    if media.exists():
        media.rename(old)
    staged = stage / MEDIA.rstrip("/")
    staged.mkdir(exist_ok=True)
    shutil.move(staged, media)
    shutil.rmtree(old, ignore_errors=True)
    for name in HOME_FILES:
        copy, target = stage / name, home_file(name)
        if not copy.exists():
            continue
        if name == "withdrawn.jsonl":
            withdrawn_list.append(withdrawn_list.lines(copy))
        elif not target.exists():
            shutil.move(copy, target)
