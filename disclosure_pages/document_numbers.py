"""文号, the number of an official document: lenient in, strict out (GB/T 9704-2012).

Strict is ``机关代字〔年份〕序号号``: U+3014/U+3015 brackets, a year of four digits, a
serial without leading zeros and without 第. Orders (令) have no year: 国令第711号.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import total_ordering

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
OPEN = "〔[(【〖〈《{「﹝"
CLOSE = "〕])】〗〉》}」﹞"
LABEL = re.compile(r"^(?:发文字号|发文文号|文件编号|文号|字号)\s*[:：]\s*")
_YEAR = r"(?:19[4-9]\d|20\d\d)"
_TAIL = (
    rf"\s*[{re.escape(OPEN)}]\s*(?P<year>{_YEAR})\s*年?\s*[{re.escape(CLOSE)}]"
    r"\s*第?\s*0*(?P<serial>[1-9]\d{0,4})(?!\d)\s*"
)
_STRICT_SHAPE = re.compile(rf"(?P<organ>[{HAN}]{{1,16}}){_TAIL}号?")
_BARE = re.compile(
    rf"(?P<organ>[{HAN}]{{2,16}}?)\s*(?P<year>{_YEAR})\s*(?:年|[-—–~])?\s*"
    r"第?\s*[-—–]?\s*0*(?P<serial>[1-9]\d{0,4})\s*号"
)
_ORDER = re.compile(
    rf"(?P<organ>[{HAN}]{{1,20}}令)\s*\(?\s*第?\s*0*(?P<serial>[1-9]\d{{0,4}})\s*号\)?"
)
_RUNNING = re.compile(rf"(?P<organ>[{HAN}]{{1,16}}){_TAIL}号")
_RUNNING_ORDER = re.compile(
    rf"(?P<organ>[{HAN}]{{1,20}}令)\s*\(?\s*第\s*0*(?P<serial>[1-9]\d{{0,4}})\s*号\)?"
)
# Words before the agency's code word (机关代字) in running text.
_LEADING = re.compile(
    "^.*(?:根据|依据|按照|依照|遵照|关于|印发|转发|批转|参照|执行|贯彻|落实|废止|修改|"
    "修订|文件|通知|意见|决定|方案|办法|原|及|和|与|以|按|由|经|即|见|号|的|了|在)"
)


@total_ordering
@dataclass(frozen=True)
class DocumentNumber:
    """One 文号; ``year`` is None for orders. Sorted by organ, year and serial."""

    organ: str
    year: int | None
    serial: int

    def __str__(self) -> str:
        if self.year is None:
            return f"{self.organ}第{self.serial}号"
        return f"{self.organ}〔{self.year}〕{self.serial}号"

    def __lt__(self, other: "DocumentNumber") -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, int, int]:
        return self.organ, self.year or 0, self.serial


def parse(text: str) -> DocumentNumber | None:
    """Return the number that the text is, however it is typed; None when it is none.

    Taken as the same: ( [ 【 for 〔, full-width digits, 第012号 for 12号, spaces, a
    missing 号, a label such as "文号：" before it.
    """
    folded = _folded(text).strip()
    folded = LABEL.sub("", folded).strip()
    for shape in (_STRICT_SHAPE, _ORDER, _BARE):
        match = shape.fullmatch(re.sub(r"\s+", "", folded))
        if match:
            return _number(match)
    return None


def normalise(text: str) -> str:
    """Return the number in strict form; what is no number comes back stripped."""
    number = parse(text)
    return text.strip() if number is None else str(number)


def find_all(text: str) -> list[DocumentNumber]:
    """Return the numbers in running text, in order, each once.

    Where the code word begins is a guess: after 根据, 印发 and the like.
    """
    found = dict.fromkeys(number for _start, number in _running(_folded(text)))
    return list(found)


def _running(text: str) -> Iterator[tuple[int, DocumentNumber]]:
    matches = [*_RUNNING.finditer(text), *_RUNNING_ORDER.finditer(text)]
    for match in sorted(matches, key=lambda match: match.start()):
        number = _number(match)
        cut = _LEADING.match(number.organ)
        organ = number.organ[cut.end() :] if cut else number.organ
        if organ and organ != "令":
            yield match.start(), DocumentNumber(organ, number.year, number.serial)


def _number(match: re.Match[str]) -> DocumentNumber:
    values = match.groupdict()
    year = values.get("year")
    return DocumentNumber(
        values["organ"], None if year is None else int(year), int(values["serial"])
    )


def _folded(text: str) -> str:
    """Fold widths; what NFKC does to Han compatibility characters is wanted too."""
    return unicodedata.normalize("NFKC", text)
