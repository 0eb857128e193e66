"""One document as a row of the local index, and back."""

import json
import time
from typing import Any

import tantivy

from search.documents import FILTERS, MAX_NUMBER, SearchDocument
from search.fields import columns

CARRIED = 0  # instead of the time: copied from another index, without text of files


def make_row(
    version: int,
    document: SearchDocument,
    fields: dict[str, str],
    put_at: int | None = None,
) -> tantivy.Document:
    """Return the row: what is stored, what filters and sorts, what is searched."""
    row = tantivy.Document()
    row.add_text("key", document.key)
    row.add_text("state", document.state)
    row.add_text("sha256", document.sha256)
    row.add_unsigned("version", version)
    row.add_unsigned("put_at", time.time_ns() if put_at is None else put_at)
    stored = json.dumps(document.stored(), ensure_ascii=False, separators=(",", ":"))
    row.add_bytes("document", stored.encode())
    if document.published:
        row.add_text("order", newest_first(document))
        for name, number in columns(document).items():
            row.add_unsigned(name, number)
    for name in FILTERS:
        for value in document.filter_values(name) if document.published else ():
            row.add_text(name, value)
    for name, tokens in fields.items():
        if tokens:
            row.add_text(name, tokens)
    return row


def newest_first(document: SearchDocument) -> str:
    """Return a text whose descending order is newest first, then by number."""
    mirrored = MAX_NUMBER - document.number
    return f"{document.date_published or '0000-00-00'} {mirrored:016x}"


def stored_document(row: tantivy.Document) -> SearchDocument:
    """Return the document that lies in a row of the index."""
    raw: Any = row.get_first("document")
    return SearchDocument.from_stored(json.loads(bytes(raw)))
