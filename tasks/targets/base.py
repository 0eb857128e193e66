"""What the drain knows of a place it delivers to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from disclosure_pages.public_state import PublicState


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
        retry_after: seconds the target asked us to wait.
    """

    reason_zh: str
    retryable: bool = True
    stale: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class Later:
    """Not sent this time, to stay within the lease; due again at once."""


class TargetDown(Exception):
    """The target as a whole cannot be reached: nothing of the batch was judged.

    Such a failure never makes a row dead and ends this round for the target.
    """

    def __init__(self, reason_zh: str, retry_after: float | None = None) -> None:
        super().__init__(reason_zh)
        self.reason_zh = reason_zh
        self.retry_after = retry_after


Outcome = Receipt | TargetError | Later


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
