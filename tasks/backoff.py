"""How long to wait after a failure."""

import random

BASE_S = 1.0
CAP_S = 3600.0
CAP_WITHDRAW_S = 30.0
CAP_DOWN_S = 60.0
CAP_REST_S = 30.0  # of a target that nobody reaches, before it is asked again
MAX_ATTEMPTS = 40  # about 16 hours of a target that answers, but never takes the item


def delay_s(attempts: int, *, cap_s: float = CAP_S) -> float:
    """Return seconds to wait: any below ``2 ** attempts``, at most ``cap_s``."""
    ceiling = min(cap_s, BASE_S * 2 ** min(attempts, 20))
    return random.uniform(0, ceiling)  # noqa: S311
