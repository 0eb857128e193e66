"""The end of the chain, and its copies outside of the database."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from cms.audit.events import GENESIS
from cms.models import SealedEvent


@dataclass(frozen=True)
class Head:
    """The last event: its number and hash; ``str()`` is what is printed."""

    number: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Return the head that was printed.

        Raises:
            ValueError: this is not one.
        """
        number, _colon, digest = text.strip().partition(":")
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError(text)
        return cls(int(number), digest)


def chain_head() -> Head:
    """Return where the chain ends now; an empty chain ends at 0."""
    last = SealedEvent.objects.order_by("-number").values_list("number", "hash")
    return Head(*last[0]) if last[:1] else Head()


def heads_file() -> Path:
    """Return the file that this host appends every head to."""
    return Path(settings.GONGKAI_HOME) / "audit-heads.log"


def keep_head(head: Head) -> None:
    """Append a head to the file; nothing ever takes a line out."""
    path = heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, f"{head}\n".encode("ascii"))
    finally:
        os.close(handle)


def kept_heads() -> Iterator[Head]:
    """Yield the heads that this host kept, in the order of the file.

    A line that a crash cut off is left out.
    """
    path = heads_file()
    if not path.exists():
        return
    with path.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            try:
                yield Head.parse(line)
            except ValueError:
                continue
