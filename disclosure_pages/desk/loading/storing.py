"""Checked rows between the dry run and the import: one JSON line for each."""

import datetime as dt
import json
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from disclosure_pages.bulk.staged import StagedFile, StagedItem
from disclosure_pages.models import ImportBatch

ROWS = "rows.jsonl"
DATES = ("date_made", "date_published")


class Gone(Exception):
    """The checked rows are not on this machine any more: upload again."""


def folder_of(batch: ImportBatch) -> Path:
    """Return where a batch is unpacked and its checked rows are kept."""
    return Path(settings.GONGKAI_HOME) / "loading" / batch.uuid.hex


def clear(batch: ImportBatch) -> None:
    """Remove what was unpacked for a batch; the upload itself is kept."""
    shutil.rmtree(folder_of(batch), ignore_errors=True)


def keep_rows(batch: ImportBatch, items: Iterable[StagedItem]) -> None:
    """Write the checked rows."""
    folder = folder_of(batch)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ROWS).open("w", encoding="utf-8") as out:
        for item in items:
            out.write(json.dumps(_as_json(item), ensure_ascii=False) + "\n")


def kept_rows(batch: ImportBatch, start: int) -> list[StagedItem]:
    """Return the checked rows from the n-th on.

    Raises:
        Gone: they are not here.
    """
    try:
        with (folder_of(batch) / ROWS).open(encoding="utf-8") as lines:
            return [_item(json.loads(s)) for n, s in enumerate(lines) if n >= start]
    except FileNotFoundError as error:
        raise Gone from error


def _as_json(item: StagedItem) -> dict[str, Any]:
    fields = {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in item.fields.items()
    }
    return {
        "row": item.row,
        "key": item.key.hex,
        "office": item.office,
        "fields": fields,
        "given": sorted(item.given),
        "body": item.body,
        "files": [
            [str(f.path), f.name, f.sha256, f.bytes, f.mime] for f in item.attachments
        ],
    }


def _item(row: dict[str, Any]) -> StagedItem:
    fields = row["fields"]
    for name in DATES:
        if fields.get(name):
            fields[name] = dt.date.fromisoformat(fields[name])
    return StagedItem(
        row=row["row"],
        key=uuid.UUID(row["key"]),
        office=row["office"],
        fields=fields,
        given=frozenset(row["given"]),
        body=row["body"],
        attachments=tuple(
            StagedFile(Path(path), *rest) for path, *rest in row["files"]
        ),
    )
