"""A package on disk: the table, the form for the receipt, the files; all or nothing.

Its words are the portal's, so in Chinese whatever the reader of our desk chose.
"""

import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import TYPE_STRING, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from disclosure_pages.csv_answers import harmless

from ..models import TemplateBatch, TemplateRow
from .rows import FILES, TEXTS, Prepared

TABLE, FORM = "信息加载表.xlsx", "回执表.xlsx"
FORM_SHEET = "回执"
FORM_HEADINGS = (
    *("行", "操作", "索引号", "标题", "永久标识", "版本", "校验码", "批次"),
    *("处理结果", "门户网址", "说明"),
)
FORM_KEY, FORM_RESULT = 5, 9  # columns, from 1
WITHDRAWAL_SHEET = "撤下"
WITHDRAWAL_HEADINGS = (
    "操作",
    "索引号",
    "门户网址",
    "本站原网址",
    "撤下原因",
    "永久标识",
)
PART = ".part-"
WIDTH = 22


def package_name(batch: TemplateBatch, *, packed: bool) -> str:
    """Return the file's or folder's name, e.g. ``000012-发布.zip``."""
    kind = "撤下" if batch.withdrawals else "发布"
    return f"{batch.number:06d}-{kind}{'.zip' if packed else ''}"


def new_part(folder: Path) -> Path:
    """Return a new folder in which a package is put together, unseen by others."""
    part = folder / f"{PART}{uuid.uuid4().hex}"
    part.mkdir(parents=True)
    return part


def write_publications(
    folder: Path, sheet: str, headings: Sequence[str], items: Sequence[Prepared]
) -> None:
    """Write the portal's table: its columns and nothing else."""
    book = _book(sheet, headings)
    for item in items:
        _append(book.active, item.cells)
    book.save(folder / TABLE)


def write_withdrawals(
    folder: Path, rows: Sequence[tuple[TemplateRow, str, str]]
) -> None:
    """Write what has to go, as (row, our address, reason); ``row.url`` is theirs."""
    book = _book(WITHDRAWAL_SHEET, WITHDRAWAL_HEADINGS)
    for row, url, reason in rows:
        cells = ("撤下", row.index_number, row.url, url, reason, row.key)
        _append(book.active, cells)
    book.save(folder / TABLE)


def write_form(
    folder: Path, batch: TemplateBatch, rows: Sequence[tuple[TemplateRow, str, str]]
) -> None:
    """Write the form that comes back filled in, as (row, act, title)."""
    book = _book(FORM_SHEET, FORM_HEADINGS)
    sheet = book.active
    for row, act, title in rows:
        cells = (row.place, act, row.index_number, title, row.key, row.version)
        url = row.url if batch.withdrawals else ""
        _append(sheet, (*cells, row.sha256, batch.number, "", url, ""))
    rule = DataValidation(type="list", formula1='"成功,失败"', allow_blank=True)
    letter = get_column_letter(FORM_RESULT)
    rule.add(f"{letter}2:{letter}{len(rows) + 1}")
    sheet.add_data_validation(rule)
    book.save(folder / FORM)


def _book(sheet: str, headings: Iterable[str]) -> Workbook:
    book = Workbook()
    book.active.title = sheet
    _append(book.active, headings)
    for position, cell in enumerate(book.active[1], start=1):
        cell.font = Font(bold=True)
        book.active.column_dimensions[get_column_letter(position)].width = WIDTH
    book.active.freeze_panes = "A2"
    return book


def _append(sheet: Worksheet, texts: Iterable[object]) -> None:
    """Add a row of cells that stay text: no formula, no error value, no number."""
    cells = []
    for text in texts:
        cell = Cell(sheet, value=harmless(text))
        cell.data_type = TYPE_STRING
        cells.append(cell)
    sheet.append(cells)


def put_in_place(part: Path, goal: Path) -> None:
    """Let the finished package appear under its name, whole and on disk.

    Raises:
        OSError: it can't be written.
    """
    if goal.suffix == ".zip":
        packed = part.with_suffix(".zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(part.rglob("*")):
                archive.write(path, path.relative_to(part).as_posix())
        _sync(packed)
        packed.replace(goal)
        shutil.rmtree(part)
    else:
        for path in part.rglob("*"):
            _sync(path)
        _sync(part)
        part.replace(goal)
    _sync(goal.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def take_out(goal: Path, keys: set[str]) -> None:
    """Take items out of a package that lies there; an empty one disappears.

    One that somebody fetched already (moved away) is left to him.
    """
    if not goal.exists():
        return
    packed = goal.suffix == ".zip"
    part = new_part(goal.parent)
    if packed:
        with zipfile.ZipFile(goal) as archive:
            archive.extractall(part)  # our own file, and names are kept inside
    else:
        shutil.copytree(goal, part, dirs_exist_ok=True)
    left = _edit(part, keys)
    for key in keys:
        shutil.rmtree(part / FILES / key, ignore_errors=True)
        for path in (part / TEXTS).glob(f"{key}.*"):
            path.unlink()
    if not left:
        shutil.rmtree(part)
    if not packed:
        goal.replace(part.with_suffix(".old"))
        shutil.rmtree(part.with_suffix(".old"))
    if left:
        put_in_place(part, goal)
    elif packed:
        goal.unlink()


def _edit(part: Path, keys: set[str]) -> int:
    """Drop the rows of both tables, which stand in one order; returns what is left."""
    table, form = load_workbook(part / TABLE), load_workbook(part / FORM)
    for line in range(form.active.max_row, 1, -1):
        if form.active.cell(line, FORM_KEY).value in keys:
            form.active.delete_rows(line)
            table.active.delete_rows(line)
    table.save(part / TABLE)
    form.save(part / FORM)
    return form.active.max_row - 1
