"""The one door to publication: only code inside ``publication_approved`` may publish.

Nobody holds Wagtail's publish permission. The finish action of the workflow, the
scheduler (for a revision that was approved earlier), the command-line import of
material that is already lawfully public and the site set-up open the door; every
other path is refused by ``ModeratedPage.publish``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_approved: ContextVar[str] = ContextVar("publication_approved", default="")


@contextmanager
def publication_approved(ground: str) -> Iterator[None]:
    """Allow publication inside the block; ``ground`` says why, for the log."""
    token = _approved.set(ground)
    try:
        yield
    finally:
        _approved.reset(token)


def publication_ground() -> str:
    """Return why publication is allowed here, or "" when it is not."""
    return _approved.get()
