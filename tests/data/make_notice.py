"""Writes ``notice.docx``, the notice that a first-time clerk publishes in the tests.

Run ``python -m tests.data.make_notice`` after a change of the text.
"""

import datetime as dt
from pathlib import Path

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt, RGBColor

TITLE = "云溪镇人民政府关于发放渡工冬季防寒补贴的通知"
NUMBER = "云政〔2026〕57号"
MADE_ON = dt.date(2026, 11, 16)
WORD = "蓑笠"  # in no other item
TEXT = (
    "各村民委员会：",
    f"为保障冬季渡运安全，镇政府决定向在册渡工发放{WORD}等防寒用品补贴。",
    "一、发放对象。截至2026年10月31日仍在岗的义渡渡工。",
    "二、发放标准。每人三百元，一次发放，标准见下表。",
    "三、办理方式。由各村统一造册，11月30日前报镇村镇建设办公室。",
)
ROWS = (("渡口", "渡工人数"), ("上渡口", "4"), ("石桥渡口", "3"))
PATH = Path(__file__).parent / "notice.docx"


def line(document: DocumentType, text: str, size: float, align: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, align)
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    if size == 36:
        run.font.color.rgb = RGBColor(0xC0, 0, 0)


def make() -> DocumentType:
    document = Document()
    document.core_properties.created = dt.datetime(2026, 11, 16)
    document.core_properties.modified = dt.datetime(2026, 11, 16)
    line(document, "云溪镇人民政府文件", 36, "CENTER")
    line(document, NUMBER, 16, "CENTER")
    line(document, TITLE, 22, "CENTER")
    for text in TEXT:
        line(document, text, 16, "LEFT")
    table = document.add_table(rows=0, cols=2)
    for row in ROWS:
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
            cell.width = Cm(6)
    line(document, "云溪镇人民政府", 16, "RIGHT")
    line(document, "2026年11月16日", 16, "RIGHT")
    return document


if __name__ == "__main__":
    make().save(PATH)
