"""Reading a standard catalogue (基层政务公开标准目录) as offices pass it round.

Two heading rows with merged cells, columns in any order, tick columns, rows that share
a merged 一级事项, and thousands of empty rows at the end.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from disclosure_pages.bulk.extents import check_extents
from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.bulk.workbooks import HELP_SHEET, UNREADABLE

HEADING_ROWS = 12
PLAIN = {
    "序号": "number",
    "编号": "code",
    "编码": "code",
    "一级事项": "level1",
    "二级事项": "level2",
    "公开内容": "content",
    "公开依据": "basis",
    "公开时限": "time_limit",
    "公开主体": "body",
}
TICKED = {
    "公开对象": {"全社会": "everyone", "特定": "some"},
    "公开方式": {"主动": "proactive", "依申请": "on_request"},
    "公开层级": {"县": "county", "乡": "township", "村": "township"},
}
FIELD = re.compile(
    r"([\u4e00-\u9fff]{2,20}?)(?:领域)?(?:基层)?政务公开(?:标准)?(?:事项)?目录"
)


@dataclass
class Line:
    """One row of a sheet: what it says by name, and its ticks by group."""

    sheet: str
    row: int
    field: str
    values: dict[str, str] = field(default_factory=dict)
    ticks: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class CatalogueFile:
    """What a workbook holds."""

    lines: list[Line] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)


def read_catalogue(path: Path) -> CatalogueFile:
    """Read every visible sheet that has the headings.

    Raises:
        UnreadableFile: damaged, too large, or without a sheet that is a catalogue.
    """
    found = CatalogueFile()
    known = False
    try:
        with path.open("rb") as file:
            check_extents(file, path.name)
        with CalamineWorkbook.from_path(path) as workbook:
            for about in workbook.sheets_metadata:
                shown = about.visible == SheetVisibleEnum.Visible
                if shown and about.name != HELP_SHEET:
                    known |= _read(workbook.get_sheet_by_name(about.name), found)
    except UNREADABLE as e:
        raise UnreadableFile(
            _("工作簿打不开，可能已损坏：%(error)s") % {"error": e}, value=path.name
        ) from e
    if not known:
        raise UnreadableFile(
            _("没有找到标准目录的表头（序号、公开事项、公开内容……）。"),
            value=path.name,
        )
    return found


def _read(sheet: CalamineSheet, found: CatalogueFile) -> bool:
    """Take one sheet's lines; tell whether it was a catalogue."""
    grid = sheet.to_python(skip_empty_area=False)
    _fill_merged(grid, sheet.merged_cell_ranges or [])
    top = _heading_row(grid)
    if top is None:
        return False
    below = grid[top + 1] if top + 1 < len(grid) else []
    has_second = any("一级事项" in _key(cell) for cell in below)
    seconds = below if has_second else [""] * len(grid[top])
    columns = [_column(a, b) for a, b in zip(grid[top], seconds, strict=False)]
    for (group, name), first, second in zip(columns, grid[top], seconds, strict=False):
        heading = " ".join(dict.fromkeys(filter(None, (_text(first), _text(second)))))
        if not group and not name and heading:
            found.unknown_columns.append(heading)
    title = "".join(_text(cell) for row in grid[:top] for cell in dict.fromkeys(row))
    match = FIELD.search(title)
    subject = match.group(1) if match else sheet.name.strip()[:60]
    start = top + (2 if has_second else 1)
    for number, cells in enumerate(grid[start:], start=start + 1):
        if any(_text(cell) for cell in cells):
            found.lines.append(_line(sheet.name, number, subject, columns, cells))
    return True


def _line(
    sheet: str, row: int, subject: str, columns: list[tuple[str, str]], cells: list[Any]
) -> Line:
    line = Line(sheet, row, subject)
    for (group, name), cell in zip(columns, cells, strict=False):
        text = _text(cell)
        if group and text:
            line.ticks.setdefault(group, {})[name] = text
        elif name and text:
            line.values.setdefault(name, text)
    return line


def _fill_merged(grid: list[list[Any]], ranges: list[Any]) -> None:
    """Repeat the value of a merged cell in all its places."""
    for (top, left), (bottom, right) in ranges:
        value = grid[top][left] if top < len(grid) and left < len(grid[top]) else ""
        for row in grid[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = value


def _heading_row(grid: list[list[Any]]) -> int | None:
    for number, row in enumerate(grid[:HEADING_ROWS]):
        names = {_key(cell) for cell in row}
        if any("公开内容" in name for name in names) and any(
            "公开时限" in name for name in names
        ):
            return number
    return None


def _column(first: Any, second: Any) -> tuple[str, str]:
    """Return (group of ticks or "", name) of a column; ("", "") when unknown."""
    top, below = _key(first), _key(second)
    for heading, name in PLAIN.items():
        if below.startswith(heading) or top.startswith(heading):
            return "", name
    for group, choices in TICKED.items():
        if top.startswith(group):
            for start, value in choices.items():
                if below.startswith(start):
                    return group, value
            return (group, "text") if below in ("", top) else ("", "")
    if "渠道" in top:
        return ("公开渠道", "text") if below in ("", top) else ("公开渠道", below)
    return "", ""


def _key(cell: Any) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(cell or "")))


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str("" if cell is None else cell).replace("\x00", "").strip()
