"""Exporting items with the columns of the import; what is exported can be imported."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from openpyxl.cell.cell import TYPE_STRING, Cell
from openpyxl.worksheet.worksheet import Worksheet
from wagtail.log_actions import log

from cms.audit.actions import EXPORT
from disclosure_pages.bulk.cells import CONTROL
from disclosure_pages.bulk.columns import COLUMNS
from disclosure_pages.bulk.export_bodies import text_of_body
from disclosure_pages.bulk.template import ITEM_SHEET, LABELS, new_book
from disclosure_pages.csv_answers import csv_rows, harmless
from disclosure_pages.models import (
    DisclosureIndexPage,
    DisclosureItemPage,
    OfficeIndexPage,
)
from disclosure_pages.public_state import visible_pages

LONGEST_CELL = 32_767  # what a cell of a workbook can hold
PER_QUERY = 200
UNSAFE_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


class ExportFailed(Exception):
    """The file cannot hold what is to be exported; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """Which items: public ones of any category and office unless said otherwise."""

    category: str = ""
    office: str = ""
    drafts: bool = False

    def items(self) -> QuerySet[DisclosureItemPage]:
        """Return the chosen items in the order of the tree."""
        items = visible_pages(DisclosureItemPage)
        if self.drafts:
            items = DisclosureItemPage.objects.filter(withdrawn_at=None)
        if self.category:
            items = items.filter(category=self.category)
        if self.office:
            parents = OfficeIndexPage.objects.filter(office__code=self.office)
            items = items.filter(path__startswith=parents.get().path)
        return items.order_by("path").prefetch_related("attachments__document")


def export_items(path: Path, choice: Choice) -> int:
    """Write the chosen items; returns how many. Attachments go into a folder beside.

    Raises:
        ExportFailed: unknown kind of file, or a text too long for a workbook.
    """
    writers: dict[str, Callable[[Path, Iterator[dict[str, Any]]], int]] = {
        ".xlsx": _write_xlsx,
        ".csv": _write_csv,
        ".jsonl": _write_jsonl,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise ExportFailed(_("只能导出 .xlsx、.csv、.jsonl 文件。"))
    draft = path.with_name(f".{path.name}.part")
    try:
        count = writer(draft, _records(path, choice))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def record_export(count: int, filters: str, *, user: Any = None) -> None:
    """Log that items which may not be public left the system; no user: a command."""
    log(
        DisclosureIndexPage.objects.get(),
        EXPORT,
        user=user,
        data={"count": count, "filters": filters},
    )


def _records(path: Path, choice: Choice) -> Iterator[dict[str, Any]]:
    offices = {
        page.path: page.office.code
        for page in OfficeIndexPage.objects.select_related("office")
    }
    for item in choice.items().iterator(chunk_size=PER_QUERY):
        shown = item.get_latest_revision_as_object() if choice.drafts else item
        record = {
            column.key: getattr(shown, column.key)
            for column in COLUMNS
            if hasattr(shown, column.key) and column.key not in ("body", "attachments")
        }
        record["keywords"] = shown.keyword_list
        record["body"] = text_of_body(shown.body)
        record["attachments"] = _copy_attachments(path, shown)
        record["office"] = offices.get(item.path[: -item.steplen], "")
        for key in ("date_made", "date_published"):
            record[key] = record[key].isoformat() if record[key] else ""
        yield {column.key: record[column.key] for column in COLUMNS}


def _copy_attachments(path: Path, item: DisclosureItemPage) -> list[str]:
    """Copy the item's files beside the export; returns their relative paths."""
    names = []
    for row in item.attachments.all():
        suffix = Path(row.document.filename).suffix
        label = UNSAFE_NAME.sub("_", row.label)
        name = label if label.endswith(suffix) else f"{label}{suffix}"
        relative = Path(f"{path.stem}_附件") / item.key[:12] / name
        target = path.parent / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        with row.document.open_file() as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        names.append(relative.as_posix())
    return names


def _write_jsonl(path: Path, records: Iterator[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_csv(path: Path, records: Iterator[dict[str, Any]]) -> int:
    headings = [column.heading for column in COLUMNS]
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in csv_rows(headings, map(_cells, records)):
            file.write(line)
            count += 1
    return count - 1  # without the headings


def _write_xlsx(path: Path, records: Iterator[dict[str, Any]]) -> int:
    book = new_book()
    sheet = book[ITEM_SHEET]
    count = 0
    for record in records:
        cells = _cells(record)
        if max(len(cell) for cell in cells) > LONGEST_CELL:
            raise ExportFailed(
                _("“%(title)s”的正文超过单元格的上限，请导出为 .jsonl 或 .csv。")
                % {"title": record["title"]}
            )
        sheet.append([_as_text(sheet, cell) for cell in cells])
        count += 1
    book.save(path)
    return count


def _as_text(sheet: Worksheet, text: str) -> Cell:
    """Return a cell that stays text: no formula, no error value, no number."""
    cell = Cell(sheet, value=harmless(text))
    cell.data_type = TYPE_STRING
    return cell


def _cells(record: dict[str, Any]) -> list[str]:
    """Return the record as a clerk reads it."""
    cells = []
    for key, value in record.items():
        if isinstance(value, list):
            value = "；".join(value)
        elif key in LABELS:
            value = LABELS[key].get(value, value)
        cells.append(CONTROL.sub("", str(value)))
    return cells
