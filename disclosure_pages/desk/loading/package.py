"""Opening an uploaded file safely: the table, and the attachments packed with it."""

import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from disclosure_pages.bulk.extents import check_extents
from disclosure_pages.bulk.problems import Problem, UnreadableFile, problem
from disclosure_pages.bulk.workbooks import HELP_SHEET, UNREADABLE
from disclosure_pages.intake.archives import member_name

MAX_UPLOAD = 100 * 1024**2
MAX_UNPACKED = 300 * 1024**2
MAX_SHEET_XML = 120 * 1024**2
MAX_MEMBERS = 2_000
TABLES = (".xlsx", ".csv", ".jsonl")
OTHERS = {
    **dict.fromkeys((".xlsm", ".xltm", ".xlsb"), _("这是带宏的工作簿")),
    **dict.fromkeys((".xls", ".et", ".ods", ".numbers"), _("这是别种格式的表格")),
    **dict.fromkeys((".doc", ".docx", ".wps", ".pdf"), _("这是文稿，不是表格")),
    **dict.fromkeys((".rar", ".7z", ".tar", ".gz"), _("这种压缩包打不开，只接受 zip")),
}
LOCAL_HEADER = 30
PIECE = 1 << 20
HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?r="(\d+)"[^>]*?hidden="(?:1|true)"')
HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\s[^>]*?hidden="(?:1|true)"')


def refuse_by_name(name: str) -> str:
    """Return why a file with this name cannot be taken, "" when it can."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in TABLES or ending == ".zip":
        return ""
    what = OTHERS.get(ending, _("不认识这种文件"))
    return _("%(what)s。请用表格软件另存为 .xlsx 再上传。") % {"what": what}


def open_upload(path: Path, folder: Path) -> Path:
    """Return the table of an upload, unpacking a zip into ``folder`` first.

    Raises:
        UnreadableFile: with a sentence that says what to do.
    """
    if path.suffix.lower() != ".zip":
        return path
    if not zipfile.is_zipfile(path):
        raise UnreadableFile(_("不是有效的 zip 压缩包，请重新打包。"), value=path.name)
    check_size(path, MAX_UNPACKED)
    with zipfile.ZipFile(path) as archive:
        _unpack(archive, folder)
    return _only_table(folder)


def check_size(path: Path, limit: int) -> None:
    """Refuse a zip that unpacks to too much, whatever its directory claims.

    Raises:
        UnreadableFile: too many members, with a password, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                reason = _("压缩包里超过 %(count)d 个文件，请拆成几个包。")
                raise UnreadableFile(reason % {"count": MAX_MEMBERS}, value=path.name)
            if any(member.flag_bits & 1 for member in members):
                raise UnreadableFile(_("文件设了密码，请取消密码。"), value=path.name)
            left = limit
            for member in members:
                left -= _inflated(path, member, left)
                if left < 0:
                    raise UnreadableFile(
                        _("文件解压后大得不正常，没有打开。请删去多余的内容再上传。"),
                        value=path.name,
                    )
    except (*UNREADABLE, zlib.error, struct.error, ValueError) as error:
        reason = _("文件打不开，可能已损坏；请重新保存再上传。")
        raise UnreadableFile(reason, value=path.name) from error


