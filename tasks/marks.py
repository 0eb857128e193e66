"""A mark beside the database: does the database still know all that was sent?

A file in ``GONGKAI_HOME`` holds the name of the database, its epoch and the highest
number of a public change (`ChangeCounter`) whose delivery was begun. A database that
knows less was set back to an older copy: it must not send.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from .models import ChangeCounter, Installation


@dataclass(frozen=True)
class Mark:
    """How far a database of this name came."""

    name: str
    epoch: int
    reached: int

    def behind(self, other: "Mark") -> bool:
        """Whether this is an older state than the other, or of another database."""
        if self.name != other.name:
            return True
        return (self.epoch, self.reached) < (other.epoch, other.reached)


def kept() -> Mark | None:
    """Return the mark of the file; None if there is none that can be read."""
    try:
        found = json.loads(_path().read_text("utf-8"))
        return Mark(str(found["name"]), int(found["epoch"]), int(found["reached"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def present(*, make: bool = False) -> Mark | None:
    """Return how far the database is now; None if nothing was ever sent from it."""
    row = Installation.made() if make else Installation.objects.first()
    return Mark(row.name, row.epoch, ChangeCounter.reached()) if row else None


def keep(mark: Mark, *, anew: bool = False) -> None:
    """Write the mark unless the file is as far already; never half of it.

    Args:
        anew: whatever the file holds.

    Raises:
        OSError: it can't be written, for instance because the disk is full.
    """
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = kept()
        if held is not None and not anew and not held.behind(mark):
            return
        draft = path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as handle:
            handle.write(json.dumps(asdict(mark)))
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(path)


def sound() -> bool:
    """Whether the file is this database's and can be written."""
    if settings.GONGKAI_MARK is None:
        return True
    held, now = kept(), present()
    ours = held is not None and now is not None and held.name == now.name
    same = now is None or (ours and held.epoch == now.epoch)
    return same and os.access(_path().parent, os.W_OK | os.X_OK)


def elsewhere() -> bool:
    """Whether the database sent already and this home holds no mark of it."""
    return settings.GONGKAI_MARK is not None and not kept() and bool(present())


def _path() -> Path:
    return Path(settings.GONGKAI_MARK)


def restoring() -> Path:
    """Return the file that exists from the beginning of a restore to its end."""
    return Path(settings.GONGKAI_HOME) / "restoring"


def under_restore() -> bool:
    """Whether nothing is sent because a restore was begun and not finished."""
    return restoring().exists()
