"""Dates as official documents write them; and lines that are nothing but a date."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator

ZEROS = "〇○◯Ｏ零OoО0"
HAN_DIGITS = {
    **dict.fromkeys(ZEROS, 0),
    **{c: i for i, c in enumerate("一二三四五六七八九", 1)},
}
_HAN = f"一二三四五六七八九十{ZEROS}"
_CHINESE = re.compile(
    rf"(?P<y>[一二][{_HAN}]{{3}})\s*年\s*(?P<m>[{_HAN}]{{1,3}})\s*月\s*"
    rf"(?P<d>[{_HAN}廿卅]{{1,3}})\s*日"
)
_DIGITS = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*"
    r"(?:年\s*(?P<m1>\d{1,2})\s*月\s*(?P<d1>\d{1,2})\s*日"
    r"|(?P<sep>[-./])\s*(?P<m2>\d{1,2})\s*(?P=sep)\s*(?P<d2>\d{1,2})(?!\d))"
)


def parse(text: str) -> dt.date | None:
    """Return the first date in the text."""
    return next((day for _span, day in find_all(text)), None)


def find_all(text: str) -> Iterator[tuple[tuple[int, int], dt.date]]:
    """Yield ``((start, end), date)`` of the folded text, in order."""
    text = folded(text)
    matches = [*_DIGITS.finditer(text), *_CHINESE.finditer(text)]
    for match in sorted(matches, key=lambda match: match.start()):
        day = _date(match)
        if day:
            yield match.span(), day


def folded(text: str) -> str:
    """Fold the widths of digits and letters; the length may change."""
    return unicodedata.normalize("NFKC", text)


def _date(match: re.Match[str]) -> dt.date | None:
    values = match.groupdict()
    try:
        if values.get("m1") or values.get("m2"):
            month = values["m1"] or values["m2"]
            return dt.date(
                int(values["y"]), int(month), int(values["d1"] or values["d2"])
            )
        year = int("".join(str(HAN_DIGITS[char]) for char in values["y"]))
        return dt.date(year, _han_number(values["m"]), _han_number(values["d"]))
    except (ValueError, KeyError):
        return None


def _han_number(text: str) -> int:
    """Return the value of 一…三十一, also written 二〇 or 廿一."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" not in text:
        return int("".join(str(HAN_DIGITS[char]) for char in text))
    tens, _ten, units = text.partition("十")
    return (HAN_DIGITS[tens] if tens else 1) * 10 + (HAN_DIGITS[units] if units else 0)
