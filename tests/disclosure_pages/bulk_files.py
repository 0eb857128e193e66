"""Import files for the bulk tests: rows as csv, jsonl or xlsx in a folder."""

import csv
import json
from pathlib import Path

from openpyxl import Workbook

from disclosure_pages.bulk.columns import BY_KEY

DATA = Path(__file__).resolve().parents[1] / "data"
ITEMS = DATA / "items.xlsx"


def row(**values):
    """A good row; a test changes what it is about."""
    good = {
        "title": "2026年第三季度临时救助情况公示",
        "category": "工作信息",
        "date_made": "2026-09-02",
        "date_published": "2026-09-04",
        "body": "第一段。\n第二段。",
    }
    return good | values


def headings(rows):
    """The columns that any of the rows has, as the template names them."""
    keys = dict.fromkeys(key for one in rows for key in one)
    return {key: BY_KEY[key].heading if key in BY_KEY else key for key in keys}


def write_csv(path, rows, encoding="utf-8-sig"):
    with path.open("w", encoding=encoding, newline="") as file:
        names = headings(rows)
        writer = csv.writer(file)
        writer.writerow(names.values())
        writer.writerows([one.get(key, "") for key in names] for one in rows)
    return path


def write_jsonl(path, rows):
    lines = (json.dumps(one, ensure_ascii=False, default=str) for one in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_xlsx(path, rows):
    book = Workbook()
    names = headings(rows)
    book.active.append(list(names.values()))
    for one in rows:
        book.active.append([one.get(key) for key in names])
    book.save(path)
    return path


WRITERS = {"csv": write_csv, "jsonl": write_jsonl, "xlsx": write_xlsx}
