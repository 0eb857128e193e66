"""What another server asks for when it wants to be left alone (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DIGITS = 12  # more of them are longer than any bound


def retry_after_s(header: str, *, longest_s: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for: 0 to ``longest_s``.

    Whole seconds or an HTTP date; a date that has passed asks for 0, one without a zone
    is UTC, an absurdly far one asks for ``longest_s``. None: the header is missing or
    says something else (a sign, a fraction, words): the caller's own wait holds.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), longest_s) if len(text) <= DIGITS else longest_s
    try:
        moment = parsedate_to_datetime(text)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(tz=UTC)).total_seconds(), 0.0), longest_s)
