"""The text of a dropped document as HTML that the editor takes."""

import re
from dataclasses import dataclass
from html import escape, unescape

import nh3

from disclosure_pages.external_html import SCHEMES
from disclosure_pages.intake.layout_words import PAGE_NUMBER, squeezed, starts_section
from disclosure_pages.intake.results import Line

TAGS = {
    *("h2", "h3", "p", "br", "hr", "strong", "b", "em", "i", "a", "ul", "ol", "li"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
RENAMED = {"h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}
FIRST = re.compile(r"\s*<(p|h[1-6]|table|ul|ol)\b[^>]*>(.*?)</\1>", re.DOTALL)
EMPTY = re.compile(r"<(p|strong|b|em|i|h[23])>\s*(?:<br\s*/?>\s*)*</\1>")
ANCHOR = re.compile(r'<a(?: rel="[^"]*")?>(.*?)</a>', re.DOTALL)
FULL_LINE = 0.94  # of the widest line: a shorter one ends its paragraph
SHORT_LINE = 0.7
INDENT = 0.025  # of the page's width


def clean_body(html: str) -> str:
    """Return the part of the HTML that the editor knows, without empty paragraphs."""
    for old, new in RENAMED.items():
        html = re.sub(rf"<(/?){old}\b[^>]*>", rf"<\1{new}>", html)
    html = nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None
    )
    html = ANCHOR.sub(r"\1", html)  # bookmarks of Word
    previous = ""
    while html != previous:
        previous, html = html, EMPTY.sub("", html)
    return html.strip()


def without_head(html: str, head: list[str]) -> str:
    """Return the HTML after the red head, number and title.

    Elements at the start go as long as their text is among the lines of the head.
    """
    known = squeezed("".join(head))
    while match := FIRST.match(html):
        text = squeezed(unescape(re.sub(r"<[^>]+>", "", match[2])))
        if text and not (known and text in known):
            break
        known = known.replace(text, "", 1) if text else known
        html = html[match.end() :]
    return html


@dataclass(frozen=True)
class Shape:
    """How the text is set: its edges, and whether paragraphs are indented."""

    left: float
    right: float
    indented: bool

    @classmethod
    def of(cls, lines: list[Line]) -> "Shape":
        """Measure the lines."""
        left = min((line.left for line in lines), default=0.0)
        right = max((line.right for line in lines), default=1.0)
        steps = sum(INDENT < line.left - left < 4 * INDENT for line in lines)
        return cls(left, right, steps >= 2)

    def begins(self, line: Line, previous: Line) -> bool:
        """Whether a line begins a paragraph."""
        if not previous.left or "right" in (line.align, previous.align):
            return True  # without places on the page each line is a paragraph
        if self.indented and previous.right > SHORT_LINE * self.right:
            return line.left > self.left + INDENT
        short = previous.right < FULL_LINE * self.right
        return short or starts_section(line.text)


def from_lines(lines: list[Line]) -> str:
    """Return the lines as paragraphs and tables; lines of one paragraph are joined."""
    blocks: list[str] = []
    paragraph: list[Line] = []
    rows: list[list[str]] = []
    shape = Shape.of(lines)
    for line in lines:
        if line.left and PAGE_NUMBER.fullmatch(line.text):
            continue
        if rows and not _is_row(line):
            blocks.append(_table(rows))
            rows = []
        if _is_row(line):
            blocks += _paragraph(paragraph)
            paragraph = []
            rows.append(line.text.split("\t"))
            continue
        if paragraph and shape.begins(line, paragraph[-1]):
            blocks += _paragraph(paragraph)
            paragraph = []
        paragraph.append(line)
    blocks += _paragraph(paragraph)
    if rows:
        blocks.append(_table(rows))
    return "".join(blocks)


def _is_row(line: Line) -> bool:
    return "\t" in line.text


def _paragraph(lines: list[Line]) -> list[str]:
    text = "".join(line.text.strip() for line in lines)
    return [f"<p>{escape(text, quote=False)}</p>"] if text else []


def _table(rows: list[list[str]]) -> str:
    width = max(len(row) for row in rows)
    lines = []
    for row in rows:
        cells = [*row, *[""] * (width - len(row))]
        lines.append(
            "".join(f"<td>{escape(cell.strip(), quote=False)}</td>" for cell in cells)
        )
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
