"""One drainer at a time for a target on this host; dies with its process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def target_lock(name: str, *, wait: bool = False) -> Iterator[bool]:
    """Try to become the only drainer of ``name``; yields whether it worked.

    The kernel frees the lock when the process dies, also by SIGKILL. It only saves
    work and keeps the local index to one writer: what is correct rests on leases and
    versions, so drainers on several hosts do no harm. ``wait``: until it works.
    """
    folder = settings.GONGKAI_HOME / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name.replace(':', '-')}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def target_place(name: str, most: int) -> Iterator[int | None]:
    """Take one of ``most`` places at a target on this host; yields its number or None.

    Like ``target_lock``, which is the same as place 0.
    """
    for place in range(most):
        with target_lock(f"{name}-{place}" if place else name) as ours:
            if ours:
                yield place
                return
    yield None
