"""The bulk-load template (信息加载模板): headings, drop-downs, explanation, example."""

from pathlib import Path

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from disclosure_pages.bulk.columns import BY_KEY, COLUMNS, Column
from disclosure_pages.bulk.reading import EXAMPLE_MARK
from disclosure_pages.bulk.workbooks import HELP_SHEET

ITEM_SHEET = "公开信息"
LAST_ROW = 10_000
HEAD = PatternFill("solid", fgColor="0F4F49")
REQUIRED = PatternFill("solid", fgColor="9C2F1B")
EXAMPLE = {
    "title": f"{EXAMPLE_MARK}2026年第三季度临时救助情况公示（本行不会导入）",
    "category": "工作信息",
    "document_number": "云政〔2026〕31号",
    "date_made": "2026-09-02",
    "date_published": "2026-09-04",
    "validity": "有效",
    "disclosure_mode": "主动公开",
    "summary": "三季度救助 20 户，发放 6.1 万元。",
    "keywords": "临时救助；低保",
    "body": "第一段。\n第二段。",
    "attachments": "附件/救助汇总表.xlsx",
    "external_id": "MZ-2026-031",
    "office": "民政和社会事务办公室",
}


def write_template(path: Path) -> None:
    """Write the template; reading it back gives no rows."""
    book = new_book()
    sheet = book[ITEM_SHEET]
    sheet.append([EXAMPLE.get(column.key, "") for column in COLUMNS])
    for cell in sheet[2]:
        cell.font = Font(italic=True, color="808080")
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    for position, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(position)
        if column.choices:
            _drop_down(sheet, letter, column)
        if column.key.startswith("date_"):
            for row in range(3, 203):
                sheet[f"{letter}{row}"].number_format = "yyyy-mm-dd"
        elif column.key in ("index_number", "external_id", "document_number"):
            for row in range(3, 203):
                sheet[f"{letter}{row}"].number_format = "@"
    _explain(book.create_sheet(HELP_SHEET))
    book.save(path)


def new_book() -> Workbook:
    """Return a workbook with the sheet of items and its headings only."""
    book = Workbook()
    sheet = book.active
    sheet.title = ITEM_SHEET
    sheet.append([column.heading for column in COLUMNS])
    sheet.freeze_panes = "C2"
    for position, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(row=1, column=position)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = REQUIRED if column.required else HEAD
        cell.comment = Comment(str(column.help), "gongkai")
        sheet.column_dimensions[get_column_letter(position)].width = column.width
    return book


def _drop_down(sheet: Worksheet, letter: str, column: Column) -> None:
    labels = ",".join(label for _value, label in column.choices)
    rule = DataValidation(
        type="list",
        formula1=f'"{labels}"',
        allow_blank=not column.required,
        showErrorMessage=True,
        errorTitle=column.label,
        error=_("请从下拉列表选择。"),
    )
    rule.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(rule)


def _explain(sheet: Worksheet) -> None:
    sheet.append([_("列"), _("必填"), _("最多字数"), _("怎样填"), _("可选的值")])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column in COLUMNS:
        labels = "、".join(label for _value, label in column.choices)
        sheet.append(
            [
                column.label,
                _("是") if column.required else "",
                column.max_length or "",
                str(column.help),
                labels,
            ]
        )
    for line in (
        "",
        _("一行一条信息。标红的列必填。第 2 行是示例，不会导入，可以删去。"),
        _("不要使用公式、合并单元格和图片；日期可以写成 2026-09-02 或 2026年9月2日。"),
        _("附件与本表放在同一文件夹（可以有下级文件夹），多个用“；”分开。"),
        _("外部编号或索引号与已有信息相同的，更新那一条；其余为新增。"),
        _("正文和附件里不要有完整的身份证号、手机号、银行卡号。"),
        _("先检查：manage.py import_items 文件 --dry-run"),
    ):
        sheet.append([line])
    for letter, width in zip("ABCDE", (20, 8, 10, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width


LABELS = {
    column.key: dict(column.choices) for column in BY_KEY.values() if column.choices
}
