"""Imported text and HTML to the body of an item, as the editor itself would store it.

nh3 decides what is safe; ``BlockReader`` then puts tags into the order that Wagtail's
rich-text converter accepts (it asserts on, say, a list item outside a list); the
converter writes the form that the editor can open again. Block ids and keys are
derived from the text, so that the same import gives the same body.
"""

import hashlib
import json
import re
import uuid
from functools import cache
from html import escape
from typing import Any

import nh3
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter

from disclosure_pages.blocks import RICH_TEXT
from disclosure_pages.bulk.html_blocks import (
    BLOCKS,
    INLINES,
    LISTS,
    RENAMED,
    Block,
    BlockReader,
)

NAMESPACE = uuid.UUID("6f2b7c1e-3c62-4b53-9d7a-2f0f6f3d5a10")
TABLE_TAGS = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"}
CLEANER = nh3.Cleaner(
    tags=BLOCKS
    | INLINES
    | LISTS
    | {"li", "hr", "br", "aside"}
    | set(RENAMED)
    | TABLE_TAGS,
    clean_content_tags={
        *("script", "style", "iframe", "object", "embed", "noscript", "template"),
        *("svg", "math", "title", "textarea", "select"),
    },
    attributes={
        "a": {"href"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
        "aside": {"data-kind"},
    },
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=None,
)
LOOKS_LIKE_HTML = re.compile(r"<(?:[a-zA-Z][a-zA-Z0-9]*[\s/>]|/[a-zA-Z]|!--)")
BLOCK_KEY = re.compile(r' data-block-key="[^"]*"')
MAX_ROUNDS = 6
EMPTY_INLINE = re.compile(r"<([abi])(?: href=\"[^\"]*\")?></\1>")
EMPTY_TAIL = re.compile(r"<p data-block-key=\"[^\"]*\"></p>$")


def body_of(text: str) -> list[dict[str, Any]]:
    """Return the StreamField value (raw, JSON-safe) of plain text or HTML."""
    blocks = _html_blocks(text) if LOOKS_LIKE_HTML.search(text) else _plain_blocks(text)
    return [_stored(order, kind, value) for order, (kind, value) in enumerate(blocks)]


def _plain_blocks(text: str) -> list[Block]:
    lines = [line.strip() for line in text.splitlines()]
    html = "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line)
    return [("paragraph", html)] if html else []


def _html_blocks(html: str) -> list[Block]:
    reader = BlockReader()
    reader.feed(CLEANER.clean(html))
    reader.close()
    return reader.finish()


@cache
def _converter() -> ContentstateConverter:
    return ContentstateConverter(features=RICH_TEXT)


def _as_the_editor_stores(html: str) -> str:
    """Convert until nothing changes: opening and saving then changes nothing either."""
    converter = _converter()
    for _round in range(MAX_ROUNDS):
        stored = converter.to_database_format(converter.from_database_format(html))
        stored = EMPTY_INLINE.sub("", stored)
        if html.endswith("<hr/>"):  # the converter adds an empty line after a rule
            stored = EMPTY_TAIL.sub("", stored)
        if BLOCK_KEY.sub("", stored) == BLOCK_KEY.sub("", html):
            break
        html = stored
    digest = hashlib.sha256(BLOCK_KEY.sub("", stored).encode()).hexdigest()
    keys = iter(range(10**9))

    def key(match: re.Match[str]) -> str:
        return f' data-block-key="{digest[:3]}{next(keys):02x}"'

    return BLOCK_KEY.sub(key, stored)


def _stored(order: int, kind: str, value: Any) -> dict[str, Any]:
    if kind == "paragraph":
        value = _as_the_editor_stores(value)
    elif kind == "notice":
        value = value | {"text": _as_the_editor_stores(value["text"])}
    text = json.dumps([order, kind, value], ensure_ascii=False, sort_keys=True)
    return {"type": kind, "value": value, "id": str(uuid.uuid5(NAMESPACE, text))}
