"""Reading workbooks (xlsx, xls, et, ods): every sheet, also the hidden ones."""

import io
import zipfile

from django.utils.translation import gettext as _
from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

from disclosure_pages.bulk.extents import check_extents
from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.choices import TextState
from disclosure_pages.intake.errors import Unreadable
from disclosure_pages.intake.packages import OLE, open_package, package_findings
from disclosure_pages.intake.results import Extracted, Finding, Limits


def read(data: bytes, name: str, limits: Limits) -> Extracted:
    """Return one page per sheet: rows as lines, cells apart by tabs.

    Raises:
        Unreadable: with a password, or beyond the limits.
    """
    findings = []
    if data[:8] != OLE:
        with open_package(data, limits) as archive:
            findings = package_findings(archive.namelist()) + _comments(archive)
        _check_extents(data, name)
    try:
        pages, hidden = _pages(data, limits)
    except PasswordError as e:
        raise Unreadable(
            TextState.ENCRYPTED, _("工作簿设了密码。请先取消密码，另存后再传。")
        ) from e
    if hidden:
        message = _("工作簿里有隐藏的工作表：%(names)s。请删去，或取消隐藏。")
        names = "、".join(hidden)[:100]
        findings.append(Finding("hidden_sheets", message % {"names": names}))
    kind = name.rpartition(".")[2].lower()
    if any(pages):
        return Extracted(TextState.OK, pages, kind, findings=findings)
    message = _("工作簿里没有内容。请检查后重新上传。")
    return Extracted(TextState.EMPTY, [], kind, message, findings)


def _check_extents(data: bytes, name: str) -> None:
    try:
        check_extents(io.BytesIO(data), name)
    except UnreadableFile as error:
        raise Unreadable(TextState.FAILED, str(error)) from error


def _comments(archive: zipfile.ZipFile) -> list[Finding]:
    if not any("comments" in name.lower() for name in archive.namelist()):
        return []
    message = _("工作簿里有批注。请删除全部批注，另存后再传。")
    return [Finding("comments", message)]


def _pages(data: bytes, limits: Limits) -> tuple[list[str], list[str]]:
    pages, hidden, left = [], [], limits.characters
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        for sheet in workbook.sheets_metadata:
            if len(pages) >= limits.pages or left <= 0:
                break
            text = _sheet_text(workbook, sheet.name, limits, left)
            if text and sheet.visible != SheetVisibleEnum.Visible:
                hidden.append(sheet.name)
            left -= len(text)
            pages.append(text)
    return pages, hidden


def _sheet_text(
    workbook: CalamineWorkbook, name: str, limits: Limits, left: int
) -> str:
    lines: list[str] = []
    for row in workbook.get_sheet_by_name(name).iter_rows():
        values = [_cell(value) for value in row]
        if any(values):
            line = "\t".join(values).rstrip("\t")
            lines.append(line)
            left -= len(line) + 1
        if left <= 0:
            break
    return "\n".join(lines)


def _cell(value: object) -> str:
    """Return a cell as it is read: whole numbers without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
