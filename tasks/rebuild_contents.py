"""What goes into a new index: everything that is public, and every tombstone."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from search.builder import build_documents
from search.documents import number_of
from search.engines.base import Entry, NewIndex, Versioned

from .delivery import Parcel, snapshot
from .failpoints import failpoint
from .models import OutboxEntry
from .rebuild_run import Mismatch, Run
from .targets.index import portions

logger = logging.getLogger(__name__)
CHUNK = 500
AT_ONCE = 20  # documents whose texts are in memory together
PASSES = 3  # over what changed while it was built
MAX_REFUSED = 20
T = TypeVar("T")


def rows_of(target: str) -> QuerySet[OutboxEntry]:
    """Return what an index has to hold, in the order it is built in."""
    return OutboxEntry.objects.filter(target=target, wanted__gt=0).order_by("key")


class Building:
    """The state of one rebuild: what was put into the new index, and what was not."""

    def __init__(self, target: str, new: NewIndex, run: Run) -> None:
        self.target = target
        self.new = new
        self.run = run
        self.built: dict[str, tuple[int, int]] = {}  # key → version, mark of the hash
        self.left_out: set[str] = set()
        self.due: list[tuple[int, int, str]] = []  # primary key, version, hash

    @property
    def note(self) -> str:
        """What was left out, in words; nothing when all is in."""
        if not self.left_out:
            return ""
        text = _("有 %(count)d 条建不进索引，已留在推送情况里：%(keys)s")
        keys = "、".join(sorted(self.left_out)[:5])
        return text % {"count": len(self.left_out), "keys": keys}

    def fill(self) -> None:
        """Put everything in, then again what changed meanwhile."""
        self.run.total = rows_of(self.target).count()
        last = ""
        while entries := list(rows_of(self.target).filter(key__gt=last)[:CHUNK]):
            last = entries[-1].key
            self._take(entries)
            self.run.done += len(entries)
            self.run.beat(told=True)
            failpoint("mid_rebuild")
        for _pass in range(PASSES):
            changed = self._changed()
            for some in _parts(changed, CHUNK):
                self._take(some)
            if not changed:
                break
        self.new.flush()

    def verify(self) -> None:
        """Compare what the new index holds with what the database said.

        Raises:
            Mismatch: it lacks something, holds other content, or holds too much.
        """
        if len(self.left_out) > max(MAX_REFUSED, self.run.total // 100):
            raise Mismatch(self.note)
        missing = set(self.built)
        other: list[str] = []
        unknown: list[str] = []
        for entry in self._entries():
            wanted = self.built.get(entry.key)
            if wanted is None:
                unknown.append(entry.key)
                continue
            missing.discard(entry.key)
            newer = entry.version > wanted[0]  # delivered while it was built
            if not newer and wanted != (entry.version, number_of(entry.sha256)):
                other.append(entry.key)
        extra = set(unknown) - self.left_out - self._known(unknown)
        if missing or other or extra:
            raise Mismatch(_told(len(missing), len(other), len(extra)))

    def settle(self) -> None:
        """Confirm rows that were due and are in as they should be; free the others."""
        for some in _parts(self.due, CHUNK):
            with transaction.atomic():
                for pk, version, sha256 in some:
                    _confirm(pk, version, sha256)
        held_back = OutboxEntry.objects.pending().filter(target=self.target, claim="")
        held_back.filter(next_at__gt=Now(), attempts=0).update(next_at=Now())
        again = OutboxEntry.objects.filter(target=self.target, claim="")
        again.filter(key__in=self.left_out).update(delivered=0, next_at=Now())

    def _take(self, entries: Sequence[OutboxEntry]) -> None:
        """Put rows into the new index, except what it holds already."""
        parcels = self._parcels(entries)
        held = self.new.held([parcel.state.key for parcel in parcels])
        lacking = []
        for parcel in parcels:
            key, version, sha256 = parcel.state.key, parcel.version, parcel.state.sha256
            self.built[key] = (version, number_of(sha256))
            if held.get(key) == (version, sha256):
                self.run.kept += 1
            else:
                lacking.append(parcel)
            if parcel.entry.pending:
                self.due.append((parcel.entry.pk, version, sha256))
        for portion in portions(self._documents(lacking)):
            for error in self.new.add(portion):
                logger.error("rebuild of %s: %s", self.target, error)
                self._leave_out(error.key)
            self.run.beat()

    def _parcels(self, entries: Sequence[OutboxEntry]) -> list[Parcel]:
        """Read rows; one that cannot be read is left out, the others are not."""
        try:
            return snapshot(entries)
        except DatabaseError:
            raise
        except Exception:
            if len(entries) == 1:
                logger.exception("rebuild of %s: %s", self.target, entries[0].key)
                self._leave_out(entries[0].key)
                return []
            middle = len(entries) // 2
            parts = entries[:middle], entries[middle:]
            return [parcel for part in parts for parcel in self._parcels(part)]

    def _documents(self, parcels: Sequence[Parcel]) -> Iterator[Versioned]:
        for some in _parts(parcels, AT_ONCE):
            yield from self._made(some)
            self.run.beat()

    def _made(self, parcels: Sequence[Parcel]) -> list[Versioned]:
        """Build documents; one that breaks is left out, the others are not."""
        try:
            made = list(build_documents(parcel.state for parcel in parcels))
        except DatabaseError:
            raise
        except Exception:
            if len(parcels) == 1:
                key = parcels[0].state.key
                logger.exception("rebuild of %s: %s", self.target, key)
                self._leave_out(key)
                return []
            return [row for parcel in parcels for row in self._made([parcel])]
        versions = (parcel.version for parcel in parcels)
        return list(zip(versions, made, strict=True))

    def _leave_out(self, key: str) -> None:
        self.left_out.add(key)
        self.built.pop(key, None)
        pks = set(rows_of(self.target).filter(key=key).values_list("pk", flat=True))
        self.due = [row for row in self.due if row[0] not in pks]

    def _changed(self) -> list[OutboxEntry]:
        """Return rows that came or changed since they were put in."""
        wanted = rows_of(self.target).values_list("key", "wanted").iterator()
        keys = [
            key
            for key, version in wanted
            if key not in self.left_out and self.built.get(key, (-1, 0))[0] != version
        ]
        rows = rows_of(self.target)
        return [
            row for some in _parts(keys, CHUNK) for row in rows.filter(key__in=some)
        ]

    def _entries(self) -> Iterator[Entry]:
        after = ""
        while entries := self.new.entries(after, 4 * CHUNK):
            yield from entries
            after = entries[-1].key
            self.run.beat()

    def _known(self, keys: list[str]) -> set[str]:
        """Return which keys have a row: delivered while the index was built."""
        found: set[str] = set()
        for some in _parts(keys, CHUNK):
            rows = OutboxEntry.objects.filter(target=self.target, key__in=some)
            found.update(rows.values_list("key", flat=True))
        return found


def _told(missing: int, other: int, extra: int) -> str:
    text = _(
        "新索引和数据库不一致：少 %(missing)d 条，内容不同 %(other)d 条，"
        "多 %(extra)d 条。没有启用，原来的索引照常用。"
    )
    return text % {"missing": missing, "other": other, "extra": extra}


def _confirm(pk: int, version: int, sha256: str) -> None:
    same = OutboxEntry.objects.filter(
        pk=pk, wanted=version, delivered__lt=F("wanted"), claim=""
    )
    same.update(
        delivered=version,
        delivered_sha256=sha256,
        delivered_at=Now(),
        receipt={"version": version, "sha256": sha256, "url": ""},
        attempts=0,
        interruptions=0,
        last_error="",
        held_version=None,
        dead=False,
    )


def _parts(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
