"""Reading an import file: xlsx, csv or jsonl to raw rows, one dict per row."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from disclosure_pages.bulk import workbooks
from disclosure_pages.bulk.columns import BY_KEY, COLUMNS, column_of
from disclosure_pages.bulk.problems import Problem, UnreadableFile, problem
from disclosure_pages.csv_answers import unguarded

MAX_BYTES = 500 * 1024 * 1024
EXAMPLE_MARK = "【示例】"
OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
CSV_FIELD_LIMIT = 16 * 1024 * 1024


@dataclass
class RawTable:
    """What was read: (row number, {column key: cell}) pairs, and what was wrong.

    ``unsound``: the headings are wrong, so that no row can be trusted.
    """

    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unsound: bool = False


def read_table(path: Path) -> RawTable:
    """Read a file by its ending; nothing is checked but its form.

    Raises:
        UnreadableFile: no row of it can be read.
    """
    readers = {".xlsx": _read_xlsx, ".csv": _read_csv, ".jsonl": _read_jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UnreadableFile(
            _("只接受 .xlsx、.csv、.jsonl 文件。"), value=path.suffix or path.name
        )
    if not path.is_file():
        raise UnreadableFile(_("找不到这个文件。"), value=path)
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(_("文件超过 500 MB，请分成几个文件。"), value=path.name)
    table = reader(path)
    if not table.rows and not table.problems:
        raise UnreadableFile(_("文件里没有数据行。"), value=path.name)
    return table


def _read_xlsx(path: Path) -> RawTable:
    with path.open("rb") as file:
        start = file.read(8)
    if start == OLE_MAGIC:
        raise UnreadableFile(
            _("这是旧版 .xls（或加了密码）的文件，请用表格软件另存为 .xlsx。"),
            value=path.name,
        )
    if not start.startswith(b"PK") or not zipfile.is_zipfile(path):
        raise UnreadableFile(
            _("内容不是 .xlsx 工作簿，可能只是改了扩展名；请用表格软件另存。"),
            value=path.name,
        )
    sheet = workbooks.read_sheet(path)
    return _from_grid(sheet.rows, sheet.formulas)


def _read_csv(path: Path) -> RawTable:
    text = _decode(path)
    csv.field_size_limit(CSV_FIELD_LIMIT)
    first_line = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in first_line and "," not in first_line else ","
    try:
        grid = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        )
    except csv.Error as error:
        raise UnreadableFile(
            _("CSV 格式有误（引号或分隔符）：%(error)s") % {"error": error},
            value=path.name,
        ) from error
    return _from_grid(enumerate(grid, start=1), {})


def _decode(path: Path) -> str:
    """Return the text of a csv: UTF-8 with or without mark, else GB18030.

    Raises:
        UnreadableFile: neither; or decoded by GB18030 the headings make no sense.
    """
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = raw.count(b"\n", 0, error.start) + 1
    wrong = UnreadableFile(
        _("编码有误：第 %(line)d 行不是 UTF-8，也不是 GB18030；请另存为 UTF-8 编码。")
        % {"line": where},
        value=path.name,
    )
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise wrong
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        raise wrong from None
    headings = text.split("\n", 1)[0].replace('"', "").split(",")
    if not any(column_of(heading) for heading in headings):
        raise wrong
    return text


def _from_grid(grid: Any, formulas: dict[tuple[int, int], str]) -> RawTable:
    """Turn numbered rows of cells, the first one with headings, into a table."""
    table = RawTable()
    numbered = ((n, row) for n, row in grid if any(_filled(cell) for cell in row))
    first = next(numbered, None)
    if first is None:
        return table
    keys = _keys_of(first, table.problems)
    table.unsound = bool(table.problems)
    for number, row in numbered:
        record: dict[str, Any] = {}
        for position, cell in enumerate(row):
            key = keys[position] if position < len(keys) else ""
            formula = formulas.get((number, position)) or _typed_formula(cell)
            if formula:
                reason = _("单元格里是公式；请复制后“选择性粘贴”为数值。")
                heading = BY_KEY[key].label if key else ""
                table.problems.append(problem(number, heading, formula, reason))
            elif key:
                record[key] = unguarded(cell)
            elif _filled(cell) and position >= len(keys):
                reason = _("这一列没有表头。")
                table.problems.append(problem(number, "", cell, reason))
        if not str(record.get("title", "")).startswith(EXAMPLE_MARK):
            table.rows.append((number, record))
    return table


def _keys_of(first: tuple[int, list[Any]], problems: list[Problem]) -> list[str]:
    """Return the column key of each position, "" where there is none."""
    number, headings = first
    keys: list[str] = []
    for heading in headings:
        column = column_of(str(heading))
        if column is None and _filled(heading):
            reason = _("模板里没有这一列；列名见 import_template。")
            problems.append(problem(number, str(heading), heading, reason))
        if column and column.key in keys:
            reason = _("这一列出现了两次。")
            problems.append(problem(number, str(heading), heading, reason))
        keys.append(column.key if column else "")
    for column in COLUMNS:
        if column.required and column.key not in keys:
            reason = _("缺少必填的列。")
            problems.append(problem(number, column.label, "", reason))
    return keys


def _filled(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _typed_formula(cell: Any) -> str:
    return cell if isinstance(cell, str) and cell.startswith(("=", "＝")) else ""


def _read_jsonl(path: Path) -> RawTable:
    table = RawTable()
    for number, line in enumerate(_json_lines(path), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            reason = _("不是有效的 JSON：%(error)s") % {"error": error.msg}
            table.problems.append(problem(number, "", line, reason))
            continue
        if not isinstance(record, dict):
            reason = _("每行应为一个 JSON 对象。")
            table.problems.append(problem(number, "", line, reason))
            continue
        table.rows.append((number, _known_keys(number, record, table.problems)))
    return table


def _json_lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise UnreadableFile(
                    _("编码有误：第 %(line)d 行不是 UTF-8；jsonl 只接受 UTF-8。")
                    % {"line": number},
                    value=path.name,
                ) from error


def _known_keys(
    number: int, record: dict[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, value in record.items():
        column = column_of(name)
        if column is None:
            problems.append(problem(number, name, value, _("没有这个字段。")))
        elif column.key in known:
            problems.append(problem(number, name, value, _("这个字段出现了两次。")))
        else:
            known[column.key] = value
    return known
