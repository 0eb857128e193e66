"""Reading Word files (docx, docm): lines in order, and what Word hides in them."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.errors import Unreadable
from disclosure_pages.intake.packages import open_package, package_findings, read_xml
from disclosure_pages.intake.results import Extracted, Finding, Limits, Line

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MAIN_PART = "word/document.xml"
SIDE_PARTS = ("footnotes", "endnotes", "comments", "header", "footer")
SKIPPED = {f"{W}del", f"{W}moveFrom", f"{MC}Fallback", f"{W}instrText"}
BREAKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
ALIGNMENTS = {"center": "center", "right": "right", "end": "right", "both": "both"}


@dataclass(frozen=True)
class Style:
    """What a paragraph style says about its paragraphs; None: as its base says."""

    base: str = ""
    align: str | None = None
    size: float | None = None
    red: bool | None = None


@dataclass
class WordText:
    """The lines of the main text, the texts beside it, and the findings."""

    lines: list[Line] = field(default_factory=list)
    side: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read(data: bytes, name: str, limits: Limits) -> Extracted:
    """Return the text, with notes, comments, headers and footers as a second page."""
    found = read_lines(data, limits)
    main = "\n".join(line.text for line in found.lines)[: limits.characters]
    side = "\n".join(found.side)[: limits.characters]
    kind = "docm" if any(f.code == "macros" for f in found.findings) else "docx"
    pages = [page for page in (main, side) if page.strip()]
    if pages:
        return Extracted(TextState.OK, pages, kind, findings=found.findings)
    message = _("文件里没有文字。如果内容是图片，请写明内容，或另附文字版。")
    return Extracted(TextState.EMPTY, [], kind, message, found.findings)


def read_lines(data: bytes, limits: Limits) -> WordText:
    """Read a Word file.

    Raises:
        Unreadable: it is no Word file, or beyond the limits.
    """
    with open_package(data, limits) as archive:
        root = read_xml(archive, MAIN_PART, limits)
        if root is None:
            raise Unreadable(
                TextState.FAILED,
                _("不是有效的 Word 文件。请在 Word 或 WPS 里打开，另存为 docx。"),
            )
        styles = _styles(read_xml(archive, "word/styles.xml", limits))
        lines = list(_Lines(styles).of(root))
        findings = package_findings(archive.namelist()) + _tracked(root)
        side = _side_texts(archive, limits)
        if any(n.startswith("word/comments") for n in archive.namelist()):
            comments = read_xml(archive, "word/comments.xml", limits)
            if comments is not None and len(comments):
                findings.append(_comments(len(comments)))
    return WordText(lines, side, findings)


def _tracked(root: Element) -> list[Finding]:
    marks = ("ins", "del", "moveFrom", "moveTo")
    count = sum(1 for mark in marks for _mark in root.iter(f"{W}{mark}"))
    if not count:
        return []
    message = _("文件里有 %(count)d 处修订痕迹。请接受或拒绝全部修订，另存后再传。")
    return [Finding("tracked_changes", message % {"count": count})]


def _comments(count: int) -> Finding:
    message = _("文件里有 %(count)d 条批注。请删除全部批注，另存后再传。")
    return Finding("comments", message % {"count": count})


def _side_texts(archive: zipfile.ZipFile, limits: Limits) -> list[str]:
    texts = []
    for name in sorted(archive.namelist()):
        part = name.removeprefix("word/")
        if "/" in part or not part.endswith(".xml") or not part.startswith(SIDE_PARTS):
            continue
        root = read_xml(archive, name, limits)
        if root is not None:
            texts += [text for p in root.iter(f"{W}p") if (text := text_of(p).strip())]
    return texts


def text_of(node: Element) -> str:
    """Return the text under a node as it reads when all changes are accepted."""
    return "".join(_pieces(node))


def _pieces(node: Element) -> Iterator[str]:
    if node.tag in SKIPPED:
        return
    if node.tag == f"{W}t":
        yield node.text or ""
    elif node.tag in BREAKS:
        yield BREAKS[node.tag]
    for child in node:
        if child.tag == f"{W}txbxContent":
            continue  # its paragraphs are lines of their own
        yield from _pieces(child)


def _styles(root: Element | None) -> dict[str, Style]:
    if root is None:
        return {}
    found = {}
    for style in root.iter(f"{W}style"):
        base = style.find(f"{W}basedOn")
        found[style.get(f"{W}styleId", "")] = Style(
            "" if base is None else base.get(f"{W}val", ""),
            _align(style.find(f"{W}pPr")),
            _size(style.find(f"{W}rPr")),
            _red(style.find(f"{W}rPr")),
        )
    return found


def _value(properties: Element | None, name: str) -> str | None:
    node = None if properties is None else properties.find(f"{W}{name}")
    return None if node is None else node.get(f"{W}val")


def _align(properties: Element | None) -> str | None:
    value = _value(properties, "jc")
    return None if value is None else ALIGNMENTS.get(value, "left")


def _size(properties: Element | None) -> float | None:
    value = _value(properties, "sz")
    try:
        return None if value is None else float(value) / 2
    except ValueError:
        return None


def _red(properties: Element | None) -> bool | None:
    value = _value(properties, "color")
    if value is None or len(value) != 6:
        return None
    try:
        red, green, blue = bytes.fromhex(value)
    except ValueError:
        return None
    return red > 150 and green < 90 and blue < 90


class _Lines:
    """Walks the main text; tables give one line per row, cells apart by tabs."""

    def __init__(self, styles: dict[str, Style]) -> None:
        self.styles = styles

    def of(self, node: Element, *, table: bool = False) -> Iterator[Line]:
        """Yield the lines under a node."""
        for child in node:
            if child.tag in SKIPPED:
                continue
            if child.tag == f"{W}p":
                yield from self._paragraph(child, table)
            elif child.tag == f"{W}tr":
                yield from self._row(child)
            else:
                inside = table or child.tag == f"{W}tbl"
                yield from self.of(child, table=inside)

    def _row(self, row: Element) -> Iterator[Line]:
        cells = [
            " ".join(line.text.strip() for line in self.of(cell, table=True))
            for cell in row.iter(f"{W}tc")
        ]
        if any(cells):
            yield Line("\t".join(cells), table=True)

    def _paragraph(self, paragraph: Element, table: bool) -> Iterator[Line]:
        for text in text_of(paragraph).split("\n"):
            if text.strip():
                yield self._line(paragraph, text, table)
        for box in _boxes(paragraph):
            yield from self.of(box, table=table)

    def _line(self, paragraph: Element, text: str, table: bool) -> Line:
        properties = paragraph.find(f"{W}pPr")
        style = _value(properties, "pStyle") or ""
        align = _align(properties) or self._inherited(style, "align") or "left"
        sizes, reds = [], []
        for run in paragraph.iter(f"{W}r"):
            if run.find(f"{W}t") is not None:
                sizes.append(_size(run.find(f"{W}rPr")))
                reds.append(_red(run.find(f"{W}rPr")))
        size = max((s for s in sizes if s), default=0.0)
        size = size or self._inherited(style, "size") or 0.0
        red = bool(reds and reds[0]) or bool(self._inherited(style, "red"))
        return Line(text.strip("\r "), align, size, red, table)

    def _inherited(self, name: str, attribute: str) -> str | float | bool | None:
        for _step in range(10):
            style = self.styles.get(name)
            if style is None:
                return None
            value = getattr(style, attribute)
            if value is not None:
                return value
            name = style.base
        return None


def _boxes(node: Element) -> Iterator[Element]:
    """Yield the text boxes of a paragraph, once where Word writes them twice."""
    for child in node:
        if child.tag in SKIPPED:
            continue
        if child.tag == f"{W}txbxContent":
            yield child
        else:
            yield from _boxes(child)
