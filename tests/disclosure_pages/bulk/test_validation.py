"""Bad input: row, column, value and reason in Chinese, and nothing is written."""

import datetime as dt
import os
import re

import pytest
from django.core.management import CommandError, call_command

from tests.disclosure_pages.bulk.files import a_row, everything, write
from tests.factories import make_item

pytestmark = pytest.mark.usefixtures("township")
LATER = (dt.date.today() + dt.timedelta(days=2)).isoformat()
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")


def complaints(capsys, path, *options):
    """Run the import, which fails and writes nothing; returns the lines it prints."""
    before = everything()
    capsys.readouterr()
    with pytest.raises(CommandError, match="没有写入"):
        call_command("import_items", str(path), *options)
    assert everything() == before
    return capsys.readouterr().err.strip().splitlines()


def assert_named(line, row, column, value, reason):
    where, told_column, told_value, *told = line.split(" · ")
    assert where == (f"第 {row} 行" if row else "整个文件")
    assert told_column.rstrip("*") == column
    assert told_value == f"“{value}”"
    assert reason in " · ".join(told)
    assert CHINESE.search(" · ".join(told))


CELLS = [
    ("类别", {"category": "工作"}, "工作", "没有这个选项"),
    ("类别", {"category": ""}, "", "必填"),
    ("标题", {"title": " "}, "", "必填"),
    ("标题", {"title": "长" * 256}, "长" * 60 + "…", "256 个字，最多 255"),
    ("成文日期", {"date_made": ""}, "", "必填"),
    ("成文日期", {"date_made": "2026-02-30"}, "2026-02-30", "没有这一天"),
    ("成文日期", {"date_made": "九月二日"}, "九月二日", "不是日期"),
    ("成文日期", {"date_made": "2026-09-05"}, "2026-09-05", "晚于公开日期 2026-09-04"),
    ("成文日期", {"date_made": LATER}, LATER, "不能晚于今天"),
    ("公开日期", {"date_published": LATER}, LATER, "不能晚于今天"),
    ("有效性", {"validity": "或许"}, "或许", "没有这个选项"),
    ("公开属性", {"disclosure_mode": "公开"}, "公开", "没有这个选项"),
    ("不主动公开的理由", {"disclosure_mode": "withheld"}, "", "理由"),
    ("文号", {"document_number": "长" * 81}, "长" * 60 + "…", "最多 80"),
    ("发布机构", {"publisher": "长" * 81}, "长" * 60 + "…", "最多 80"),
    ("内容概述", {"summary": "长" * 301}, "长" * 60 + "…", "最多 300"),
    ("关键词", {"keywords": "长" * 201}, "长" * 60 + "…", "最多 200"),
    ("索引号", {"index_number": "1" * 61}, "1" * 60 + "…", "最多 60"),
    ("外部编号", {"external_id": "1" * 121}, "1" * 60 + "…", "最多 120"),
    ("外部编号", {"external_id": "M Z"}, "M Z", "空格"),
    ("来源网址", {"source_url": "ftp://a.cn/"}, "ftp://a.cn/", "http://"),
    ("责任科室", {"office": "外事办"}, "外事办", "没有这个科室"),
    ("附件", {"attachments": "无.pdf"}, "无.pdf", "找不到附件"),
    ("附件", {"attachments": "../密.pdf"}, "../密.pdf", "文件夹里"),
    ("附件", {"attachments": "下/../../密.pdf"}, "下/../../密.pdf", "文件夹里"),
    ("附件", {"attachments": "/etc/passwd"}, "/etc/passwd", "文件夹里"),
    ("附件", {"attachments": "C:\\密.pdf"}, "C:/密.pdf", "文件夹里"),
]


@pytest.mark.parametrize(("column", "values", "shown", "reason"), CELLS)
def test_a_bad_cell(tmp_path, capsys, column, values, shown, reason):
    path = write(tmp_path / "a.xlsx", [a_row(title="好的"), a_row(**values)])
    (line,) = complaints(capsys, path)
    assert_named(line, 3, column, shown, reason)


