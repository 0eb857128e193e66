"""Splitting clean HTML into the blocks of an item's body, tags well nested."""

import re
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any

from disclosure_pages.bulk.tables import TableReader

BLOCKS = {"p", "h2", "h3"}
INLINES = {"b", "i", "a"}
LISTS = {"ul", "ol"}
RENAMED = {
    **{"strong": "b", "em": "i", "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"},
    **{"div": "p", "section": "p", "article": "p", "blockquote": "p", "pre": "p"},
    **{"dt": "p", "dd": "p", "center": "p"},
}
Block = tuple[str, Any]


class BlockReader(HTMLParser):
    """Splits clean HTML into paragraphs, tables and notices, tags well nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []  # (kind, HTML or value), in order
        self._html: list[str] = []
        self._block = ""  # the open p, h2, h3 or li
        self._lists: list[str] = []
        self._inlines: list[tuple[str, str]] = []  # (tag, its start tag)
        self._table: TableReader | None = None
        self._caption = False
        self._notice: dict[str, Any] | None = None

    def finish(self) -> list[Block]:
        """Return the blocks, closing whatever is still open."""
        if self._table:
            self._end_table()
        self._end_notice()
        self._end_paragraphs()
        return self.blocks

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        tag = RENAMED.get(tag, tag)
        if self._table is not None and tag != "table":
            self._start_in_table(tag, attributes)
        elif tag == "table":
            if self._table is not None:
                return  # a table within a table: its cells join the outer one's
            self._end_paragraphs()
            self._table = TableReader()
        elif tag == "aside":
            self._end_notice()
            self._end_paragraphs()
            kind = attributes.get("data-kind")
            self._notice = {"kind": kind if kind in ("info", "warn") else "info"}
        elif tag in BLOCKS:
            self._start_block(tag)
        elif tag in LISTS:
            self._start_list(tag)
        elif tag == "li":
            self._start_item()
        elif tag == "hr":
            self._end_lists()
            self._html.append("<hr/>")
        elif tag == "br":
            self._break_line()
        elif tag in INLINES:
            self._start_inline(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        tag = RENAMED.get(tag, tag)
        if self._table is not None:
            if tag == "table":
                self._end_table()
            elif tag in ("td", "th"):
                self._table.end_cell()
            elif tag == "caption":
                self._caption = False
        elif tag == "aside":
            self._end_notice()
        elif tag in INLINES:
            self._end_inline(tag)
        elif tag in LISTS and self._lists:
            self._end_list()
        elif (tag == "li") == (self._block == "li"):
            self._end_block()

    def handle_data(self, data: str) -> None:
        if self._table is not None:
            self._table.text(data, caption=self._caption)
            return
        if not self._block:
            if not data.strip():
                return
            self._start_item() if self._lists else self._start_block("p")
        self._html.append(escape(data, quote=False))

    def _start_in_table(self, tag: str, attributes: dict[str, str | None]) -> None:
        table = self._table
        if table is None:
            return
        if tag == "tr":
            table.end_cell()
            table.start_row()
        elif tag in ("td", "th"):
            table.start_cell(attributes)
        elif tag == "caption":
            self._caption = True
        elif tag in ("br", "p"):
            table.text(" ", caption=self._caption)

    def _end_table(self) -> None:
        value = self._table.value() if self._table else None
        self._table, self._caption = None, False
        if value:
            self.blocks.append(("table", value))

    def _start_block(self, tag: str) -> None:
        if self._block == "li":  # a paragraph within a list item joins its text
            if self._html and not self._html[-1].startswith("<li"):
                self._break_line()
            return
        self._end_lists()
        self._open(tag)

    def _open(self, tag: str) -> None:
        self._block = tag
        self._html.append(f"<{tag}>")
        self._html += [start for _tag, start in self._inlines]

    def _end_block(self) -> None:
        """Close the open block; inline tags go on in the next one."""
        if not self._block:
            return
        self._close_inlines()
        self._html.append(f"</{self._block}>")
        self._block = ""

    def _start_list(self, tag: str) -> None:
        self._end_block()
        self._lists.append(tag)
        if len(self._lists) == 1:
            self._html.append(f"<{tag}>")

    def _start_item(self) -> None:
        """Begin a list item; lists within lists become one level."""
        self._end_block()
        if not self._lists:
            self._start_list("ul")
        self._open("li")

    def _end_list(self) -> None:
        self._end_block()
        tag = self._lists.pop()
        if not self._lists:
            self._html.append(f"</{tag}>")

    def _end_lists(self) -> None:
        self._end_block()
        while self._lists:
            outer = self._lists[0]
            self._lists = []
            self._html.append(f"</{outer}>")

    def _start_inline(self, tag: str, attributes: dict[str, str | None]) -> None:
        if any(open_tag == tag for open_tag, _start in self._inlines):
            return
        href = attributes.get("href") or ""
        if tag == "a" and not href:
            return
        start = f'<a href="{escape(href)}">' if tag == "a" else f"<{tag}>"
        self._inlines.append((tag, start))
        if self._block:
            self._html.append(start)

    def _close_inlines(self) -> None:
        for tag, start in reversed(self._inlines):
            self._close_inline(tag, start)

    def _close_inline(self, tag: str, start: str) -> None:
        """Write the end tag, or take the start tag back when nothing followed it."""
        if self._html[-1] == start:
            self._html.pop()
        else:
            self._html.append(f"</{tag}>")

    def _break_line(self) -> None:
        """Break the line, closing inline tags: the editor knows none in a link."""
        if not self._block:
            return
        self._close_inlines()
        self._html.append("<br/>")
        self._html += [start for _tag, start in self._inlines]

    def _end_inline(self, tag: str) -> None:
        if not any(open_tag == tag for open_tag, _start in self._inlines):
            return
        closed: list[tuple[str, str]] = []
        while self._inlines:
            entry = self._inlines.pop()
            if self._block:
                self._close_inline(*entry)
            if entry[0] == tag:
                break
            closed.append(entry)
        for entry in reversed(closed):
            self._inlines.append(entry)
            if self._block:
                self._html.append(entry[1])

    def _end_paragraphs(self) -> None:
        self._end_lists()
        self._inlines = []
        html = "".join(self._html)
        self._html = []
        if not re.sub(r"<[^>]*>|\s", "", html) and "<hr/>" not in html:
            return
        if self._notice is not None:
            self._notice["html"] = html
        else:
            self._add_paragraphs(html)

    def _add_paragraphs(self, html: str) -> None:
        """Add text to the text block before it, if there is one."""
        if self.blocks and self.blocks[-1][0] == "paragraph":
            html = self.blocks.pop()[1] + html
        self.blocks.append(("paragraph", html))

    def _end_notice(self) -> None:
        if self._notice is None:
            return
        self._end_paragraphs()
        notice, self._notice = self._notice, None
        html = notice.get("html", "")
        match = re.match(r"<h[23]>(.*?)</h[23]>", html)
        heading = re.sub(r"<[^>]*>", "", match.group(1)) if match else ""
        text = html[match.end() :] if match else html
        if heading or text:
            value = {
                "kind": notice["kind"],
                "heading": unescape(heading)[:60],
                "text": text or "<p></p>",
            }
            self.blocks.append(("notice", value))
