"""Codes and dates that segmentation would shred: 文号, 索引号 and dates.

Everything here reads folded text (``cms.folding``) and yields tokens that no
ordinary word can be equal to: ``#`` marks a number, ``@`` a date.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff々〇"
DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
MAX_ORGAN = 10
MAX_PARTS = 8
# Words before an agency's code word (机关代字) in running text and in questions.
_LEADING = re.compile(
    "^(?:.*?(?:根据|依据|按照|依照|关于|印发|转发|请问|查询|文件|参照|执行|废止|修改))+"
)
_NUMBER = re.compile(
    r"""(?: [〔\[(【〖〈《{「﹝] \s* (?P<year>(?:19|20)\d\d) \s* 年?
        \s* [〕\])】〗〉》}」﹞]
      | (?<!\d) (?P<bare>(?:19|20)\d\d) \s* (?: 年 | [-—–~] )?
    ) \s* 第? \s* [-—–]? \s*
    0*(?P<serial>\d{1,5}) (?!\d) \s* (?P<end>号)?""",
    re.VERBOSE,
)
_ORDER = re.compile(r"(?<=令)\s*(?:\(?第\s*)?0*(?P<serial>\d{1,5})\s*号")
_CODE = re.compile(r"(?<![0-9a-z])[0-9a-z]+(?:\s?[-/_.]\s?[0-9a-z]+)+(?![0-9a-z])")
_DATE = re.compile(
    r"""(?<!\d)(?P<year>(?:19|20)\d\d) \s*
    (?: 年 \s* (?P<m1>\d{1,2}) \s* 月 (?: \s* (?P<d1>\d{1,2}) \s* 日 )?
      | (?P<sep>[-./]) (?P<m2>\d{1,2}) (?: (?P=sep) (?P<d2>\d{1,2}) )? (?![\d/.-])
    )""",
    re.VERBOSE,
)
_HAN_DATE = re.compile(
    r"(?P<y>[一二][九〇零][〇零一二三四五六七八九]{2})年"
    r"(?:(?P<m>[一二三四五六七八九十]{1,2})月(?:(?P<d>[一二三四五六七八九十]{1,3})日)?)?"
)
_HAN_END = re.compile(f"[{HAN}]*$")
_SEPARATOR = re.compile(r"\s?[-/_.]\s?")


@dataclass(frozen=True)
class Found:
    """Something recognised in ``text[start:end]`` of the folded text.

    ``token`` stands for the whole; ``others`` are further tokens to be found by:
    shorter readings of the same code, a date's month.
    """

    kind: str  # "number", "code" or "date"
    token: str
    others: tuple[str, ...]
    start: int
    end: int


def recognise(text: str) -> Iterator[Found]:
    """Yield what is recognised; spans of one kind never overlap each other."""
    if not any(char.isdecimal() for char in text) and "年" not in text:
        return
    yield from _numbers(text)
    yield from _orders(text)
    dated = list(_dates(text))
    yield from dated
    taken = {place for found in dated for place in range(found.start, found.end)}
    yield from (found for found in _codes(text) if found.start not in taken)


def _numbers(text: str) -> Iterator[Found]:
    for match in _NUMBER.finditer(text):
        if not match["year"] and not match["end"]:
            continue  # without brackets only 号 tells a 文号 from any other figure
        year = match["year"] or match["bare"]
        yield from _numbered(text, match, f"{year}-{match['serial']}")


def _orders(text: str) -> Iterator[Found]:
    for match in _ORDER.finditer(text):
        yield from _numbered(text, match, match["serial"])


def _numbered(text: str, match: re.Match[str], tail: str) -> Iterator[Found]:
    """Build the 文号: in running text nobody knows where the code word begins.

    So every ending of the Han run before the year is a reading; the longest that has
    no leading word such as 根据 is the token. Without such a run there is no 文号.
    """
    before = text[max(0, match.start() - MAX_ORGAN - 1) : match.start()].rstrip()
    organ = _HAN_END.search(before)[0][-MAX_ORGAN:]
    if not organ:
        return
    start = match.start() - len(text[: match.start()][-MAX_ORGAN - 1 :]) + len(before)
    cut = _LEADING.match(organ)
    best = organ[cut.end() :] if cut and cut.end() < len(organ) else organ
    readings = [organ[i:] for i in range(len(organ)) if organ[i:] != best]
    others = [f"#{reading}-{tail}" for reading in readings]
    others += [f"{match['serial']}号"]
    yield Found(
        "number", f"#{best}-{tail}", tuple(others), start - len(best), match.end()
    )


def _codes(text: str) -> Iterator[Found]:
    """Yield 索引号 and the like, with every ending of theirs as a shorter reading."""
    for match in _CODE.finditer(text):
        parts = _SEPARATOR.split(match[0])
        first = max(0, len(parts) - MAX_PARTS)
        readings = ["-".join(parts[i:]) for i in (0, *range(max(1, first), len(parts)))]
        others = [f"#{reading}" for reading in readings[1:]]
        yield Found("code", f"#{readings[0]}", tuple(others), *match.span())


def _dates(text: str) -> Iterator[Found]:
    for match in _DATE.finditer(text):
        month = int(match["m1"] or match["m2"])
        yield from _date(match, int(match["year"]), month, match["d1"] or match["d2"])
    for match in _HAN_DATE.finditer(text):
        year = int(match["y"].translate(DIGITS))
        day = match["d"] and str(_han_number(match["d"]))
        yield from _date(match, year, _han_number(match["m"] or ""), day)


def _date(
    match: re.Match[str], year: int, month: int, day: str | None
) -> Iterator[Found]:
    if month > 12 or (day and not 1 <= int(day) <= 31):
        return
    readings = [str(year)]
    if month:
        readings.append(f"@{year}-{month:02d}")
    if month and day:
        readings.append(f"@{year}-{month:02d}-{int(day):02d}")
    yield Found("date", readings[-1], tuple(readings[:-1]), *match.span())


def _han_number(text: str) -> int:
    """Return 1…99 for 一…九十九, 0 for nothing."""
    if "十" not in text:
        return int(text.translate(DIGITS) or 0)
    tens, _ten, units = text.partition("十")
    return int(tens.translate(DIGITS) or 1) * 10 + int(units.translate(DIGITS) or 0)
