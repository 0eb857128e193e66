import io
import json

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.catalogue_import import import_catalogue, limit_days
from disclosure_pages.models import CatalogueEntry
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db
TITLE = "（一）社会救助领域基层政务公开标准目录"
TOP = [
    *("序号", "公开事项", None, "公开内容（要素）", "公开依据", "公开时限"),
    *("公开主体", "公开渠道和载体", None, "公开对象", None, "公开方式", None),
    *("公开层级", None),
]
BELOW = [
    *(None, "一级事项", "二级事项", None, None, None, None, "■政府网站", "公开查阅点"),
    *("全社会", "特定群体（请自行填写）", "主动", "依申请公开", "县级", "乡、村级"),
]
BELOW[7] = "政府网站"
FIRST = [
    *(1, "最低生活保障", "办事指南", "条件、材料", "条例", "20个工作日内"),
    *("镇人民政府", "√", "√", "√", None, "√", None, "√", "√"),
]
SECOND = [
    *(2, None, "审核信息", "初审对象名单", "条例", "公示7个工作日"),
    *("镇人民政府", "√", None, None, "√本村村民", None, "√", None, "√"),
]
MERGED = ("B2:C2", "H2:I2", "J2:K2", "L2:M2", "N2:O2", "B4:B5")


def save(tmp_path, rows, merged=MERGED, empty=0, name="目录.xlsx"):
    book = Workbook()
    sheet = book.active
    for row in ([TITLE], *rows):
        sheet.append(row)
    for place in merged:
        sheet.merge_cells(place)
    if empty:
        sheet.cell(row=empty, column=20).number_format = "0"
        sheet.row_dimensions[empty].height = 20
        sheet.cell(row=empty, column=1, value=" ")
    path = tmp_path / name
    book.save(path)
    return path


@pytest.fixture
def sheet(tmp_path):
    CatalogueEntry.objects.all().delete()
    return save(tmp_path, [TOP, BELOW, FIRST, SECOND])


def test_a_sheet_with_two_merged_heading_rows(sheet):
    done = import_catalogue(sheet, version="2025")
    assert (done.added, done.problems, done.unknown_columns) == (2, [], [])
    first, second = CatalogueEntry.objects.order_by("number")
    assert (first.field, first.code, first.official) == (
        *("社会救助", "社会救助-1", True),
    )
    assert (first.level1, first.level2) == ("最低生活保障", "办事指南")
    assert first.limit_days == 20 and first.time_limit == "20个工作日内"
    assert first.channels == ["政府网站", "公开查阅点"]
    assert (first.audience, first.mode, first.level) == ("全社会", "proactive", "both")
    assert second.level1 == "最低生活保障"  # from the merged cell
    assert second.audience == "特定群体（本村村民）"
    assert (second.mode, second.level) == ("on_request", "township")
    assert (second.channels, second.limit_days) == (["政府网站"], 7)
    assert first.version == "2025"


def test_importing_again_changes_nothing_and_keeps_local_settings(sheet, tmp_path):
    import_catalogue(sheet)
    CatalogueEntry.objects.filter(number=1).update(
        enabled=False, local_note="由县里办", category="finance"
    )
    done = import_catalogue(sheet)
    assert (done.added, done.updated, done.unchanged) == (0, 0, 2)
    changed = [*FIRST[:5], "实时", *FIRST[6:]]
    done = import_catalogue(save(tmp_path, [TOP, BELOW, changed, SECOND]))
    assert (done.updated, done.unchanged) == (1, 1)
    entry = CatalogueEntry.objects.get(number=1)
    assert (entry.limit_days, entry.time_limit) == (None, "实时")
    assert (entry.enabled, entry.local_note) == (False, "由县里办")
    assert entry.category == "finance"


def test_lines_that_a_newer_file_lacks_go_unless_they_are_used(sheet, tmp_path):
    make_site()
    CatalogueEntry.objects.all().delete()
    import_catalogue(sheet)
    used = CatalogueEntry.objects.get(number=2)
    make_item(catalogue_entry=used)
    done = import_catalogue(save(tmp_path, [TOP, BELOW, FIRST], merged=MERGED[:-1]))
    assert done.retired == 1
    used.refresh_from_db()
    assert not used.enabled


