"""Addresses by shape, e.g. ``/art/{y}/{m}/{d}/art_{col}_{id}.html``; ``*``: a part."""

import re
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit

PARTS = {
    "y": r"(?P<y>\d{4})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "n": r"\d{1,12}",
    "col": r"[0-9A-Za-z]{1,40}",
    "id": r"[0-9A-Za-z-]{1,64}",
    "*": r"[^/]{0,200}",
}
PIECE = re.compile(r"\{(\w+)\}|(\*)")
MAX_LENGTH = 200
MAX_STARS = 3  # what matches stays linear enough for any address


class PatternError(ValueError):
    """The shape cannot be read; the argument is the piece that is wrong."""


@lru_cache(maxsize=256)
def compiled(shape: str) -> re.Pattern[str]:
    """Return the expression for the path and query of an address.

    Raises:
        PatternError: an unknown piece, one twice, or too long.
    """
    if not shape.startswith("/") or len(shape) > MAX_LENGTH:
        raise PatternError(shape[:40])
    if shape.count("*") > MAX_STARS:
        raise PatternError("*")
    text, last, dated = "", 0, set()
    for piece in PIECE.finditer(shape):
        name = piece[1] or piece[2]
        if name not in PARTS or name in dated:
            raise PatternError(piece[0])
        if name in "ymd":
            dated.add(name)
        text += re.escape(shape[last : piece.start()]) + PARTS[name]
        last = piece.end()
    return re.compile(text + re.escape(shape[last:]))


def matches(url: str, shapes: list[str]) -> re.Match[str] | None:
    """Return how the address fits one of the shapes; None when it fits none."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    found = (compiled(shape).fullmatch(path) for shape in shapes)
    return next((match for match in found if match), None)


def date_in(match: re.Match[str]) -> date | None:
    """Return the day that the address itself names."""
    named = match.groupdict()
    try:
        return date(*(int(named[name]) for name in "ymd"))
    except (KeyError, ValueError):
        return None
