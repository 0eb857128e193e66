"""Keys of a local index in order, and what is held under them."""

import re
from collections.abc import Iterable, Iterator

import tantivy

from .base import Entry, Held
from .rows import CARRIED


def held_in(
    searcher: tantivy.Searcher, schema: tantivy.Schema, keys: Iterable[str]
) -> Held:
    """Return (version, hash) of the keys that are held.

    What was carried over without the text of its files counts as one version less, so
    that the same version can be put again.
    """
    held: Held = {}
    for key in keys:
        query = tantivy.Query.term_query(schema, "key", key, "basic")
        for _score, address in searcher.search(query, 1, count=False).hits:
            row = searcher.doc(address)
            version = row.get_first("version")
            if row.get_first("put_at") == CARRIED:
                version -= 1
            held[key] = (version, row.get_first("sha256"))
    return held


def entries_after(
    searcher: tantivy.Searcher, schema: tantivy.Schema, after: str, limit: int
) -> Iterator[Entry]:
    """Give the next rows in order of their keys, for reconciliation."""
    for key, address in addresses_after(searcher, schema, after, limit):
        row = searcher.doc(address)
        yield Entry(
            key,
            row.get_first("version"),
            row.get_first("sha256"),
            row.get_first("state"),
        )


def addresses_after(
    searcher: tantivy.Searcher, schema: tantivy.Schema, after: str, limit: int
) -> list[tuple[str, tantivy.DocAddress]]:
    """Return (key, address) of the next rows, in order of their keys."""
    found = searcher.search(
        _beyond(schema, after),
        limit,
        count=False,
        order_by_field="key",
        order=tantivy.Order.Asc,
    )
    return list(found.hits)


def _beyond(schema: tantivy.Schema, after: str) -> tantivy.Query:
    """Match every key that sorts behind ``after``; tantivy has no range over text."""
    if not after:
        return tantivy.Query.all_query()
    pattern = "[ -~]"
    for char in reversed(after):
        longer = f"{re.escape(char)}(?:{pattern})"
        higher = f"[\\x{ord(char) + 1:02x}-\\x7e]"
        pattern = f"{higher}|{longer}" if char < "~" else longer
    pattern = f"(?:{pattern})[ -~]*"
    return tantivy.Query.regex_query(schema, "key", pattern)
