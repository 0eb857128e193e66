"""Named places where a test may kill this process; refused in production."""

import os
import signal
from collections import Counter

from django.conf import settings

NAMES = (
    "before_commit",
    "after_claim",
    "before_send",
    "mid_bulk",
    "after_send",
    "before_confirm",
    "mid_rebuild",
    "before_swap",
)
_hits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here by SIGKILL if ``GONGKAI_FAILPOINT`` says so.

    The setting reads ``name:kill`` or ``name:kill:N`` (at the Nth hit).
    """
    wish = settings.GONGKAI_FAILPOINT
    if not wish:
        return
    wanted, _action, nth = [*wish.split(":"), "", ""][:3]
    if wanted != name:
        return
    _hits[name] += 1
    if _hits[name] >= int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
