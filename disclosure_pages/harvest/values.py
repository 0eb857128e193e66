"""Single facts of foreign pages in our form: dates, texts, addresses, categories."""

import email.utils
import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urldefrag, urljoin
from zoneinfo import ZoneInfo

from disclosure_pages import document_numbers
from disclosure_pages.choices import Category

BEIJING = ZoneInfo("Asia/Shanghai")
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d")
COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
EARLIEST = 1949
MILLISECONDS = 100_000_000_000  # larger numbers count them, not seconds
MAX_ADDRESS = 500
# NUL and halves of characters: no database keeps them.
UNKEPT = re.compile("[\x00\ud800-\udfff]")


def text(value: Any, most: int = 255) -> str:
    """Return one line of text; "" for what is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return " ".join(kept(value).split())[:most]


def kept(value: str) -> str:
    """Return the text without what no database keeps."""
    return UNKEPT.sub("", value)


def day(value: Any) -> date | None:
    """Return the day in Beijing that a text or a time stamp names, if there is one."""
    try:
        return _day(value)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError):
        return None


def _day(value: Any) -> date | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _stamp(float(value))
    written = text(value, 100)
    if written.isascii() and written.isdecimal() and len(written) in (10, 13):
        return _stamp(float(written))
    if INSTANT.match(written):
        return _instant(written) or _written(written)
    return _written(written) or _mailed(written)


def _stamp(seconds: float) -> date | None:
    seconds = seconds / 1000 if abs(seconds) > MILLISECONDS else seconds
    return _plausible(datetime.fromtimestamp(seconds, BEIJING).date())


def _instant(written: str) -> date | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    if moment.tzinfo:
        moment = moment.astimezone(BEIJING)
    return _plausible(moment.date())


def _written(written: str) -> date | None:
    found = DAY.search(written) or COMPACT.search(written)
    try:
        return _plausible(date(*map(int, found.groups()))) if found else None
    except ValueError:
        return None


def _mailed(written: str) -> date | None:
    moment = email.utils.parsedate_to_datetime(written)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _plausible(moment.astimezone(BEIJING).date())


def _plausible(found: date) -> date | None:
    return found if found.year >= EARLIEST else None


def number(value: Any) -> str:
    """Return a 文号 in strict form; what is none stays as it is written."""
    return document_numbers.normalise(text(value, 80))


def number_among(lines: list[str]) -> str:
    """Return the first line that is nothing but a 文号."""
    for line in lines:
        if len(line) <= 60 and (found := document_numbers.parse(line)):  # noqa: PLR2004
            return str(found)
    return ""


def category(value: Any, names: dict[str, str]) -> str:
    """Return our category for the source's word for it; "" when it has none of ours."""
    word = text(value, 80)
    ours = {str(label): slug for slug, label in Category.choices}
    found = names.get(word) or ours.get(word) or word
    return found if found in Category.values else ""


def address(base: str, href: Any) -> str:
    """Return an absolute http(s) address without fragment; "" for anything else."""
    if not isinstance(href, str):
        return ""
    try:
        url = urldefrag(urljoin(base, href.strip()))[0]
    except ValueError:
        return ""
    fits = url.startswith(("http://", "https://")) and len(url) <= MAX_ADDRESS
    return url if fits and url.isprintable() and " " not in url else ""
