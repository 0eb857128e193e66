"""Storing what other authorities sent: one row per (origin, key), the newest."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from disclosure_pages.models import (
    ExternalAttachment,
    ExternalFile,
    ExternalItem,
    Origin,
)
from disclosure_pages.models.external import bucket_of
from disclosure_pages.signals import public_state_changed

PUBLISHED = "published"
UNSHOWN_FOR = timedelta(days=1)
AT_ONCE = 500


class FilesMissing(Exception):
    """A published item names files that were never received."""

    def __init__(self, hashes: list[str]) -> None:
        super().__init__(", ".join(hashes))
        self.hashes = hashes


class VersionConflict(Exception):
    """A newer version is held, or the same one with another content."""

    def __init__(self, held: ExternalItem) -> None:
        super().__init__(f"version {held.version} is held")
        self.held = held


class ContentMismatch(Exception):
    """The bytes are not the ones that the hash promised."""


class FileTooLarge(Exception):
    """More bytes than this portal accepts for one file."""


@dataclass(frozen=True)
class Received:
    """One item as another authority sent it."""

    origin: str
    key: str
    version: int
    state: str
    sha256: str
    metadata: dict[str, Any] = field(default_factory=dict)
    html: str = ""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        """What is stored: the signed parts as sent, and the reason."""
        return {
            "metadata": self.metadata,
            "html": self.html,
            "attachments": self.attachments,
            "reason": self.reason,
        }


def store_external(received: Received) -> ExternalItem:
    """Keep the item if it is newer than what is held; the same again changes nothing.

    A withdrawal leaves a tombstone: the row without content. Compare-and-set, so that
    of two senders at once the higher version stays.

    Raises:
        VersionConflict: nothing was changed.
        FilesMissing: nothing was changed; send the files first.
    """
    while True:
        with transaction.atomic():
            held = _held(received)
            if held is not None and held.version >= received.version:
                same = (held.version, held.sha256) == (
                    received.version,
                    received.sha256,
                )
                if same:
                    return held
                raise VersionConflict(held)
            files = _files(received)
            stored = _write(received, held)
            if stored is None:
                continue  # somebody was faster; look again
            if held is not None:
                stored.attachments.all().delete()
            _name_files(stored, received, files)
            _know_origin(received)
            public_state_changed.send(
                sender=ExternalItem,
                keys=[stored.full_key],
                lane="publish" if received.state == PUBLISHED else "withdraw",
            )
            return stored


def _held(received: Received) -> ExternalItem | None:
    return ExternalItem.objects.filter(origin=received.origin, key=received.key).first()


def _files(received: Received) -> dict[str, ExternalFile]:
    if received.state != PUBLISHED:
        return {}
    named = [attachment["sha256"] for attachment in received.attachments]
    # Locked, so that none of them is removed before it is named here.
    rows = ExternalFile.objects.held().filter(sha256__in=named).order_by("sha256")
    found = {file.sha256: file for file in rows.select_for_update()}
    missing = sorted(set(named) - set(found))
    if missing:
        raise FilesMissing(missing)
    return found


def _write(received: Received, held: ExternalItem | None) -> ExternalItem | None:
    columns = _columns(received)
    if columns["date_published"] is None:  # lists are by date: the day it came
        columns["date_published"] = (
            held.date_published if held else None
        ) or timezone.localdate()
    if held is not None:
        older = ExternalItem.objects.filter(pk=held.pk, version__lt=received.version)
        return ExternalItem.objects.get(pk=held.pk) if older.update(**columns) else None
    try:
        with transaction.atomic():
            return ExternalItem.objects.create(
                origin=received.origin,
                key=received.key,
                bucket=bucket_of(received.key),
                **columns,
            )
    except IntegrityError:
        return None


def _columns(received: Received) -> dict[str, Any]:
    def text(name: str, length: int) -> str:
        value = received.metadata.get(name)
        return value[:length] if isinstance(value, str) else ""

    return {
        "version": received.version,
        "state": received.state,
        "sha256": received.sha256,
        "payload": received.payload,
        "kind": text("type", 20),
        "title": text("title", 255),
        "index_number": text("index_number", 60),
        "category": text("category", 20),
        "document_number": text("document_number", 80),
        "publisher": text("publisher", 80),
        "date_made": _iso_date(received.metadata.get("date_made")),
        "date_published": _iso_date(received.metadata.get("date_published")),
        "received_at": timezone.now(),
    }


def _iso_date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _name_files(
    stored: ExternalItem, received: Received, files: dict[str, ExternalFile]
) -> None:
    ExternalAttachment.objects.bulk_create(
        ExternalAttachment(
            item=stored,
            file=files[attachment["sha256"]],
            name=attachment["name"][:255],
            mime=attachment["mime"][:100],
            position=position,
        )
        for position, attachment in enumerate(received.attachments)
        if attachment["sha256"] in files
    )


def _know_origin(received: Received) -> None:
    label = received.metadata.get("origin_label")
    name = label[:80] if isinstance(label, str) and label else ""
    known, _made = Origin.objects.get_or_create(
        credit_code=received.origin, defaults={"name": name or received.origin}
    )
    if name and known.name != name:
        Origin.objects.filter(pk=known.pk).update(name=name)


def remove_unshown(now: datetime) -> int:
    """Remove the bytes of files that nothing public names; returns how many.

    What came within a day stays: its item may still be on the way.
    """
    old = ExternalFile.objects.held().filter(
        uses=None, received_at__lt=now - UNSHOWN_FOR
    )
    return sum(_remove(pk) for pk in list(old.values_list("pk", flat=True)[:AT_ONCE]))


def forget_missing() -> int:
    """Note of files whose bytes are gone that they are not here; returns how many."""
    rows = ExternalFile.objects.held().only("file")
    gone = [row.pk for row in rows if not row.file.storage.exists(row.file.name)]
    return ExternalFile.objects.filter(pk__in=gone).update(file="", bytes=0)


@transaction.atomic
def _remove(pk: int) -> bool:
    row = ExternalFile.objects.held().select_for_update().filter(pk=pk).first()
    if row is None or row.uses.exists():
        return False
    name, storage = row.file.name, row.file.storage
    ExternalFile.objects.filter(pk=pk).update(file="", bytes=0)
    transaction.on_commit(lambda: storage.delete(name))
    return True


def store_file(
    sha256: str,
    pieces: Iterable[bytes],
    *,
    mime: str,
    max_bytes: int,
    origin: str = "",
) -> tuple[ExternalFile, bool]:
    """Keep a file under its hash, once; returns it and whether it is new.

    The bytes go to disk as they come and are counted and hashed on the way; nothing
    is kept of a file that is too large or not what the hash promised.

    Raises:
        FileTooLarge, ContentMismatch: nothing was stored.
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as draft:
        for piece in pieces:
            size += len(piece)
            if size > max_bytes:
                raise FileTooLarge
            digest.update(piece)
            draft.write(piece)
        if digest.hexdigest() != sha256:
            raise ContentMismatch(digest.hexdigest())
        known = ExternalFile.objects.filter(sha256=sha256).first()
        if known is not None and known.file:
            return known, False
        draft.seek(0)
        stored = ExternalFile(
            pk=known.pk if known else None,
            sha256=sha256,
            bytes=size,
            mime=mime[:100],
            origin=origin,
            received_at=timezone.now(),
        )
        stored.file.save(sha256, File(draft), save=False)
    if _keep(stored):
        return stored, True
    stored.file.delete(save=False)  # the same file came twice at once
    return ExternalFile.objects.get(sha256=sha256), False


def _keep(stored: ExternalFile) -> bool:
    """Write the row of a file, unless somebody else just did."""
    if stored.pk is None:
        try:
            with transaction.atomic():
                stored.save()
        except IntegrityError:
            return False
        return True
    emptied = ExternalFile.objects.filter(pk=stored.pk, file="")
    columns = ("file", "bytes", "mime", "origin", "received_at")
    return bool(emptied.update(**{c: getattr(stored, c) for c in columns}))
