"""The text of any file that may be attached; never raises because of the file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import IO

from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake import archives, pdf, plain, sheets, slides, word
from disclosure_pages.intake.errors import DAMAGED, Unreadable
from disclosure_pages.intake.packages import OLE, is_encrypted_office
from disclosure_pages.intake.results import Extracted, Finding, Limits

Reader = Callable[[bytes, str, Limits], Extracted]
READERS: dict[str, Reader] = {
    **dict.fromkeys(("docx", "docm"), word.read),
    **dict.fromkeys(("xlsx", "xlsm", "xls", "et", "ods", "xlsb"), sheets.read),
    **dict.fromkeys(("pptx", "pptm"), slides.read),
    **dict.fromkeys(("txt", "csv"), plain.read),
    "pdf": pdf.read,
    "zip": archives.read,
}
PICTURES = ("jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp")


def extract_text(
    file: IO[bytes] | bytes, name: str, limits: Limits | None = None
) -> Extracted:
    """Return the text of the file named ``name``; what it is, its bytes decide.

    Every way to fail ends in a state and a sentence that says what to do.
    """
    limits = limits or Limits()
    try:
        data = read_bytes(file, limits)
        kind = kind_of(data, name)
        return _marked(_extract(data, kind, name, limits), limits)
    except Unreadable as e:
        return Extracted(e.state, kind=extension(name), message=e.message)
    except DAMAGED:
        return Extracted(
            TextState.FAILED,
            kind=extension(name),
            message=_("文件打不开，可能已损坏。请在电脑上打开它，另存一份后再传。"),
        )


def _marked(found: Extracted, limits: Limits) -> Extracted:
    """Say so when the text was longer than is read: the rest was not checked."""
    if sum(map(len, found.pages)) < 0.99 * limits.characters:
        return found
    message = _("文件太长，只检查了前面 %(count)d 个字。其余部分请自行核对。")
    finding = Finding("truncated", message % {"count": limits.characters})
    return replace(found, findings=[*found.findings, finding])


def extension(name: str) -> str:
    """Return the ending of a file name, lower case, without the dot."""
    return PurePath(name).suffix.lower().lstrip(".")


def read_bytes(file: IO[bytes] | bytes, limits: Limits) -> bytes:
    """Return the content, from its start.

    Raises:
        Unreadable: empty, or larger than the limit.
    """
    if isinstance(file, bytes):
        data = file[: limits.file_size + 1]
    else:
        file.seek(0)
        data = file.read(limits.file_size + 1)
        file.seek(0)
    if not data:
        raise Unreadable(TextState.FAILED, _("这是空文件。请检查后重新上传。"))
    if len(data) > limits.file_size:
        raise Unreadable(
            TextState.FAILED,
            _("文件超过 %(size)d MB。请拆成几个文件，或压缩其中的图片后再传。")
            % {"size": limits.file_size // 1024**2},
        )
    return data


def kind_of(data: bytes, name: str) -> str:
    """Return the format: by signature where one is known, else by the name."""
    ending = extension(name)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data[:4] == b"PK\x03\x04":
        return archives.office_kind(data) or "zip"
    if data[:8] == OLE:
        return ending if ending in ("doc", "wps", "xls", "et", "ppt", "dps") else "ole"
    return ending


def _extract(data: bytes, kind: str, name: str, limits: Limits) -> Extracted:
    if data[:8] == OLE and is_encrypted_office(data):
        raise Unreadable(
            TextState.ENCRYPTED,
            _("文件设了打开密码。请先取消密码，另存后再传。"),
        )
    if kind in PICTURES:
        return Extracted(
            TextState.SCAN,
            kind=kind,
            message=_("这是图片，没有可选的文字。请写明内容，或另附文字版。"),
        )
    reader = READERS.get(kind)
    if reader is None:
        raise Unreadable(TextState.UNSUPPORTED, _unsupported(kind))
    return reader(data, name, limits)


def _unsupported(kind: str) -> str:
    if kind in ("doc", "wps"):
        return _("旧格式的文件读不出文字。请在 Word 或 WPS 里另存为 docx 后再传。")
    if kind in ("ppt", "dps"):
        return _("旧格式的演示文稿读不出文字。请另存为 pptx 或 PDF 后再传。")
    if kind == "ofd":
        return _("OFD 文件读不出文字，可以作附件；请把正文另外粘贴进来。")
    return _("这种文件读不出文字。正文请用 docx 或 PDF。")
