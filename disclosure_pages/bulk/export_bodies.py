"""The body of an item as text or HTML that an import turns into the same body."""

import re
from html import escape, unescape
from typing import Any

from wagtail.blocks import StreamValue
from wagtail.rich_text import expand_db_html

from disclosure_pages.bulk.bodies import BLOCK_KEY, LOOKS_LIKE_HTML

PLAIN = re.compile(r"(?:<p>[^<]+</p>)+")


def text_of_body(body: StreamValue) -> str:
    """Return plain text where that says everything, otherwise HTML."""
    blocks = list(body.get_prep_value())
    html = "\n".join(_html(block["type"], block["value"]) for block in blocks)
    if len(blocks) == 1 and PLAIN.fullmatch(html):
        text = "\n".join(unescape(line) for line in re.findall(r"<p>(.*?)</p>", html))
        if not LOOKS_LIKE_HTML.search(text):
            return text
    return html


def _html(kind: str, value: Any) -> str:
    if kind == "table":
        return _table(value)
    if kind == "notice":
        return (
            f'<aside data-kind="{value["kind"]}"><h3>{escape(value["heading"])}</h3>'
            f"{_rich(value['text'])}</aside>"
        )
    return _rich(value)


def _rich(value: str) -> str:
    """Return rich text as plain HTML: links to pages and files as addresses."""
    return BLOCK_KEY.sub("", expand_db_html(value))


def _table(value: dict[str, Any]) -> str:
    caption = value.get("caption") or ""
    headings = [column.get("heading") or "" for column in value["columns"]]
    rows = [row["values"] for row in value["rows"]]
    parts = ["<table>"]
    if caption:
        parts.append(f"<caption>{escape(caption)}</caption>")
    if any(headings) or len(rows) > 1:
        parts.append(f"<thead>{_row('th', headings)}</thead>")
    parts.append(f"<tbody>{''.join(_row('td', row) for row in rows)}</tbody></table>")
    return "".join(parts)


def _row(tag: str, cells: list[Any]) -> str:
    inner = "".join(f"<{tag}>{escape(str(cell or ''))}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"
