"""How far a workbook's cells (xlsx, ods) reach, before a reader makes room for them.

A reader holds every place up to the last filled cell, so that one cell far away costs
more memory than there is. What the file says of its own size is not believed.
"""

import copy
import re
import zipfile
from collections.abc import Iterator
from posixpath import basename
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from django.utils.translation import gettext as _

from disclosure_pages.bulk.problems import UnreadableFile

MAX_UNPACKED = 500 * 1024**2
MAX_PARTS = 10_000
MAX_CELLS = 20_000 * 200  # places of one sheet, empty ones included
MAX_BOOK = 20 * 1024**2  # of the part that names the sheets
PIECE = 1 << 16
REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
NUMBER = re.compile(r"[0-9]{1,7}")
CONTENT = ("v", "is", "f")
VALUES = ("value-type", "formula")


def check_extents(source: IO[bytes], name: str) -> None:
    """Refuse a workbook with a sheet that reaches over more than 4 million places.

    Every part is unpacked to its true end: the sizes in the directory are claims.

    Raises:
        UnreadableFile: a cell too far away, or over 500 MB when unpacked.
        zipfile.BadZipFile, ElementTree.ParseError: damaged.
    """
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
        claimed = sum(part.file_size for part in parts)
        if claimed > MAX_UNPACKED or len(parts) > MAX_PARTS:
            raise too_much(name)
        sheets, left = _sheet_names(archive), MAX_UNPACKED
        for part in parts:
            known = _short(part.filename)
            parser = None
            if known.endswith(".xml") or known in sheets:
                cells = _Cells(name)
                parser = ElementTree.XMLParser(target=cells, forbid_dtd=True)
            for piece in _pieces(archive, part, left):
                left -= len(piece)
                if left < 0:
                    raise too_much(name)
                if parser:
                    parser.feed(piece)
            if parser:
                parser.close()


def too_much(name: str) -> UnreadableFile:
    """Return what to say of a file that unpacks to far too much."""
    return UnreadableFile(_("解压后超过 500 MB。"), value=name)


def _short(path: str) -> str:
    """Return the last part of a path: readers differ in what they make of the rest."""
    return basename(path.replace("\\", "/")).casefold()


def _pieces(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, limit: int
) -> Iterator[bytes]:
    """Yield a part to its true end, not much beyond the limit."""
    whole = copy.copy(part)
    whole.file_size = limit + 2 * PIECE
    with archive.open(whole) as file:
        while piece := file.read(PIECE):
            yield piece


def _sheet_names(archive: zipfile.ZipFile) -> set[str]:
    """Return the short names of the parts that the workbook calls its sheets."""
    ids: set[str] = set()
    targets: dict[str, set[str]] = {}
    for element in _elements(archive, "workbook.xml"):
        if element.tag.rpartition("}")[2] == "sheet":
            ids.update(element.attrib.values())
    for element in _elements(archive, "workbook.xml.rels"):
        target = _short(element.get("Target", ""))
        targets.setdefault(element.get("Id", ""), set()).add(target)
    return {target for known in ids for target in targets.get(known, ())}


def _elements(archive: zipfile.ZipFile, name: str) -> Iterator[Element]:
    for part in archive.infolist():
        if _short(part.filename) == name:
            xml = b"".join(_pieces(archive, part, MAX_BOOK))
            yield from ElementTree.fromstring(xml, forbid_dtd=True).iter()


class _Cells:
    """Follows the cells of a part as a reader does: by reference, or one on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.row = self.cell_row = self.column = 0
        self.rows = self.columns = 0  # the furthest of the sheet

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note a row, a cell, or that the cell holds something."""
        local = tag.rpartition("}")[2]
        if local == "c":
            self._cell(attributes.get("r"))
        elif local == "row":
            self._row(attributes.get("r"))
        elif local in CONTENT and self.column:
            self._filled()
        elif local.startswith("table"):
            self._open_document(local, attributes)
        elif local == "p" and self.column:
            self._filled()

    def _open_document(self, local: str, attributes: dict[str, str]) -> None:
        """Follow an ods, whose rows and cells only say how often they repeat."""
        if local == "table":
            self.row = 0
        elif local == "table-row":
            self.row += _times(attributes, "number-rows-repeated")
            self.cell_row, self.column = self.row, 0
        elif local == "table-cell":
            self.column += _times(attributes, "number-columns-repeated")
            if any(name.rpartition("}")[2] in VALUES for name in attributes):
                self._filled()

    def close(self) -> None:
        """Nothing was kept."""

    def _row(self, number: str | None) -> None:
        if number is not None and not NUMBER.fullmatch(number):
            raise ElementTree.ParseError(f"row {number[:20]}")
        self.row = self.row + 1 if number is None else int(number)
        self.column = 0

    def _cell(self, reference: str | None) -> None:
        if reference is None:
            self.column += 1
            self.cell_row = self.row
            return
        match = REFERENCE.fullmatch(reference)
        if match is None:
            raise ElementTree.ParseError(f"cell {reference[:20]}")
        self.column = 0
        for letter in match[1].upper():
            self.column = self.column * 26 + ord(letter) - 64
        self.cell_row = int(match[2])

    def _filled(self) -> None:
        self.rows = max(self.rows, self.cell_row)
        self.columns = max(self.columns, self.column)
        if self.rows * self.columns > MAX_CELLS:
            raise UnreadableFile(
                _(
                    "表格太大：有内容的单元格一直到第 %(row)d 行、第 %(column)d 列。"
                    "请删去表外的内容。"
                )
                % {"row": self.rows, "column": self.columns},
                value=self.name,
            )


def _times(attributes: dict[str, str], wanted: str) -> int:
    """Return how often something stands there."""
    for name, value in attributes.items():
        if name.rpartition("}")[2] == wanted:
            if not NUMBER.fullmatch(value):
                raise ElementTree.ParseError(f"{wanted} {value[:20]}")
            return int(value)
    return 1