def test_another_years_column_order_and_a_column_nobody_knows(tmp_path):
    order = [0, 5, 1, 2, 3, 4, 6, 11, 12, 13, 14, 9, 10, 7, 8]
    rows = [
        [row[i] for i in order] + [extra]
        for row, extra in ((TOP, "备注栏"), (BELOW, None), (FIRST, "x"))
    ]
    merged = ("C2:D2", "H2:I2", "J2:K2", "L2:M2", "N2:O2")
    CatalogueEntry.objects.all().delete()
    done = import_catalogue(save(tmp_path, rows, merged))
    assert done.unknown_columns == ["备注栏"]
    entry = CatalogueEntry.objects.get()
    assert (entry.limit_days, entry.level, entry.mode) == (20, "both", "proactive")
    assert entry.channels == ["政府网站", "公开查阅点"]


def test_a_hundred_thousand_empty_rows_are_nothing(tmp_path):
    path = save(tmp_path, [TOP, BELOW, FIRST, SECOND], empty=100_000)
    CatalogueEntry.objects.all().delete()
    done = import_catalogue(path, dry_run=True)
    assert (done.rows, done.added, done.problems) == (2, 2, [])


def test_a_dry_run_writes_nothing(sheet):
    assert import_catalogue(sheet, dry_run=True).added == 2
    assert not CatalogueEntry.objects.exists()


def test_errors_name_row_column_and_reason_and_nothing_is_written(tmp_path):
    bad = [*FIRST]
    bad[0], bad[1], bad[11], bad[13], bad[14] = 1, None, None, "×", "□"
    CatalogueEntry.objects.all().delete()
    path = save(tmp_path, [TOP, BELOW, FIRST, bad], merged=MERGED[:-1])
    done = import_catalogue(path)
    told = {(p.row, p.column.split("：")[1], p.reason) for p in done.problems}
    assert told == {
        (5, "编号", "与前面一行重复。"),
        (5, "一级事项", "没有填写。"),
        (5, "公开方式", "主动和依申请都没有打勾。"),
        (5, "公开层级", "县级和乡、村级都没有打勾。"),
    }
    assert not CatalogueEntry.objects.exists()


def test_too_long_a_cell_is_named(tmp_path):
    long = [*FIRST[:2], "长" * 121, *FIRST[3:]]
    path = save(tmp_path, [TOP, BELOW, long], merged=MERGED[:-1])
    (problem,) = import_catalogue(path).problems
    assert problem.row == 4 and "二级事项" in problem.column


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"<html>"])
def test_a_file_that_is_no_workbook_is_refused_in_words(tmp_path, content):
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        import_catalogue(path)


def test_a_workbook_of_something_else_is_refused_in_words(tmp_path):
    path = save(tmp_path, [["姓名", "电话"], ["甲", "1"]], merged=())
    with pytest.raises(UnreadableFile, match="表头"):
        import_catalogue(path)


def test_the_command_tells_what_it_did(sheet, tmp_path):
    out = io.StringIO()
    call_command("import_catalogue", str(sheet), "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue())["added"] == 2
    bad = save(tmp_path, [TOP, BELOW, [None, *FIRST[1:]]], merged=(), name="b.xlsx")
    errors = io.StringIO()
    with pytest.raises(CommandError, match="没有写入"):
        call_command("import_catalogue", str(bad), stderr=errors)
    assert "第 4 行" in errors.getvalue() and "序号" in errors.getvalue()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("20个工作日内", 20),
        ("信息形成或变更之日起20个工作日内公开", 20),
        ("7个工作日", 7),
        ("二十个工作日", 20),
        ("十五个工作日", 15),
        ("7 个工作日；其余20个工作日", 7),
        ("批复后20日内", None),
        ("即时", None),
        ("实时公开", None),
        ("及时", None),
        ("", None),
    ],
)
def test_time_limits_in_words(text, days):
    assert limit_days(text) == days
