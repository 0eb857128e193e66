"""Makes ``items.xlsx`` and its attachments from ``items.json``.

Run from the root of the repository, after a change of ``items.json``::

    DJANGO_SETTINGS_MODULE=cms.settings.test python -m tests.data.make_items
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import django

django.setup()

from disclosure_pages.bulk.columns import COLUMNS  # noqa: E402
from disclosure_pages.bulk.template import (  # noqa: E402
    ITEM_SHEET,
    LABELS,
    new_book,
)
from tests.data.office_files import pdf, save_workbook, xlsx  # noqa: E402

HERE = Path(__file__).resolve().parent
OFFICES = {
    "general-affairs": "党政综合办公室",
    "civil-affairs": "民政和社会事务办公室",
    "village-construction": "村镇建设办公室",
    "agriculture": "农业农村办公室",
    "finance": "财政所",
    "emergency": "应急管理办公室",
    "enforcement": "综合行政执法队",
    "service-center": "便民服务中心",
}


def cell_of(number: int, key: str, value: Any) -> Any:
    """Return the value as clerks type it: dates in each of the usual forms."""
    if value is None:
        return None
    if key.startswith("date_"):
        day = dt.date.fromisoformat(value)
        forms = (day, value, f"{day.year}/{day.month}/{day.day}")
        chinese = f"{day.year}年{day.month}月{day.day}日"
        return (*forms, chinese)[number % 4]
    if key in LABELS:
        return LABELS[key][value]
    if isinstance(value, list):
        return "；".join(value)
    return OFFICES.get(value, value) if key == "office" else value


def make_workbook() -> None:
    book = new_book()
    sheet = book[ITEM_SHEET]
    records = json.loads((HERE / "items.json").read_text(encoding="utf-8"))
    for number, record in enumerate(records):
        record.setdefault("disclosure_mode", "proactive")
        row = [
            cell_of(number, column.key, record.get(column.key)) for column in COLUMNS
        ]
        sheet.append(row)
    save_workbook(book, HERE / "items.xlsx")


def make_attachments() -> None:
    folder = HERE / "attachments"
    folder.mkdir(exist_ok=True)
    pdf(
        folder / "征地范围示意说明.pdf",
        [
            "云溪镇集镇雨污分流二期工程征地范围示意说明",
            "东至溪前路，南至樟下村机耕路，西至云溪堤防，北至农贸市场。",
            "面积 6.2 亩，其中大樟村 3.9 亩、樟下村 2.3 亩。",
        ],
    )
    xlsx(
        folder / "2024年度财政决算公开表.xlsx",
        "2024年度财政决算公开表（万元）",
        [
            ["项目", "预算数", "决算数"],
            ["收入合计", 5600, 5637],
            ["基本支出", 1920, 1902],
            ["项目支出", 3680, 3606],
            ["支出合计", 5600, 5508],
        ],
    )
    xlsx(
        folder / "避灾安置场所一览表.xlsx",
        "避灾安置场所一览表",
        [
            ["片区", "场所", "可容纳人数", "责任岗位"],
            ["集镇", "中心小学体育馆", 600, "镇应急管理办公室"],
            ["集镇", "综合文化站", 300, "镇党政综合办公室"],
            ["溪口片", "溪口村文化礼堂", 120, "村党组织书记"],
            ["岭头片", "岭头村村民服务大厅", 90, "村党组织书记"],
        ],
    )


if __name__ == "__main__":
    make_attachments()
    make_workbook()
