"""Title, number, date and text of an official document that a clerk drops."""

import io
from dataclasses import replace
from typing import IO

import mammoth
from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake import pdf, word
from disclosure_pages.intake.body_html import clean_body, from_lines, without_head
from disclosure_pages.intake.errors import DAMAGED, Unreadable
from disclosure_pages.intake.layout import find_parts
from disclosure_pages.intake.results import (
    Extracted,
    Finding,
    Limits,
    Line,
    Recognised,
)
from disclosure_pages.intake.text import extract_text, read_bytes

MAX_TITLE = 255
SHEETS = ("xlsx", "xls", "et", "ods", "csv")
CONVERTED_BYTES = 20 * 1024 * 1024  # main part of a Word file, beyond it text only


def recognise(
    file: IO[bytes] | bytes, name: str, limits: Limits | None = None
) -> Recognised:
    """Return what the file seems to be; whatever is unknown stays empty.

    Never raises because of the file: ``state`` and ``message`` say what to do.
    """
    limits = limits or Limits()
    found = extract_text(file, name, limits)
    if found.state != TextState.OK:
        return Recognised(found.state, message=found.message, findings=found.findings)
    try:
        return _recognised(read_bytes(file, limits), found, limits)
    except Unreadable as e:
        return Recognised(e.state, message=e.message, findings=found.findings)
    except DAMAGED:
        message = _("读到了文字，但认不出版式。请把标题、文号、日期和正文填上。")
        return Recognised(
            TextState.OK, text=found.text, message=message, findings=found.findings
        )


def _recognised(data: bytes, found: Extracted, limits: Limits) -> Recognised:
    lines = _lines(data, found, limits)
    parts = find_parts(lines)
    findings = list(found.findings)
    body = lines[_head_length(lines, parts.head) :]
    html = from_lines(body)
    if found.kind in SHEETS:  # numbers and dates in cells are not the file's own
        parts = replace(parts, document_number="", date_made=None)
    if found.kind in ("docx", "docm"):
        html, pictures = _from_word(data, parts.head, html)
        if pictures:
            message = _("正文里的 %(count)d 张图片没有带过来，请另外添加。")
            findings.append(Finding("pictures_left_out", message % {"count": pictures}))
    return Recognised(
        TextState.OK,
        title=parts.title[:MAX_TITLE],
        document_number=parts.document_number,
        date_made=parts.date_made,
        publisher=parts.publisher,
        body_html=html,
        text=found.text,
        findings=findings,
        confidence=parts.confidence,
    )


def _lines(data: bytes, found: Extracted, limits: Limits) -> list[Line]:
    if found.kind in ("docx", "docm"):
        return word.read_lines(data, limits).lines
    if found.kind == "pdf":
        return pdf.read_lines(data, limits)
    texts = found.text.splitlines()
    return [Line(text, table="\t" in text) for text in texts if text.strip()]


def _head_length(lines: list[Line], head: list[str]) -> int:
    """Return how many lines the head takes; empty lines are not among its own."""
    left = len(head)
    for place, line in enumerate(lines):
        if not left:
            return place
        left -= bool(line.text.strip())
    return len(lines)


def _from_word(data: bytes, head: list[str], plain: str) -> tuple[str, int]:
    """Return the text as clean HTML without its head, and how many pictures it had."""
    if len(data) > CONVERTED_BYTES:
        return plain, 0
    pictures: list[str] = []

    def leave_out(image: object) -> dict[str, str]:
        pictures.append(getattr(image, "content_type", ""))
        return {"src": ""}

    try:
        result = mammoth.convert_to_html(
            io.BytesIO(data), convert_image=mammoth.images.img_element(leave_out)
        )
    except DAMAGED:
        return plain, 0
    return clean_body(without_head(result.value, head)) or plain, len(pictures)
