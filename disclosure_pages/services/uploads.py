"""What may be attached: each refusal is a sentence that says what to do."""

import zipfile
from pathlib import PurePath
from typing import IO

import pikepdf
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image

from disclosure_pages.intake.errors import DAMAGED, Unreadable
from disclosure_pages.intake.packages import (
    OLE,
    is_encrypted_office,
    open_package,
    package_findings,
)
from disclosure_pages.intake.results import Limits

HEAD = 1024
ZIP = b"PK\x03\x04"
MACRO_ENDINGS = {"docm", "dotm", "xlsm", "xltm", "xlsb", "pptm", "ppsm", "potm"}
MAIN_PARTS = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "ofd": "OFD.xml",
}
OLE_ENDINGS = {"doc", "xls", "ppt"}
WPS_ENDINGS = {"wps", "et"}  # WPS writes either of the two containers
PICTURES = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
FOREIGN_HEADS = (b"MZ", b"\x7fELF", ZIP, OLE, b"%PDF-", b"\xff\xd8\xff", b"\x89PNG")
WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 with its mark


def ending_of(name: str | None) -> str:
    """Return the ending of a file name, lower case, without the dot."""
    return PurePath(name or "").suffix.lower().lstrip(".")


def check_upload(upload: File) -> None:
    """Look at a file that somebody wants to attach; its position is kept at 0.

    Raises:
        ValidationError: it may not be attached; the message says what to do.
    """
    ending = ending_of(upload.name)
    _check_ending(ending)
    _check_size(upload)
    try:
        _check_content(upload, ending)
    except Unreadable as e:
        raise ValidationError(e.message) from e
    except DAMAGED as e:
        raise ValidationError(broken()) from e
    finally:
        upload.seek(0)


def check_picture(upload: File) -> None:
    """Look at a picture for the text: its kind, and whether its size is sane.

    Raises:
        ValidationError: it may not be used; the message says what to do.
    """
    ending = ending_of(upload.name)
    if ending not in settings.WAGTAILIMAGES_EXTENSIONS:
        raise ValidationError(_not_a_picture(ending))
    try:
        _check_picture(upload, ending)
    finally:
        upload.seek(0)


def too_large(cap: int) -> str:
    """Return the sentence about a file above the limit."""
    return _("文件超过 %(cap)s。请压缩其中的图片，或拆成几个文件后再传。") % {
        "cap": filesizeformat(cap)
    }


def picture_messages(cap: int) -> dict[str, str]:
    """Return our sentences by the codes of Wagtail's picture field."""
    kinds = _("不接受这种图片（包括 SVG）。请导出为 JPG 或 PNG 后再传。")
    large = too_large(cap)
    return {
        "invalid_image_extension": kinds,
        "invalid_image": _broken_picture(),
        "invalid_image_known_format": _mismatch(),
        "file_too_large": large,
        "file_too_large_unknown_size": large,
        "file_too_many_pixels": _too_many_pixels(),
    }


def broken() -> str:
    """Return the sentence about a file that cannot be opened."""
    return _("文件打不开，可能没有传完或已损坏。请在电脑上打开它，另存一份后再传。")


def _check_ending(ending: str) -> None:
    if ending in MACRO_ENDINGS:
        raise ValidationError(_macros())
    if ending == "svg":
        raise ValidationError(_not_a_picture(ending))
    if ending not in settings.WAGTAILDOCS_EXTENSIONS:
        raise ValidationError(
            _("不接受这种文件（%(ending)s）。请另存为 PDF、docx 或 xlsx 后再传。")
            % {"ending": ending or _("没有扩展名")}
        )


def _check_size(upload: File) -> None:
    cap = settings.WAGTAILDOCS_MAX_UPLOAD_SIZE
    if not upload.size:
        raise ValidationError(_("这是空文件。请检查后重新上传。"))
    if upload.size > cap:
        raise ValidationError(too_large(cap))


def _check_content(upload: File, ending: str) -> None:
    upload.seek(0)
    head = upload.read(HEAD)
    upload.seek(0)
    if ending == "pdf":
        _expect(b"%PDF-" in head, ending)
        _check_pdf(upload)
    elif ending in PICTURES:
        _check_picture(upload, ending)
    elif ending in ("txt", "csv"):
        wide = head.startswith(WIDE_TEXT)
        plain = b"\x00" not in head and not head.startswith(FOREIGN_HEADS)
        _expect(wide or plain, ending)
    elif head.startswith(ZIP) and ending not in OLE_ENDINGS:
        _check_package(upload.read(), ending)
    elif head.startswith(OLE) and ending != "zip":
        _check_ole(upload.read(), ending)
    else:
        _expect(False, ending)


def _expect(matches: bool, ending: str) -> None:
    if not matches:
        raise ValidationError(_mismatch() % {"extension": ending})


def _mismatch() -> str:
    return _(
        "文件名是 %(extension)s，内容却不是。"
        "请用原来的软件打开，另存为 %(extension)s 后再传。"
    )


def _check_pdf(upload: IO[bytes]) -> None:
    try:
        with pikepdf.open(upload) as pdf:
            pages = len(pdf.pages)
    except pikepdf.PasswordError as e:
        raise ValidationError(
            _("PDF 设了打开密码，别人打不开。请去掉密码，重新导出后再传。")
        ) from e
    if not pages:
        raise ValidationError(_("PDF 里没有页面。请重新导出后再传。"))


def _check_package(data: bytes, ending: str) -> None:
    with open_package(data, Limits()) as package:
        names = package.namelist()
        if ending != "zip":
            _expect_main_part(package, ending)
    if any(finding.code == "macros" for finding in package_findings(names)):
        raise ValidationError(_macros())


def _expect_main_part(package: zipfile.ZipFile, ending: str) -> None:
    names = set(package.namelist())
    if ending in MAIN_PARTS:
        _expect(MAIN_PARTS[ending] in names, ending)
        package.read(MAIN_PARTS[ending])  # a damaged member is found here
    else:
        _expect(bool(names & set(MAIN_PARTS.values())), ending)


def _check_ole(data: bytes, ending: str) -> None:
    if is_encrypted_office(data):
        raise ValidationError(_("文件设了打开密码。请先取消密码，另存后再传。"))
    _expect(ending in OLE_ENDINGS | WPS_ENDINGS, ending)
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise ValidationError(_macros())


def _check_picture(upload: IO[bytes], ending: str) -> None:
    upload.seek(0)
    try:
        with Image.open(upload) as picture:
            kind, size = picture.format, picture.size
            _check_pixels(*size)
            picture.verify()
    except Image.DecompressionBombError as e:
        raise ValidationError(_too_many_pixels()) from e
    except (*DAMAGED, SyntaxError) as e:
        raise ValidationError(_broken_picture()) from e
    _expect(kind == PICTURES.get(ending), ending)


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ValidationError(_too_many_pixels())


def _broken_picture() -> str:
    return _("图片打不开，可能没有传完或已损坏。请重新导出为 JPG 或 PNG 后再传。")


def _too_many_pixels() -> str:
    return _("图片尺寸太大。请把长边缩小到 4000 像素以内后再传。")


def _not_a_picture(ending: str) -> str:
    if ending == "svg":
        return _("不接受 SVG 图，里面可能带有程序。请导出为 PNG 或 JPG 后再传。")
    return _("不接受这种图片（%(ending)s）。请导出为 JPG 或 PNG 后再传。") % {
        "ending": ending or _("没有扩展名")
    }


def _macros() -> str:
    return _(
        "文件里有宏，别人打开时会被拦下。请另存为不带宏的格式（docx、xlsx）后再传。"
    )
