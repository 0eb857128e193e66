"""Every kind of bad input: the message names row, column, value and reason."""

import datetime as dt
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from disclosure_pages.bulk.importing import Options, import_file
from disclosure_pages.models import DisclosureItemPage, ImportBatch
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.bulk_files import (
    ITEMS,
    WRITERS,
    row,
    write_csv,
    write_jsonl,
    write_xlsx,
)
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db
TOMORROW = (dt.date.today() + dt.timedelta(days=2)).isoformat()


@pytest.fixture(autouse=True)
def township():
    make_site()


def problems_of(path, **options):
    """Import; assert that nothing was written; return what was wrong."""
    before = DisclosureItemPage.objects.count()
    summary = import_file(path, Options(**options))
    assert not summary.ok
    assert summary.problems
    assert DisclosureItemPage.objects.count() == before
    assert not ImportBatch.objects.exists()
    return summary.problems


BAD_CELLS = [
    ("category", "工作", "类别", "没有这个选项"),
    ("category", "", "类别", "必填"),
    ("title", "", "标题", "必填"),
    ("title", "长" * 256, "标题", "太长"),
    ("title", "看不见\x07的字", "标题", "控制字符"),
    ("date_made", "2026-02-30", "成文日期", "没有这一天"),
    ("date_made", "去年", "成文日期", "不是日期"),
    ("date_made", "2026-09-05", "成文日期", "晚于公开日期"),
    ("date_made", TOMORROW, "成文日期", "不能晚于今天"),
    ("date_made", "1894-01-01", "成文日期", "1949"),
    ("date_published", TOMORROW, "公开日期", "不能晚于今天"),
    ("validity", "也许", "有效性", "没有这个选项"),
    ("disclosure_mode", "不予公开", "不主动公开的理由", "写明理由"),
    ("source_url", "javascript:alert(1)", "来源网址", "http"),
    ("summary", "长" * 301, "内容概述", "太长"),
    ("index_number", "11 22", "索引号", "空格"),
    ("office", "外交部", "责任科室", "没有这个科室"),
    ("attachments", "没有.pdf", "附件", "找不到附件"),
    ("attachments", "../秘密.pdf", "附件", "文件夹"),
    ("attachments", "/etc/passwd", "附件", "文件夹"),
    ("attachments", "下级/../../秘密.pdf", "附件", "文件夹"),
]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_each_bad_cell_is_named_in_its_row(tmp_path, kind):
    rows = [row(), *(row(**{key: value}) for key, value, *_what in BAD_CELLS)]
    found = problems_of(WRITERS[kind](tmp_path / f"bad.{kind}", rows))
    first = 3 if kind == "csv" else 2
    assert [problem.row for problem in found] == list(
        range(first, first + len(BAD_CELLS))
    )
    for problem, (_key, value, label, reason) in zip(found, BAD_CELLS, strict=True):
        assert problem.column == label
        assert reason in problem.reason
        shown = "" if label == "不主动公开的理由" else " ".join(value.split())
        assert problem.value[:20] == shown[:20]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_twice_the_same_number_within_the_file(tmp_path, kind):
    rows = [row(external_id="A-1"), row(title="另一条", external_id="A-1")]
    (found,) = problems_of(WRITERS[kind](tmp_path / f"twice.{kind}", rows))
    assert (found.column, found.value) == ("外部编号", "A-1")
    assert "重复" in found.reason


def test_an_index_number_and_an_external_id_of_two_items(tmp_path):
    first = make_item(external_id="A-1")
    second = make_item(external_id="A-2")
    path = write_csv(
        tmp_path / "mixed.csv",
        [row(index_number=first.index_number, external_id="A-2")],
    )
    (found,) = problems_of(path)
    assert found.column == "外部编号"
    assert second.index_number in found.reason


