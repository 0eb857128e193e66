"""Reading PDF files: text per page, and lines with their place on the page."""

import ctypes
import statistics
import time
from collections.abc import Iterator
from threading import Lock

import pypdfium2
from django.utils.translation import gettext as _
from pypdfium2 import raw

from disclosure_pages.choices import TextState
from disclosure_pages.intake.errors import Unreadable
from disclosure_pages.intake.results import Extracted, Finding, Limits, Line

# PDFium is not safe for threads; every call goes through here.
PDFIUM = Lock()
SCAN_CHARACTERS = 8  # fewer than this per page on average: pictures of pages
LAID_OUT_PAGES = 30
COLUMN_GAP = 1.2  # heights of a line between two cells of a table


def read(data: bytes, name: str, limits: Limits) -> Extracted:
    """Return the text of each page.

    Raises:
        Unreadable: password, damaged, or more pages than the limit.
    """
    with PDFIUM:
        document = _open(data, limits)
        try:
            findings = _attached(document)
            pages, left, pictures = [], limits.characters, []
            ends = time.monotonic() + limits.seconds
            for number in range(len(document)):
                page = document[number]
                text = page.get_textpage().get_text_range()[:left]
                if not text.strip() and _has_picture(page):
                    pictures.append(number + 1)
                page.close()
                pages.append(text.replace("\r\n", "\n").replace("\ufffe", ""))
                left -= len(text)
                if left <= 0:
                    break
                if time.monotonic() > ends and number + 1 < len(document):
                    findings.append(_too_slow(number + 1))
                    break
        finally:
            document.close()
    return _judged(pages, findings, pictures)


def _too_slow(pages: int) -> Finding:
    message = _("这个 PDF 读得太慢，只检查了前面 %(count)d 页。其余部分请自行核对。")
    return Finding("truncated", message % {"count": pages})


def _has_picture(page: pypdfium2.PdfPage) -> bool:
    found = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2)
    return next(iter(found), None) is not None


def _judged(
    pages: list[str], findings: list[Finding], pictures: list[int]
) -> Extracted:
    characters = sum(len("".join(page.split())) for page in pages)
    if not pages:
        message = _("PDF 里没有页面。请重新导出后再传。")
        return Extracted(TextState.EMPTY, [], "pdf", message, findings)
    if characters < SCAN_CHARACTERS * len(pages):
        message = _("这是扫描件，文字选不中。请另附文字版，或把正文粘贴进来。")
        return Extracted(TextState.SCAN, pages, "pdf", message, findings)
    if pictures:
        message = _(
            "第 %(pages)s 页是图片，读不出文字，请人工看一遍有没有身份证号、电话。"
        )
        shown = "、".join(str(number) for number in pictures[:10])
        findings = [*findings, Finding("unread", message % {"pages": shown})]
    return Extracted(TextState.OK, pages, "pdf", findings=findings)


def _open(data: bytes, limits: Limits) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as e:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "assword" in str(e):
            raise Unreadable(
                TextState.ENCRYPTED,
                _("PDF 设了打开密码。请去掉密码，重新导出后再传。"),
            ) from e
        raise Unreadable(
            TextState.FAILED,
            _("PDF 打不开，可能没有传完或已损坏。请重新导出后再传。"),
        ) from e
    if len(document) > limits.pages:
        document.close()
        raise Unreadable(
            TextState.FAILED,
            _("PDF 超过 %(count)d 页，没有读取文字。请拆成几个文件。")
            % {"count": limits.pages},
        )
    return document


def _attached(document: pypdfium2.PdfDocument) -> list[Finding]:
    if not document.count_attachments():
        return []
    message = _("PDF 里嵌有别的文件。请把它取出来单独作附件，重新导出。")
    return [Finding("embedded", message)]


