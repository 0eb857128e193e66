"""What a process reads rarely and uses often."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """A value that each process reads again when it is older than ``fresh_s``."""

    def __init__(self, read: Callable[[], T], fresh_s: float) -> None:
        self._read, self._fresh_s = read, fresh_s
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        """Return the value as last read, at most ``fresh_s`` seconds ago."""
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > self._fresh_s:
            kept = self._kept = (time.monotonic(), self._read())
        return kept[1]

    def forget(self) -> None:
        """Read it again at the next use."""
        self._kept = None
