"""What every kind of source gives, and what it may fail with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Web

DAYS = ("date_published", "date_made")


class SourceTrouble(Exception):
    """The source cannot be read now; says why, in Chinese."""


@dataclass(frozen=True)
class Content:
    """One document of a superior as it was found; ``html`` is not safe yet.

    Empty means that the source does not say.
    """

    title: str = ""
    url: str = ""
    html: str = ""
    document_number: str = ""
    index_number: str = ""
    publisher: str = ""
    category: str = ""
    summary: str = ""
    validity: str = ""
    date_published: date | None = None
    date_made: date | None = None
    attachments: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of_hint(cls, hint: dict[str, Any]) -> "Content":
        """Return what ``hint`` was made of."""
        known = {n: hint[n] for n in cls.__dataclass_fields__ if n in hint}
        for name in DAYS:
            if told := known.get(name):
                known[name] = date.fromisoformat(told)
        known["attachments"] = tuple(known.get("attachments", ()))
        return cls(**known)

    @property
    def hint(self) -> dict[str, Any]:
        """What is not empty, ready for JSON."""
        told = {n: getattr(self, n) for n in self.__dataclass_fields__}
        told |= {n: told[n].isoformat() for n in DAYS if told[n]}
        return {n: v for n, v in told.items() if v}

    def or_else(self, other: "Content") -> "Content":
        """Return this one, with what is empty taken from the other."""
        names = self.__dataclass_fields__
        return Content(**{n: getattr(self, n) or getattr(other, n) for n in names})


@dataclass(frozen=True)
class Find:
    """One address that a list names.

    ``fresh`` stands for its present content; the same again is not fetched. A find
    with ``done`` needs no page: the list told all. ``gone`` is a tombstone.
    """

    address: str
    content: Content = field(default_factory=Content)
    fresh: str = ""
    done: bool = False
    gone: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Batch:
    """Some finds, and where reading goes on when they are kept.

    ``begins``: everything will be named again. ``part`` is the list they stand in, of
    which this is the last batch if it ``part_ends``; ``unchanged``: all that it named
    before stands there still. ``complete`` closes a reading that named everything: what
    it left out is not there, by itself if ``sure``, else when it is missing twice. When
    nothing of the batch is new, reading may end with the cursor ``enough``.
    """

    finds: list[Find]
    cursor: dict[str, Any]
    part: str = ""
    part_ends: bool = True
    begins: bool = False
    unchanged: bool = False
    complete: bool = False
    sure: bool = False
    enough: dict[str, Any] | None = None


@dataclass(frozen=True)
class Asked:
    """What is known of a page when it is asked for; ``hint`` is what the list told."""

    address: str
    hint: Content
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Fetched:
    """What came of it; without content the page is as it was."""

    content: Content | None
    etag: str = ""
    last_modified: str = ""


class Kind(Protocol):
    """One way of telling what was published; holds no state between runs."""

    def discover(
        self, web: Web, url: str, profile: Profile, cursor: dict[str, Any]
    ) -> Iterator[Batch]:
        """Yield what is new since the cursor, in batches that can be kept one by one.

        Raises:
            SourceTrouble, WebError: the list cannot be read.
        """

    def fetch(self, web: Web, url: str, profile: Profile, asked: Asked) -> Fetched:
        """Return one page.

        Raises:
            SourceTrouble, WebError: it cannot be read; ``web.Gone``: it is not there.
        """
