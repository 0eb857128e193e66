"""Import files made by the tests, and what a database holds that an import writes."""

import csv
import json
from pathlib import Path

from openpyxl import Workbook
from wagtail.models import Page, PageLogEntry, ReferenceIndex, Revision

from disclosure_pages.bulk.columns import BY_KEY
from disclosure_pages.models import (
    DisclosureDocument,
    ImportBatch,
    IndexNumberCounter,
    IndexNumberEntry,
)
from tasks.models import OutboxEntry

ITEMS = Path(__file__).resolve().parents[2] / "data" / "items.xlsx"
WRITTEN = (
    *(Page, Revision, PageLogEntry, ReferenceIndex, DisclosureDocument, ImportBatch),
    *(IndexNumberCounter, IndexNumberEntry, OutboxEntry),
)


def a_row(**values):
    """A good row by column key; a test changes what it is about."""
    return {
        "title": "三季度临时救助情况",
        "category": "work",
        "date_made": "2026-09-02",
        "date_published": "2026-09-04",
        "body": "第一段。\n第二段。",
    } | values


def some_rows(count, **values):
    """Good rows with an external id each."""
    return [
        a_row(title=f"第{n}号公示", external_id=f"MZ-{n:04d}", **values)
        for n in range(1, count + 1)
    ]


def write(path, rows):
    """Write the rows as the path's ending says; returns the path."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    grid = [[BY_KEY[key].heading if key in BY_KEY else key for key in keys]]
    grid += [[row.get(key, "") for key in keys] for row in rows]
    if path.suffix == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        path.write_text("".join(lines), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(grid)
    else:
        book = Workbook()
        for cells in grid:
            book.active.append(cells)
        book.save(path)
    return path


def everything():
    """How many rows there are of all that an import may write."""
    return {model.__name__: model.objects.count() for model in WRITTEN}
