"""A copy of a file for the public: without author names and other hidden metadata.

The original is kept by the caller. The copy must open and say the same as the original;
otherwise there is none, and a finding says so.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

import pikepdf
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from disclosure_pages.intake import office_cleaning
from disclosure_pages.intake.errors import DAMAGED, Unreadable
from disclosure_pages.intake.results import Finding, Limits
from disclosure_pages.intake.text import extract_text, kind_of, read_bytes

NOT_CLEANED = "not_cleaned"
ORIENTATION = 0x0112
JPEG_DROPPED = {0xE1, 0xED, 0xFE}  # Exif and XMP, IPTC, comments
PNG_DROPPED = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PDF_HIDDEN = ("/Metadata", "/PieceInfo", "/LastModified")


@dataclass(frozen=True)
class Cleaned:
    """``data`` is the copy, None when there is none; ``findings`` say why not."""

    data: bytes | None = None
    findings: list[Finding] = field(default_factory=list)


def clean_copy(
    file: IO[bytes] | bytes, name: str, limits: Limits | None = None
) -> Cleaned:
    """Strip metadata and prove that the copy opens with the same text.

    Formats that carry none that we know (txt, csv, zip …) have no copy and no finding.
    """
    limits = limits or Limits()
    try:
        data = read_bytes(file, limits)
        kind = kind_of(data, name)
        cleaner = CLEANERS.get(kind)
        if cleaner is None:
            return Cleaned()
        copy = cleaner(data, limits)
        if not _same(data, copy, name, kind, limits):
            return Cleaned(findings=[_failed()])
    except Unreadable as e:
        return Cleaned(findings=[Finding(NOT_CLEANED, e.message)])
    except pikepdf.PasswordError:
        message = _("PDF 设了密码，别人打不开。请去掉密码，重新导出后再传。")
        return Cleaned(findings=[Finding(NOT_CLEANED, message)])
    except DAMAGED:
        return Cleaned(findings=[_failed()])
    return Cleaned(copy)


def _failed() -> Finding:
    message = _("没能去掉文件里的作者等信息。请在电脑上另存一份，检查文档属性后再传。")
    return Finding(NOT_CLEANED, message)


def _same(before: bytes, after: bytes, name: str, kind: str, limits: Limits) -> bool:
    """Whether the copy opens and says what the original says."""
    if kind in ("jpg", "jpeg", "png"):
        return _same_picture(before, after)
    first, second = (extract_text(data, name, limits) for data in (before, after))
    return (first.state, first.pages) == (second.state, second.pages)


def _same_picture(before: bytes, after: bytes) -> bool:
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        turned = ImageOps.exif_transpose(old)
        new.load()
        return turned.size == new.size


def _clean_pdf(data: bytes, limits: Limits) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as document:
        if _is_signed(document):
            message = _("PDF 有电子签章，去掉作者信息会使签章失效，所以保留原样。")
            raise Unreadable(extract_text(data, "x.pdf", limits).state, message)
        for key in list(document.docinfo.keys()):
            del document.docinfo[key]
        _drop(document.Root)
        for page in document.pages:
            _drop(page.obj)
            _unname(page.obj)
        buffer = io.BytesIO()
        document.save(buffer, fix_metadata_version=False)
    return buffer.getvalue()


def _is_signed(document: pikepdf.Pdf) -> bool:
    form = document.Root.get("/AcroForm")
    return form is not None and int(form.get("/SigFlags", 0)) & 1 == 1


def _drop(node: pikepdf.Object) -> None:
    for key in PDF_HIDDEN:
        if key in node:
            del node[key]


def _unname(page: pikepdf.Object) -> None:
    """Remove the author's name from the notes on a page; form fields keep theirs."""
    for note in page.get("/Annots", []):
        if note.get("/Subtype") != "/Widget" and "/T" in note:
            del note["/T"]


def _clean_jpeg(data: bytes, _limits: Limits) -> bytes:
    """Drop the segments with metadata; turn the picture if only they said how."""
    with Image.open(io.BytesIO(data)) as image:
        if image.getexif().get(ORIENTATION, 1) != 1:
            turned, buffer = ImageOps.exif_transpose(image), io.BytesIO()
            profile = image.info.get("icc_profile")
            turned.info.clear()
            turned.save(buffer, "JPEG", quality=95, icc_profile=profile, exif=b"")
            return buffer.getvalue()
    kept, place = [data[:2]], 2
    while data[place] == 0xFF and data[place + 1] != 0xDA:
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if data[place + 1] not in JPEG_DROPPED:
            kept.append(data[place:end])
        place = end
    return b"".join([*kept, data[place:]])


def _clean_png(data: bytes, _limits: Limits) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    kept, place = [data[: len(PNG_HEAD)]], len(PNG_HEAD)
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in PNG_DROPPED:
            kept.append(data[place:end])
        place = end
    return b"".join(kept)


CLEANERS: dict[str, Callable[[bytes, Limits], bytes]] = {
    **dict.fromkeys(("docx", "docm", "xlsx", "pptx"), office_cleaning.clean),
    **{"pdf": _clean_pdf, "jpg": _clean_jpeg, "jpeg": _clean_jpeg, "png": _clean_png},
}