@pytest.mark.parametrize(
    ("column", "key", "value"),
    [("索引号", "index_number", "1133/2026-1"), ("外部编号", "external_id", "MZ-1")],
)
@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".jsonl"])
def test_the_same_number_twice(tmp_path, capsys, column, key, value, suffix):
    rows = [a_row(**{key: value}), a_row(title="乙", **{key: value})]
    (line,) = complaints(capsys, write(tmp_path / f"a{suffix}", rows))
    first = 1 if suffix == ".jsonl" else 2
    assert_named(line, first + 1, column, value, f"与第 {first} 行重复")


def test_one_item_by_two_numbers(tmp_path, capsys):
    item = make_item(external_id="MZ-1")
    rows = [a_row(index_number=item.index_number), a_row(external_id="MZ-1")]
    (line,) = complaints(capsys, write(tmp_path / "a.csv", rows))
    assert_named(line, 3, "外部编号", "MZ-1", "与第 2 行")


def test_numbers_that_belong_to_another_item(tmp_path, capsys):
    first, other = make_item(external_id="MZ-1"), make_item(external_id="MZ-2")
    rows = [
        a_row(index_number=first.index_number, external_id="MZ-2"),
        a_row(index_number=other.index_number, external_id="MZ-9"),
        a_row(index_number="1133/2026-777", external_id="MZ-1"),
    ]
    lines = complaints(capsys, write(tmp_path / "a.csv", rows))
    assert_named(lines[0], 2, "外部编号", "MZ-2", other.index_number)
    assert_named(lines[1], 3, "外部编号", "MZ-9", "MZ-2")
    assert_named(lines[2], 4, "索引号", "1133/2026-777", first.index_number)


@pytest.mark.parametrize("of", ["file", "folder"])
def test_a_link_out_of_the_folder(tmp_path, capsys, of):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "in").mkdir()
    os.symlink(
        tmp_path / "out" / ("a.pdf" if of == "file" else ""),
        tmp_path / "in" / ("a.pdf" if of == "file" else "附件"),
    )
    name = "a.pdf" if of == "file" else "附件/a.pdf"
    path = write(tmp_path / "in" / "a.csv", [a_row(attachments=name)])
    (line,) = complaints(capsys, path)
    assert_named(line, 2, "附件", name, "文件夹里")


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://a.cn")'])
def test_a_formula(tmp_path, capsys, suffix, formula):
    path = write(tmp_path / f"a{suffix}", [a_row(summary=formula)])
    (line,) = complaints(capsys, path)
    assert_named(line, 2, "内容概述", formula, "公式")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "旧版 .xls"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(600), "改了扩展名"),
        ("a.csv", "標題,類別\n甲,乙\n".encode("big5"), "编码有误"),
        ("a.csv", "标题,类别\n甲,工作信息\n".encode("utf-16"), "编码有误"),
        ("a.jsonl", '{"title": "甲"}\n'.encode("gb18030"), "编码有误：第 1 行"),
        ("a.csv", "标题,类别,成文日期\n".encode(), "没有数据行"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--skip-bad"]])
def test_a_file_that_is_something_else(
    tmp_path, capsys, name, content, reason, options
):
    (tmp_path / name).write_bytes(content)
    (line,) = complaints(capsys, tmp_path / name, *options)
    assert_named(line, 0, "整行", name, reason)


@pytest.mark.parametrize(("suffix", "row"), [(".xlsx", 1), (".csv", 1), (".jsonl", 1)])
def test_an_unknown_column(tmp_path, capsys, suffix, row):
    path = write(tmp_path / f"a{suffix}", [a_row(密级="内部")])
    (line,) = complaints(capsys, path)
    shown = "内部" if suffix == ".jsonl" else "密级"
    assert_named(line, row, "密级", shown, "没有这")


def test_every_fault_is_told_in_the_order_of_rows(tmp_path, capsys):
    rows = [a_row(category="x", date_made="x"), a_row(), a_row(title="", validity="x")]
    lines = complaints(capsys, write(tmp_path / "a.csv", rows))
    assert [line[:5] for line in lines] == ["第 2 行", "第 2 行", "第 4 行", "第 4 行"]
