"""Reading zip files: what is in them, and the text of that, within limits."""

import io
import zipfile
from dataclasses import replace
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake import pdf, plain, sheets, slides, word
from disclosure_pages.intake.errors import DAMAGED, Unreadable
from disclosure_pages.intake.packages import open_package, read_member
from disclosure_pages.intake.results import Extracted, Finding, Limits

READERS = {
    **{"docx": word.read, "docm": word.read, "pptx": slides.read, "pdf": pdf.read},
    **dict.fromkeys(("xlsx", "xls", "xlsm", "et", "ods"), sheets.read),
    **{"txt": plain.read, "csv": plain.read},
}
PARTS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "xlsb",
    "ppt/presentation.xml": "pptx",
    "OFD.xml": "ofd",
}
RUNNABLE = {"exe", "bat", "cmd", "com", "js", "vbs", "scr", "ps1", "msi", "lnk", "hta"}


def office_kind(data: bytes) -> str:
    """Return which office format a zip is; "" when it is a plain zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
            kind = archive.read("mimetype").decode("ascii", "replace")
            if kind.endswith("opendocument.spreadsheet"):
                return "ods"
    return next((kind for part, kind in PARTS.items() if part in names), "")


def read(data: bytes, name: str, limits: Limits) -> Extracted:
    """Return the list of members as the first page, then the text of each."""
    with open_package(data, limits) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        listing = "\n".join(member_name(member) for member in members)
        findings = _unwanted(members)
        pages, left, unread = [listing], limits.characters, []
        for member in members:
            inner = _member_text(archive, member, limits)
            if left <= 0:
                break
            pages += inner.pages
            left -= len(inner.text)
            findings += _located(inner, member_name(member))
            if inner.state == TextState.UNSUPPORTED and not _runs(member):
                unread.append(member_name(member))
    findings += _unread(unread)
    if not members:
        message = _("压缩包是空的。请重新打包。")
        return Extracted(TextState.EMPTY, [], "zip", message)
    return Extracted(TextState.OK, pages, "zip", findings=findings)


def member_name(member: zipfile.ZipInfo) -> str:
    """Return the name as Chinese Windows wrote it: GBK unless flagged as UTF-8."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _unwanted(members: list[zipfile.ZipInfo]) -> list[Finding]:
    wrong = [member_name(member) for member in members if _runs(member)]
    if not wrong:
        return []
    message = _("压缩包里有能运行的程序：%(name)s。请删去后重新打包。")
    return [Finding("program", message % {"name": wrong[0][:60]})]


def _runs(member: zipfile.ZipInfo) -> bool:
    return _ending(member_name(member)) in RUNNABLE


def _unread(names: list[str]) -> list[Finding]:
    """Say honestly which members nobody looked into: pictures, old formats."""
    if not names:
        return []
    message = _(
        "压缩包里有 %(count)d 个文件读不出文字（%(name)s），"
        "请人工看一遍有没有身份证号、电话。"
    )
    shown = "、".join(name[:40] for name in names[:3])
    values = {"count": len(names), "name": f"{shown}…" if names[3:] else shown}
    return [Finding("unread", message % values)]


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower().lstrip(".")


def _member_text(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits
) -> Extracted:
    name = member_name(member)
    ending = _ending(name)
    inner = replace(limits, nesting=limits.nesting - 1)
    try:
        if ending == "zip":
            if inner.nesting <= 0:
                raise Unreadable(
                    TextState.FAILED, _("压缩包套得太深。请拆开后直接上传文件。")
                )
            return read(read_member(archive, member.filename, limits), name, inner)
        if ending not in READERS:
            return Extracted(TextState.UNSUPPORTED, kind=ending)
        return READERS[ending](
            read_member(archive, member.filename, limits), name, inner
        )
    except Unreadable as e:
        return Extracted(e.state, kind=ending, message=e.message)
    except DAMAGED:
        return Extracted(TextState.FAILED, kind=ending, message=_("打不开。"))


def _located(inner: Extracted, name: str) -> list[Finding]:
    """Return the findings of a member with its name in front."""
    findings = [Finding(f.code, f"{name}：{f.message}") for f in inner.findings]
    if inner.message and inner.state != TextState.UNSUPPORTED:
        findings.append(Finding(f"member_{inner.state}", f"{name}：{inner.message}"))
    return findings
