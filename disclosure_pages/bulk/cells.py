"""One cell to one value: text, dates, choices, lists; what is wrong raises BadCell."""

import datetime as dt
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from disclosure_pages.bulk.columns import (
    KEYWORD_SEPARATORS,
    LIST_SEPARATORS,
    Column,
)

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
DATE_FORM = re.compile(
    r"^(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日"
    r"|(\d{2})(\d{2}))(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?$"
)
EXCEL_DAYS = (36526, 73050)  # 2000-01-01 … 2099-12-31 as Excel counts
FIRST_YEAR = 1949
MAX_BODY = 2_000_000
_is_url = URLValidator(schemes=["http", "https"])


class BadCell(ValueError):
    """The cell's value cannot be taken; the message says why, in Chinese."""


def text_of(cell: Any) -> str:
    """Return the cell as text."""
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | dt.date):
        raise BadCell(_("应为文字。"))
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).replace("\r\n", "\n").replace("\r", "\n").strip()
    if CONTROL.search(text):
        raise BadCell(_("含有不可见的控制字符。"))
    return text


def line_of(column: Column, cell: Any) -> str:
    """Return the cell as one line of at most ``column.max_length`` characters."""
    text = " ".join(text_of(cell).split())
    return _limited(text, column.max_length)


def _limited(text: str, limit: int) -> str:
    if limit and len(text) > limit:
        raise BadCell(
            _("太长：%(length)d 个字，最多 %(limit)d 个字。")
            % {"length": len(text), "limit": limit}
        )
    return text


def body_text_of(column: Column, cell: Any) -> str:
    """Return the text or HTML of a body."""
    return _limited(text_of(cell), MAX_BODY)


def number_of(column: Column, cell: Any) -> str:
    """Return an index number or external id: one word."""
    text = line_of(column, cell)
    if " " in text:
        raise BadCell(_("中间不能有空格。"))
    return text


def url_of(column: Column, cell: Any) -> str:
    """Return an http(s) address."""
    text = line_of(column, cell)
    try:
        if text:
            _is_url(text)
    except ValidationError as error:
        raise BadCell(_("应是以 http:// 或 https:// 开头的网址。")) from error
    return text


def date_of(column: Column, cell: Any) -> dt.date | None:
    """Return a date from a date cell, Excel's day number or one of the usual forms."""
    if isinstance(cell, dt.datetime):
        day = cell.date()
    elif isinstance(cell, dt.date):
        day = cell
    elif isinstance(cell, int | float) and EXCEL_DAYS[0] <= cell <= EXCEL_DAYS[1]:
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(cell))
    else:
        text = re.sub(r"\s*(年|月|日)\s*", r"\1", text_of(cell))
        if not text:
            return None
        day = _parsed(text)
    if day.year < FIRST_YEAR:
        raise BadCell(_("年份早于 1949 年。"))
    return day


def _parsed(text: str) -> dt.date:
    match = DATE_FORM.match(text)
    if match is None:
        raise BadCell(_("不是日期，应如 2026-09-02、2026/9/2 或 2026年9月2日。"))
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise BadCell(_("没有这一天。")) from error


def choice_of(column: Column, cell: Any) -> str:
    """Return the stored value that the cell names by value or by label."""
    text = line_of(column, cell)
    if not text:
        return ""
    known = {value: value for value, _label in column.choices}
    known |= {label: value for value, label in column.choices}
    value = known.get(text) or known.get(text.lower())
    if value is None:
        labels = "、".join(label for _value, label in column.choices)
        raise BadCell(_("没有这个选项，应为：%(labels)s。") % {"labels": labels})
    return value


def keywords_of(column: Column, cell: Any) -> str:
    """Return keywords joined by the separator the editor uses."""
    words = _listed(cell, KEYWORD_SEPARATORS)
    return _limited("；".join(dict.fromkeys(words)), column.max_length)


def paths_of(column: Column, cell: Any) -> list[str]:
    """Return attachment paths, with forward slashes."""
    paths = [path.replace("\\", "/") for path in _listed(cell, LIST_SEPARATORS)]
    return list(dict.fromkeys(paths))


def _listed(cell: Any, separators: re.Pattern[str]) -> list[str]:
    if isinstance(cell, list):
        parts = [text_of(part) for part in cell]
    else:
        parts = separators.split(text_of(cell))
    return [" ".join(part.split()) for part in parts if part.strip()]
