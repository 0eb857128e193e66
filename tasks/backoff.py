"""How long to wait after a failure."""

import random

BASE_S = 1.0
CAP_S = 3600.0
CAP_WITHDRAW_S = 30.0
CAP_DOWN_S = 60.0
CAP_REST_S = 30.0  # of a target that nobody reaches, before it is asked again
MAX_ATTEMPTS = 40  # about 16 hours of a target that answers, but never takes the item


def delay_s(
    attempts: int, *, cap_s: float = CAP_S, retry_after: float | None = None
) -> float:
    """Return seconds to wait: full jitter below ``2 ** attempts``, at most ``cap_s``.

    A target's own ``retry_after`` is honoured up to the cap; nonsense is ignored.
    """
    ceiling = min(cap_s, BASE_S * 2 ** min(attempts, 20))
    wait = random.uniform(0, ceiling)  # noqa: S311
    if retry_after is not None and retry_after > 0:
        wait = max(wait, retry_after)
    return min(wait, cap_s)
