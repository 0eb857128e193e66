"""What the drain knows of a place it delivers to."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from disclosure_pages.public_state import PublicState

from ..portal.protocol import Row


@dataclass(frozen=True)
class PortalSetting:
    """One portal as configured: what an adapter is made from.

    Args:
        adapter: the name of its adapter, "http" unless the address says otherwise.
        address: without the adapter's name.
        key: what proves who we are, from ``GONGKAI_PORTAL_KEYS``; may be empty.
    """

    name: str
    adapter: str
    address: str
    key: str = field(default="", repr=False)

    @property
    def target(self) -> str:
        """The name of the target, ``portal:<name>``."""
        return f"portal:{self.name}"


@dataclass(frozen=True)
class Receipt:
    """A target's word that it holds this version; counts only if all three echo.

    ``read_back``: after a withdrawal the target was asked again and has the tombstone.
    """

    key: str
    version: int
    sha256: str
    url: str = ""
    read_back: bool = False


@dataclass(frozen=True)
class TargetError:
    """Why one item was not taken.

    Args:
        reason_zh: shown to the information officer as it is.
        retryable: whether time alone can heal it.
        stale: the version the target holds, when it refused ours (409): a higher one,
            or the same one with other content. Not retried as it is.
        gone_there: what it holds is a tombstone, which only a person may overrule.
        again_s: seconds after which it may take this item, where that is known.
    """

    reason_zh: str
    retryable: bool = True
    stale: int | None = None
    gone_there: bool = False
    again_s: float | None = None


@dataclass(frozen=True)
class Waiting:
    """Neither delivered nor failed: the item comes up again, however often it takes.

    Either the target has it (or will fetch it) and tells later what became of it, or
    there was no time for it in this round. It counts as no attempt.

    Args:
        reason_zh: what is waited for, shown as the state of the row; empty where
            it is only our turn.
        again_s: seconds after which to ask again; 0 where nothing was sent.
    """

    reason_zh: str = ""
    again_s: float = 0.0


Outcome = Receipt | TargetError | Waiting


class TargetDown(Exception):
    """The target as a whole can't be reached, or asks to be left alone.

    Such a failure never makes a row dead, and gives the target a rest.

    Args:
        reason_zh: shown to the information officer as it is.
        retry_after: seconds the target asked us to wait, for everybody to keep.
        done: outcomes of the first items of the batch, known before it went away; of
            the others nothing was judged.
    """

    def __init__(
        self,
        reason_zh: str,
        retry_after: float | None = None,
        done: Sequence[Outcome] = (),
    ) -> None:
        super().__init__(reason_zh)
        self.reason_zh = reason_zh
        self.retry_after = retry_after
        self.done = list(done)


class Target(Protocol):
    """One index or one portal.

    ``put_many`` answers in the order asked, one outcome for each item, does not raise
    for a bad item, and bounds every network call by a timeout below the lease.
    """

    name: str  # "index:local", "portal:city"
    batch_size: int

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Bring the target up to (version, state) for each item.

        Raises:
            TargetDown: the target cannot be reached at all.
        """
        ...


@runtime_checkable
class ReadsBuckets(Protocol):
    """A portal that tells 256 hashes, so that equal holdings cost one request."""

    def read_digest(self) -> list[str]:
        """Return the hash of each bucket of what the portal holds from us.

        Raises:
            TargetDown: it can't be read.
        """
        ...

    def read_manifest(self, bucket: int) -> Iterator[Row]:
        """Yield what the portal holds from us in one bucket.

        Raises:
            TargetDown: it can't be read.
        """
        ...


@runtime_checkable
class ReadsRows(Protocol):
    """A portal that is read item by item.

    ``provable`` is False where the rows are not what the portal shows, but only what
    it once told us in a receipt.
    """

    provable: bool

    def read_rows(self, only: Collection[str] | None = None) -> Iterator[Row]:
        """Yield what the portal holds from us, for all keys or for these, by key.

        Raises:
            TargetDown: it can't be read.
        """
        ...

    def waiting_keys(self) -> set[str]:
        """Return the keys on whose newest version the portal has not answered yet."""
        ...
