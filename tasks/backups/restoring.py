"""Putting a backup in the place of what is there; nothing is sent meanwhile.

``$GONGKAI_HOME/restoring`` exists from the first change to the end: after a power cut
no process delivers anything until the restore was done again.
"""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from wagtail.documents import get_document_model
from wagtail.log_actions import log

from cms.secrets import read_secrets
from disclosure_pages.services.external import forget_missing

from .. import fencing, marks, withdrawn_list
from ..failpoints import failpoint
from ..models import Installation
from . import databases
from .archive import DATABASE, HOME_FILES, MEDIA, PIECE, BadBackup, Manifest, members
from .archive import verify as verify_archive
from .making import home_file

STAGE = ".restore"
SECRETS = "secrets.env"
OURS = ("cms.wsgi", "gongkai")  # in the command line of our processes


@dataclass(frozen=True)
class Restored:
    """What a restore had to put right."""

    taken_back: int  # pages
    missing: list[str]  # documents whose file was removed while the backup was made


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
    return any(_is_ours(pid) for pid in pids) or databases.busy()


def _is_ours(pid: str) -> bool:
    """Whether a process of the site has this number; after a reboot another may."""
    try:
        line = Path(f"/proc/{int(pid)}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return False
    words = line.split("\0")
    named = any(name in word for name in OURS for word in words)
    started = any(Path(word).name == "run" for word in words)
    return int(pid) != os.getpid() and (named or started)


def restore(path: Path, manifest: Manifest) -> Restored:
    """Restore a backup that was verified.

    Database, secrets and files as in the backup, migrated to this version; other
    secrets that were here are kept as ``secrets.env.before``. Lists that are only ever
    added to keep what they have. In the end every portal is fenced, in a new epoch.

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
        _load(stage / DATABASE, manifest)
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
    missing = _missing_documents()
    log(
        instance=Installation.made(),
        action="gongkai.restore",
        data={
            "made_at": manifest.made_at,
            "taken_back": taken_back,
            "missing": len(missing),
        },
    )
    marks.restoring().unlink(missing_ok=True)
    return Restored(taken_back, missing)


def _load(copy: Path, manifest: Manifest) -> None:
    """Put the database in place; if that fails all goes on as it was before."""
    flag = marks.restoring()
    was_there = flag.exists()  # an earlier restore was killed: what is there is half
    flag.write_text(f"{manifest.made_at}\n", "utf-8")
    failpoint("mid_restore")
    try:
        databases.load(copy)
    except databases.DatabaseTrouble:
        if not was_there:
            flag.unlink(missing_ok=True)
        raise


def _missing_documents() -> list[str]:
    """Return the titles of documents without file; empty what portals lack likewise."""
    forget_missing()
    documents = get_document_model().objects.order_by("pk").only("title", "file")
    return [
        row.title for row in documents if not row.file.storage.exists(row.file.name)
    ]


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
        elif name == SECRETS:
            _put_secrets(copy, target)
        elif not target.exists():
            shutil.move(copy, target)


def _put_secrets(copy: Path, target: Path) -> None:
    """Put the secrets beside the database they belong to, and use them from now on."""
    before = read_secrets(target) if target.exists() else {}
    now = read_secrets(copy)
    if before == now:
        return
    if before:
        target.replace(target.with_name(f"{SECRETS}.before"))
    shutil.move(copy, target)
    if before.get("SECRET_KEY") == settings.SECRET_KEY and "SECRET_KEY" in now:
        settings.SECRET_KEY = now["SECRET_KEY"]
