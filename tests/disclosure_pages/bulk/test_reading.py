"""What a file may look like: endings, encodings, headings, spellings of dates."""

import datetime as dt

import pytest
from openpyxl import Workbook

from disclosure_pages.bulk.cells import BadCell, choice_of, date_of, keywords_of
from disclosure_pages.bulk.columns import BY_KEY, COLUMNS, column_of
from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.bulk.reading import EXAMPLE_MARK, read_table
from tests.disclosure_pages.bulk.files import ITEMS, a_row, write

DAY = dt.date(2026, 9, 2)


@pytest.mark.parametrize(
    "cell",
    [
        *("2026-09-02", "2026-9-2", "2026/9/2", "2026.9.2", "20260902"),
        *("2026年9月2日", "2026 年 9 月 2 日", " 2026-09-02 ", "2026-09-02 08:30:00"),
        *("2026-09-02T00:00", DAY, dt.datetime(2026, 9, 2, 8, 30), 46267, 46267.0),
    ],
)
def test_spellings_of_a_date(cell):
    assert date_of(BY_KEY["date_made"], cell) == DAY


@pytest.mark.parametrize(
    "cell",
    ["2026-02-30", "2026-13-01", "2026年9月", "9/2/2026", "昨天", 12, "1948-12-31"],
)
def test_what_is_no_date(cell):
    with pytest.raises(BadCell):
        date_of(BY_KEY["date_made"], cell)


def test_a_choice_by_value_or_by_label():
    for column in COLUMNS:
        for value, label in column.choices:
            for text in (value, label, f" {label} ", value.upper()):
                assert choice_of(column, text) == value


@pytest.mark.parametrize("cell", ["低保；救助", "低保;救助，低保", ["低保", " 救助"]])
def test_keywords_by_any_separator_once_each(cell):
    assert keywords_of(BY_KEY["keywords"], cell) == "低保；救助"


@pytest.mark.parametrize(
    "heading", ["标题", "标题*", " 标 题＊", "title", "\ufeff标题"]
)
def test_a_heading_by_label_or_key(heading):
    assert column_of(heading).key == "title"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends_of_csv(tmp_path, encoding, end):
    path = write(tmp_path / "a.csv", [a_row()])
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\n", end)
    path.write_bytes(text.encode(encoding))
    ((number, record),) = read_table(path).rows
    assert (number, record["title"]) == (2, "三季度临时救助情况")


def test_a_csv_separated_by_tabs(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "标题\t类别\t成文日期\n甲\t工作信息\t2026-09-02\n", encoding="utf-8"
    )
    assert read_table(path).rows[0][1]["category"] == "工作信息"


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".jsonl", ".XLSX"])
def test_the_three_kinds_read_the_same(tmp_path, suffix):
    rows = [a_row(), a_row(title="第二条")]
    path = write(tmp_path / f"a{suffix.lower()}", rows)
    path = path.rename(tmp_path / f"a{suffix}")
    table = read_table(path)
    assert [record for _number, record in table.rows] == rows
    assert not table.problems


def test_empty_rows_are_passed_over_but_counted(tmp_path):
    book = Workbook()
    book.active.append([None])
    book.active.append(["标题", "类别", "成文日期"])
    book.active.append(["", "  ", None])
    book.active.append(["甲", "work", DAY])
    book.save(tmp_path / "a.xlsx")
    assert [number for number, _record in read_table(tmp_path / "a.xlsx").rows] == [4]


def test_explanation_hidden_sheets_and_example_are_passed_over(tmp_path):
    book = Workbook()
    book.active.title = "填写说明"
    book.active.append(["列"])
    book.create_sheet("旧").append(["标题"])
    book["旧"].sheet_state = "hidden"
    sheet = book.create_sheet("公开信息")
    sheet.append(["标题", "类别", "成文日期"])
    sheet.append([f"{EXAMPLE_MARK}甲", "work", DAY])
    sheet.append(["乙", "work", DAY])
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert [record["title"] for _number, record in table.rows] == ["乙"]


def test_the_delivered_workbook_reads_whole():
    table = read_table(ITEMS)
    assert len(table.rows) == 68
    assert not table.problems


@pytest.mark.parametrize("name", ["a.xls", "a.et", "a.txt", "a"])
def test_other_endings(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(UnreadableFile, match=r"\.xlsx、\.csv、\.jsonl"):
        read_table(tmp_path / name)