def _inflated(path: Path, member: zipfile.ZipInfo, limit: int) -> int:
    """Return how many bytes a member really unpacks to, counting up to the limit."""
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return max(member.compress_size, member.file_size)
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(LOCAL_HEADER)
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        file.seek(name_length + extra_length, 1)
        inflater, packed, total = zlib.decompressobj(-15), member.compress_size, 0
        while packed > 0 and total <= limit and not inflater.eof:
            data = file.read(min(PIECE, packed))
            if not data:
                break
            packed -= len(data)
            while data and total <= limit:
                total += len(inflater.decompress(data, PIECE))
                data = inflater.unconsumed_tail
    return total


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write the members below ``folder``; none of them lands elsewhere."""
    names = {
        member: PurePosixPath(member_name(member).replace("\\", "/"))
        for member in archive.infolist()
        if not member.is_dir()
    }
    names = {m: n for m, n in names.items() if "__MACOSX" not in n.parts}
    tops = {name.parts[0] for name in names.values() if len(name.parts) > 1}
    alone = len(tops) == 1 and all(len(name.parts) > 1 for name in names.values())
    for member, name in names.items():
        parts = name.parts[1:] if alone else name.parts
        bad = name.is_absolute() or ".." in name.parts or ":" in str(name)
        if bad or not parts:
            reason = _("压缩包里有不安全的文件名：%(name)s")
            raise UnreadableFile(reason % {"name": str(name)[:60]})
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("wb") as out:
            while data := source.read(PIECE):
                out.write(data)


def _only_table(folder: Path) -> Path:
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in TABLES)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnreadableFile(
            _("压缩包最外层没有表格。请把填好的 .xlsx 和附件一起打包，表格放在最外层。")
        )
    reason = _("压缩包最外层有 %(count)d 个表格。请只留一个，附件放进下级文件夹。")
    raise UnreadableFile(reason % {"count": len(found)})


def inspect_sheet(path: Path) -> tuple[list[str], list[Problem]]:
    """Return what to tell about a workbook before it is read, and merged cells.

    Raises:
        UnreadableFile: with macros, or of a size that would not fit into memory.
    """
    check_size(path, MAX_SHEET_XML)
    try:
        with path.open("rb") as file:
            check_extents(file, path.name)
        notices = _notices(path)
        with CalamineWorkbook.from_path(path) as workbook:
            return _about_sheets(workbook, notices)
    except UNREADABLE as error:
        reason = _("文件打不开，可能已损坏；请重新保存再上传。")
        raise UnreadableFile(reason, value=path.name) from error


def _notices(path: Path) -> list[str]:
    """Return what every sheet hides; refuse macros."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any(name.endswith("vbaProject.bin") for name in names):
            raise UnreadableFile(
                _("工作簿里有宏。请另存为不带宏的 .xlsx 再上传。"), value=path.name
            )
        sheets = [n for n in names if n.startswith("xl/worksheets/sheet")]
        return [notice for name in sheets for notice in _scan(archive.read(name))]


def _scan(xml: bytes) -> list[str]:
    """Return notices about hidden parts."""
    notices = []
    hidden = [match[1].decode() for match in HIDDEN_ROW.finditer(xml)]
    if hidden:
        text = _("第 %(rows)s 行是隐藏的，也会一起导入。不要的请先删去。")
        notices.append(text % {"rows": "、".join(hidden[:20])})
    if HIDDEN_COLUMN.search(xml):
        notices.append(_("表里有隐藏的列，也会一起导入。不要的请先删去。"))
    return notices


def _about_sheets(
    workbook: CalamineWorkbook, notices: list[str]
) -> tuple[list[str], list[Problem]]:
    visible = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.name != HELP_SHEET
    ]
    hidden = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible != SheetVisibleEnum.Visible
    ]
    if len(visible) > 1:
        text = _("只读第一个工作表“%(name)s”，没有读：%(others)s。")
        others = "、".join(visible[1:10])
        notices.append(text % {"name": visible[0], "others": others})
    if hidden:
        text = _("隐藏的工作表没有读：%(names)s。")
        notices.append(text % {"names": "、".join(hidden[:10])})
    if not visible:
        return notices, []
    ranges = workbook.get_sheet_by_name(visible[0]).merged_cell_ranges or []
    return notices, [
        problem(
            row + 1,
            "",
            "",
            _("有合并的单元格（第 %(first)d 到 %(last)d 行）。请取消合并，每行都填上。")
            % {"first": start[0] + 1, "last": end[0] + 1},
        )
        for start, end in ranges[:200]
        for row in range(start[0], min(end[0], start[0] + 200) + 1)
    ]