def read_lines(data: bytes, limits: Limits) -> list[Line]:
    """Return the lines of the first pages with alignment, size and colour.

    Raises:
        Unreadable: as ``read``.
    """
    lines: list[Line] = []
    with PDFIUM:
        document = _open(data, limits)
        try:
            for number in range(min(len(document), LAID_OUT_PAGES)):
                page = document[number]
                lines += _page_lines(page, number)
                page.close()
        finally:
            document.close()
    return lines


class _Glyph:
    """One character with its box, in points from the lower left corner."""

    def __init__(self, textpage: pypdfium2.PdfTextPage, index: int) -> None:
        self.index = index
        code = raw.FPDFText_GetUnicode(textpage, index)
        self.text = chr(code) if 0 < code < 0xD800 or code > 0xDFFF else ""
        try:
            box = textpage.get_charbox(index, loose=True)
        except pypdfium2.PdfiumError:
            box = (0.0, 0.0, 0.0, 0.0)
        self.left, self.bottom, self.right, self.top = box


def _page_lines(page: pypdfium2.PdfPage, number: int) -> list[Line]:
    textpage = page.get_textpage()
    width = page.get_width() or 1.0
    glyphs = [_Glyph(textpage, i) for i in range(textpage.count_chars())]
    rows = list(_rows([g for g in glyphs if g.text and g.text not in "\r\n\ufffe"]))
    rows = [row for row in rows if "".join(g.text for g in row).strip()]
    if not rows:
        return []
    margins = _margins(rows, width)
    return [_line(textpage, row, number, width, margins) for row in rows]


def _rows(glyphs: list[_Glyph]) -> Iterator[list[_Glyph]]:
    """Split into rows: characters whose vertical middles lie within one box."""
    row: list[_Glyph] = []
    for glyph in glyphs:
        if not glyph.text.strip() and glyph.right <= glyph.left:
            continue
        middle = (glyph.bottom + glyph.top) / 2
        if row and not row[-1].bottom - 1 <= middle <= row[-1].top + 1:
            yield row
            row = []
        row.append(glyph)
    if row:
        yield row


def _margins(rows: list[list[_Glyph]], width: float) -> tuple[float, float]:
    lefts = [min(g.left for g in row if g.text.strip()) for row in rows]
    rights = [max(g.right for g in row if g.text.strip()) for row in rows]
    left, right = min(lefts), max(rights)
    # A page with a short text only: its margins are those of the paper.
    return min(left, width - right), max(right, width - left)


def _line(
    textpage: pypdfium2.PdfTextPage,
    row: list[_Glyph],
    number: int,
    width: float,
    margins: tuple[float, float],
) -> Line:
    shown = [glyph for glyph in row if glyph.text.strip()]
    left, right = shown[0].left, max(glyph.right for glyph in shown)
    size = statistics.median(glyph.top - glyph.bottom for glyph in shown)
    before, after = left - margins[0], margins[1] - right
    align = "left"
    uneven = abs(before - after)
    wide = before > 2.5 * size and uneven < max(1.6 * size, 0.04 * width)
    if wide or (before > 0.3 * size and uneven < 0.6 * size):
        align = "center"
    elif before > 0.35 * (margins[1] - margins[0]):
        align = "right"
    return Line(
        _joined(row, size),
        align,
        round(size, 1),
        _is_red(textpage, shown[0].index),
        page=number,
        left=left / width,
        right=right / width,
    )


def _joined(row: list[_Glyph], size: float) -> str:
    """Join the characters; a wide gap becomes a tab, as between cells."""
    text, previous = "", None
    for glyph in row:
        if previous is not None and glyph.left - previous.right > COLUMN_GAP * size:
            text += "\t"
        text += glyph.text
        previous = glyph if glyph.text.strip() else previous
    return text.strip()


def _is_red(textpage: pypdfium2.PdfTextPage, index: int) -> bool:
    parts = [ctypes.c_uint() for _part in range(4)]
    if not raw.FPDFText_GetFillColor(textpage, index, *parts):
        return False
    red, green, blue = (part.value for part in parts[:3])
    return red > 150 and green < 90 and blue < 90
