"""Reading one sheet of an xlsx workbook, with the places where formulas stand."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException, ElementTree
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from disclosure_pages.bulk.extents import check_extents
from disclosure_pages.bulk.problems import UnreadableFile

HELP_SHEET = "填写说明"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
UNREADABLE = (
    *(CalamineError, zipfile.BadZipFile, KeyError),
    *(ElementTree.ParseError, DefusedXmlException, zlib.error, EOFError),
    *(OSError, ValueError, RuntimeError, NotImplementedError),
)
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
REFERENCE = re.compile(r"([A-Z]+)(\d+)")


@dataclass(frozen=True)
class Sheet:
    """Rows as (row number, cells), and formulas by (row number, position from 0)."""

    rows: Iterator[tuple[int, list[Any]]]
    formulas: dict[tuple[int, int], str]


def read_sheet(path: Path) -> Sheet:
    """Read the first visible sheet that is not the explanation.

    Raises:
        UnreadableFile: damaged, with entities, over 500 MB when unpacked, or with
            cells far away.
    """
    try:
        with path.open("rb") as file:
            check_extents(file, path.name)
        with CalamineWorkbook.from_path(path) as workbook:
            name = _sheet_name(workbook)
            grid = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        formulas = _formulas(path, name)
    except UNREADABLE as e:
        raise UnreadableFile(
            _("工作簿打不开，可能已损坏：%(error)s") % {"error": e}, value=path.name
        ) from e
    return Sheet(iter(enumerate(grid, start=1)), formulas)


def _sheet_name(workbook: CalamineWorkbook) -> str:
    for sheet in workbook.sheets_metadata:
        if sheet.visible == SheetVisibleEnum.Visible and sheet.name != HELP_SHEET:
            return sheet.name
    raise UnreadableFile(_("工作簿里没有可读的工作表。"))


def _formulas(path: Path, sheet_name: str) -> dict[tuple[int, int], str]:
    """Return every formula of the sheet; calamine only gives the cached values."""
    found: dict[tuple[int, int], str] = {}
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(_sheet_part(archive, sheet_name))
    if not FORMULA.search(xml):
        return found
    for _event, cell in ElementTree.iterparse(io.BytesIO(xml)):
        if cell.tag == f"{MAIN}c":
            formula = cell.find(f"{MAIN}f")
            if formula is not None:
                position = _position(cell.get("r", "A1"))
                found[position] = f"={formula.text or ''}"
        if cell.tag in (f"{MAIN}c", f"{MAIN}row"):
            cell.clear()
    return found


def _sheet_part(archive: zipfile.ZipFile, sheet_name: str) -> str:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    wanted = {s.get("name"): s.get(RELATION) for s in book.iter(f"{MAIN}sheet")}
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    return f"xl/{targets[wanted[sheet_name]].removeprefix('/xl/')}"


def _position(reference: str) -> tuple[int, int]:
    """Return (row number from 1, column position from 0) of a reference like B12."""
    match = REFERENCE.match(reference)
    letters, digits = match.groups() if match else ("A", "1")
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - 64
    return int(digits), position - 1
