"""One file with everything that can't be made anew, each part with its hash.

A tar: the database, the files of ``media/``, secrets and the list of withdrawals, and
at the end ``manifest.json`` with size and SHA-256 of every part. Index, static files
and prints are left out: they are made from it.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

MANIFEST = "manifest.json"
FORMAT = 1
PIECE = 1 << 20
DATABASE = "database"
MEDIA = "media/"
HOME_FILES = ("secrets.env", "withdrawn.jsonl", "audit-heads.log")


class BadBackup(Exception):
    """The file is no whole backup; the text says why, in words."""


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    name: str
    bytes: int
    sha256: str


@dataclass
class Manifest:
    """What a backup holds.

    Args:
        made_at: ISO 8601, by the clock of the machine.
        vendor: "sqlite" or "postgresql".
        migrations: "app.name" of every migration that the database had.
        reached: number of the last public change in it.
    """

    made_at: str
    vendor: str
    migrations: list[str]
    reached: int = 0
    items: int = 0
    format: int = FORMAT
    parts: list[Part] = field(default_factory=list)

    @property
    def made_on(self) -> str:
        """When it was made, for people: local time to the minute."""
        moment = parse_datetime(self.made_at)
        return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""

    def as_json(self) -> bytes:
        """Return the text of ``manifest.json``."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def parse(cls, text: bytes) -> "Manifest":
        """Return what was written.

        Raises:
            BadBackup: it is not one, or of a later form.
        """
        try:
            found = json.loads(text)
            parts = [Part(**part) for part in found.pop("parts")]
            manifest = cls(**found, parts=parts)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadBackup(_("这不是本系统的备份（清单读不懂）。")) from error
        if manifest.format != FORMAT:
            raise BadBackup(_("这份备份是更新的版本做的，请先升级本系统。"))
        return manifest


class HashingReader:
    """A file that counts and hashes what is read of it."""

    def __init__(self, source: BinaryIO) -> None:
        self.source, self.size = source, 0
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.hash.update(piece)
        self.size += len(piece)
        return piece


class Writer:
    """Writes a backup; call ``add`` for each part, then ``finish``."""

    def __init__(self, out: BinaryIO, manifest: Manifest) -> None:
        self.manifest = manifest
        self.tar = tarfile.open(fileobj=out, mode="w|")  # noqa: SIM115

    def add(self, name: str, path: Path) -> None:
        """Copy one file, hashing it on the way.

        Raises:
            OSError: it can't be read, shrank meanwhile, or the disk is full.
        """
        with path.open("rb") as source:
            info = tarfile.TarInfo(name)
            info.size = os.fstat(source.fileno()).st_size
            info.mode = 0o600
            reader = HashingReader(source)
            self.tar.addfile(info, reader)
        part = Part(name, info.size, reader.hash.hexdigest())
        self.manifest.parts.append(part)

    def finish(self) -> None:
        """Write the manifest and the end."""
        text = self.manifest.as_json()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        self.tar.addfile(info, io.BytesIO(text))
        self.tar.close()


def verify(path: Path) -> Manifest:
    """Read a whole backup and compare every hash; writes nothing.

    Raises:
        BadBackup: something is missing, changed, cut off, or has a strange name.
    """
    found: dict[str, Part] = {}
    manifest = None
    try:
        for info, source in members(path):
            if info.name == MANIFEST:
                manifest = Manifest.parse(source.read())
                continue
            reader = HashingReader(source)
            while reader.read(PIECE):
                pass
            found[info.name] = Part(info.name, reader.size, reader.hash.hexdigest())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadBackup(_("备份文件读不完，可能没有拷全或已损坏。")) from error
    if manifest is None:
        raise BadBackup(_("备份不完整：末尾的清单不见了。"))
    listed = {part.name: part for part in manifest.parts}
    for name in sorted(listed.keys() | found.keys()):
        if listed.get(name) != found.get(name):
            raise BadBackup(
                _("备份里的“%(name)s”与清单不符，已损坏或被改过。") % {"name": name}
            )
    if DATABASE not in listed:
        raise BadBackup(_("备份里没有数据库。"))
    return manifest


def members(path: Path) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
    """Yield every file of a backup with its content.

    Raises:
        BadBackup: a name leads elsewhere, or is no file.
    """
    with tarfile.open(path, "r:") as tar:
        for info in tar:
            place = PurePosixPath(info.name)
            known = info.name in (DATABASE, MANIFEST, *HOME_FILES)
            inside = info.name.startswith(MEDIA) and ".." not in place.parts
            source = tar.extractfile(info) if info.isreg() else None
            if source is None or not (known or inside):
                raise BadBackup(
                    _("备份里有不该有的东西：“%(name)s”。") % {"name": info.name}
                )
            yield info, source