def test_a_void_number_is_not_used_again(tmp_path):
    clerk = make_people()["clerk"]
    item = make_item(live=False, user=clerk)
    item.get_workflow().start(item, clerk)
    item.refresh_from_db()
    number = item.index_number
    item.delete()
    (found,) = problems_of(write_csv(tmp_path / "void.csv", [row(index_number=number)]))
    assert found.value == number
    assert "作废" in found.reason


def test_an_item_under_review_is_left_alone(tmp_path):
    clerk = make_people()["clerk"]
    item = make_item(live=False, user=clerk, external_id="A-1")
    item.get_workflow().start(item, clerk)
    path = write_csv(tmp_path / "review.csv", [row(external_id="A-1")])
    (found,) = problems_of(path)
    assert "正在审查" in found.reason


def test_a_withdrawn_item_does_not_come_back_by_an_import(tmp_path):
    item = make_item(external_id="A-1")
    withdraw(item, reason="有误", actor_name="周敏")
    path = write_csv(tmp_path / "back.csv", [row(external_id="A-1")])
    (found,) = problems_of(path, publish=True, reviewed_by="周敏")
    assert "已撤回" in found.reason


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"%PDF-1.4")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").symlink_to(secret)
    path = write_csv(folder / "link.csv", [row(attachments="a.pdf")])
    (found,) = problems_of(path)
    assert "文件夹" in found.reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("空.pdf", b"", "空文件"), ("程序.exe", b"MZ", "不接受")],
)
def test_attachments_that_are_not_taken(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    (found,) = problems_of(write_csv(tmp_path / "f.csv", [row(attachments=name)]))
    assert found.value == name
    assert reason in found.reason


def test_a_formula_in_a_workbook(tmp_path):
    rows = [row(), row(title="=HYPERLINK(A1)")]
    found = problems_of(write_xlsx(tmp_path / "formula.xlsx", rows))
    assert (found[0].row, found[0].column) == (3, "标题")
    assert found[0].value == "=HYPERLINK(A1)"
    assert "公式" in found[0].reason


def test_a_formula_with_its_result_kept_is_still_a_formula(tmp_path):
    path = write_xlsx(tmp_path / "cached.xlsx", [row()])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    start = sheet.index('<c r="B2"')
    end = sheet.index("</c>", start) + 4
    cell = '<c r="B2" t="str"><f>"work"&amp;""</f><v>work</v></c>'
    parts["xl/worksheets/sheet1.xml"] = (sheet[:start] + cell + sheet[end:]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert load_workbook(path).active["B2"].value.startswith("=")
    (found,) = problems_of(path)
    assert (found.row, found.column) == (2, "类别")
    assert "公式" in found.reason


def test_a_formula_in_a_csv(tmp_path):
    (found,) = problems_of(write_csv(tmp_path / "f.csv", [row(title="=1+1")]))
    assert (found.row, found.column, found.value) == (2, "标题", "=1+1")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("旧.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512, ".xls"),
        ("网页.xlsx", b"<html><table>", "扩展名"),
        ("坏.xlsx", b"PK\x03\x04" + b"\0" * 64, "扩展名"),
        ("表.et", b"x", ".xlsx、.csv、.jsonl"),
        ("空.csv", b"", "没有数据行"),
        ("空.jsonl", b"", "没有数据行"),
        ("大五码.csv", "標題,類別\n公告,工作\n".encode("big5"), "编码"),
        ("乱码.csv", "标题,类别\n".encode() + b"\xff\xfe\xfa\n", "第 2 行"),
        ("宽字.csv", "标题,类别\n公告,工作信息\n".encode("utf-16"), "编码"),
        ("国标.jsonl", '{"title": "公告"}\n'.encode("gb18030"), "UTF-8"),
        ("引号.csv", '标题,类别\n"没有,结尾\n'.encode(), "CSV"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    (found,) = problems_of(path)
    assert found.row == 0
    assert reason in found.reason


def test_a_damaged_workbook(tmp_path):
    whole = ITEMS.read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(whole[: len(whole) // 2])
    (found,) = problems_of(path)
    assert found.row == 0


def test_a_workbook_without_sheets(tmp_path):
    path = tmp_path / "zip.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "not a workbook")
    (found,) = problems_of(path)
    assert "打不开" in found.reason


def test_a_file_that_is_not_there(tmp_path):
    (found,) = problems_of(tmp_path / "nowhere.csv")
    assert "找不到" in found.reason


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_an_unknown_column(tmp_path, kind):
    path = WRITERS[kind](tmp_path / f"unknown.{kind}", [row(colour="红")])
    (found,) = problems_of(path)
    assert found.column == "colour"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_missing_column(tmp_path, kind):
    record = row()
    del record["category"]
    path = WRITERS[kind](tmp_path / f"missing.{kind}", [record])
    found = problems_of(path)
    assert any(p.row == 1 and p.column == "类别" for p in found)


def test_a_column_given_twice(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text(
        "标题,标题*,类别,成文日期\n甲,乙,工作信息,2026-09-02\n", encoding="utf-8"
    )
    found = problems_of(path)
    assert found[0].row == 1
    assert "两次" in found[0].reason


@pytest.mark.parametrize("line", ["{坏", "[1, 2]", '"text"'])
def test_a_line_that_is_no_object(tmp_path, line):
    path = write_jsonl(tmp_path / "bad.jsonl", [row()])
    path.write_text(path.read_text() + line + "\n")
    (found,) = problems_of(path)
    assert found.row == 2


@pytest.mark.parametrize("value", [{"a": 1}, True, [["x"]]])
def test_a_value_of_another_kind(tmp_path, value):
    path = write_jsonl(tmp_path / "kind.jsonl", [row(keywords=value)])
    (found,) = problems_of(path)
    assert found.column == "关键词"


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    rows = [row(category="x"), row(title="甲", date_made="x", source_url="x"), row()]
    found = problems_of(write_csv(tmp_path / "many.csv", rows))
    assert [p.row for p in found] == [2, 3, 3]


def test_bad_rows_are_skipped_only_when_asked_for(tmp_path):
    rows = [row(title="好的"), row(title="坏的", category="x")]
    path = write_csv(tmp_path / "some.csv", rows)
    problems_of(path)
    summary = import_file(path, Options(skip_bad=True))
    assert (summary.ok, summary.created, summary.bad) == (True, 1, 1)
    assert DisclosureItemPage.objects.get().title == "好的"


def test_a_file_without_a_good_row_cannot_be_skipped(tmp_path):
    path = write_csv(tmp_path / "all.csv", [row(category="x")])
    problems_of(path, skip_bad=True)


def test_wrong_headings_cannot_be_skipped(tmp_path):
    problems_of(write_csv(tmp_path / "typo.csv", [row(摘要="x")]), skip_bad=True)


def test_an_unknown_office_option(tmp_path):
    path = write_csv(tmp_path / "office.csv", [row()])
    (found,) = problems_of(path, office="nowhere")
    assert "nowhere" in found.reason


def test_the_command_fails_with_one_line_per_fault(tmp_path, capsys):
    path = write_csv(tmp_path / "bad.csv", [row(category="x"), row(title="")])
    with pytest.raises(CommandError):
        call_command("import_items", str(path), "--json")
    output = capsys.readouterr()
    lines = output.err.strip().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("第 2 行 · 类别 · “x” · ")
    errors = json.loads(output.out)["errors"]
    assert errors[1]["column"] == "标题"
    assert set(errors[0]) == {"row", "column", "value", "reason"}


def test_publication_needs_somebody_who_reviewed(tmp_path):
    path = write_csv(tmp_path / "good.csv", [row()])
    with pytest.raises(CommandError, match="reviewed-by"):
        call_command("import_items", str(path), "--publish")
    with pytest.raises(CommandError, match="reviewed-by"):
        call_command("import_items", str(path), "--publish", "--reviewed-by", "  ")
