"""Bulk load on the desk: upload, dry run, drafts in review, undo, exotic files."""

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook
from wagtail.models import TaskState

from disclosure_pages.models import DisclosureItemPage, ImportBatch, OfficeIndexPage
from tests.disclosure_pages.bulk_files import row, write_csv, write_jsonl, write_xlsx
from tests.factories import OfficeFactory, make_item, make_site, make_user

pytestmark = pytest.mark.django_db
NAME = "民政和社会事务办公室"


def upload(client, content, name="表.xlsx", office="civil-affairs"):
    """Upload and follow to the dry run; returns the answer and the batch."""
    if not isinstance(content, bytes):
        content = content.read_bytes()
    answer = client.post(
        "/admin/load/",
        {"file": SimpleUploadedFile(name, content), "office": office},
        follow=True,
    )
    return answer.content.decode(), ImportBatch.objects.order_by("-pk").first()


def go_on(client, batch, action="import"):
    for _n in range(200):
        client.post(f"/admin/load/{batch.uuid}/run/", {"action": action})
        batch.refresh_from_db()
        if batch.state != ImportBatch.State.RUNNING:
            return batch
    raise AssertionError("never done")


def rows(count, **values):
    return [
        row(title=f"第{n}号低保公示", external_id=f"x-{n}", **values)
        for n in range(1, count + 1)
    ]


def book(*lines, change=None):
    """An xlsx of title, category and date, changed by a function of the sheet."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["标题*", "类别*", "成文日期*"])
    for line in lines or [("一号公示", "工作信息", "2026-09-02")]:
        sheet.append(line)
    if change:
        change(workbook, sheet)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "csv", "jsonl"])
def test_a_file_becomes_drafts_in_review_of_the_clerk(clerk, people, tmp_path, kind):
    write = {"xlsx": write_xlsx, "csv": write_csv, "jsonl": write_jsonl}[kind]
    text, batch = upload(clerk, write(tmp_path / f"a.{kind}", rows(3)), f"a.{kind}")
    assert "新增 3" in text and "什么都还没有写入" in text
    assert batch.state == "checked" and not DisclosureItemPage.objects.exists()
    go_on(clerk, batch)
    assert batch.state == "done" and batch.created == 3
    for item in DisclosureItemPage.objects.all():
        assert not item.live and item.owner == people["clerk"]
        assert item.latest_revision.user == people["clerk"]
        assert item.current_workflow_task.name == "初审"
    text = clerk.get(f"/admin/load/{batch.uuid}/").content.decode()
    assert "送审 3" in text
    assert "已送审" in clerk.get(f"/admin/load/{batch.uuid}/rows.csv").content.decode()


def test_the_clerk_reviews_nothing_he_loaded(clerk, people, tmp_path):
    people["clerk"].groups.add(*people["head"].groups.all())
    _text, batch = upload(clerk, write_csv(tmp_path / "a.csv", rows(2)), "a.csv")
    go_on(clerk, batch)
    text = clerk.get(f"/admin/review/batch/{batch.uuid}/").content.decode()
    assert text.count("您参与了起草或提交") == 2


def test_nobody_else_imports_what_somebody_loaded(client, people, tmp_path):
    """The drafts would be the loader's; who pressed the button could review them."""
    client.force_login(people["clerk"])
    _text, batch = upload(client, write_csv(tmp_path / "a.csv", rows(2)), "a.csv")
    client.force_login(people["officer"])
    address = f"/admin/load/{batch.uuid}/"
    assert 'value="import"' not in client.get(address).content.decode()
    client.post(f"{address}run/", {"action": "import"})
    assert not DisclosureItemPage.objects.exists()
    client.force_login(people["clerk"])
    assert 'value="import"' in client.get(address).content.decode()


def test_the_dry_run_tells_each_row_and_field_and_gives_a_list(clerk, tmp_path):
    item = make_item("原来的标题", live=False, document_number="云政〔2026〕1号")
    DisclosureItemPage.objects.filter(pk=item.pk).update(
        external_id="x-1", batch_source="desk:civil-affairs"
    )
    bad = row(title="缺类别", category="不知道", date_made="去年")
    text, batch = upload(
        clerk,
        write_csv(tmp_path / "a.csv", [row(title="新标题", external_id="x-1"), bad]),
        "a.csv",
    )
    assert "更新 1" in text and "有误 1" in text
    assert "原来的标题" in text and "新标题" in text
    changes = batch.report["results"][0]["changes"]
    assert {"field": "标题", "old": "原来的标题", "new": "新标题"} in changes
    assert all(change["field"] != "文号" for change in changes)
    only = clerk.get(f"/admin/load/{batch.uuid}/?show=error").content.decode()
    assert "缺类别" in only and "新标题" not in only
    errors = clerk.get(f"/admin/load/{batch.uuid}/errors.csv").content.decode()
    assert "类别" in errors and "去年" in errors and errors.count("\n") >= 3


def test_rows_of_another_office_are_refused_to_an_editor(client, people, tmp_path):
    OfficeFactory(code="finance", name="财政所")
    other = make_item("财政所的", live=False)
    other.move(_office_page("finance"), pos="last-child")
    DisclosureItemPage.objects.filter(pk=other.pk).update(index_number="N-1")
    lines = [row(title="别人的", office="财政所"), row(index_number="N-1"), row()]
    path = write_csv(tmp_path / "a.csv", lines)
    client.force_login(people["clerk"])
    text, batch = upload(client, path, "a.csv")
    assert "新增 1" in text and text.count(f"您只能导入 {NAME}") >= 2
    go_on(client, batch)
    assert not DisclosureItemPage.objects.filter(title="别人的").exists()
    client.force_login(people["officer"])
    text, batch = upload(client, path, "a.csv", office="finance")
    assert "新增 1，更新 1" in text


def _office_page(code):
    make_site()
    return OfficeIndexPage.objects.get(office__code=code)


def test_a_zip_brings_its_attachments(clerk, tmp_path):
    table = write_xlsx(tmp_path / "表.xlsx", [row(attachments="附件/名单.txt")])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(table, "一批/表.xlsx")
        archive.writestr("一批/附件/名单.txt", "张三")
    text, batch = upload(clerk, packed.getvalue(), "一批.zip")
    assert "新增 1" in text and "名单.txt" in text
    go_on(clerk, batch)
    item = DisclosureItemPage.objects.get()
    assert item.attachments.get().document.file.read() == "张三".encode()


def test_attachments_without_a_zip_are_asked_for(clerk, tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [row(attachments="名单.txt")])
    text, _batch = upload(clerk, path)
    assert "找不到附件" in text and "打成一个 zip" in text


def test_undo_deletes_drafts_and_gives_updates_back(clerk, people, tmp_path):
    item = make_item("原来的标题", live=True)
    DisclosureItemPage.objects.filter(pk=item.pk).update(
        external_id="x-1", batch_source="desk:civil-affairs"
    )
    path = write_csv(tmp_path / "a.csv", rows(3))
    _text, batch = upload(clerk, path, "a.csv")
    go_on(clerk, batch)
    assert DisclosureItemPage.objects.count() == 3
    go_on(clerk, batch, "undo")
    item.refresh_from_db()
    assert batch.state == "undone" and DisclosureItemPage.objects.count() == 1
    assert item.live and item.title == "原来的标题" and not item.has_unpublished_changes
    assert item.get_latest_revision_as_object().title == "原来的标题"
    assert not TaskState.objects.filter(status="in_progress").exists()


def test_undo_says_what_it_leaves(clerk, people, tmp_path):
    _text, batch = upload(clerk, write_csv(tmp_path / "a.csv", rows(2)), "a.csv")
    go_on(clerk, batch)
    edited = DisclosureItemPage.objects.first()
    edited.save_revision(user=people["officer"])
    go_on(clerk, batch, "undo")
    text = clerk.get(f"/admin/load/{batch.uuid}/").content.decode()
    assert "之后有人改过" in text and "没有撤销 1" in text
    assert DisclosureItemPage.objects.get() == edited


def test_the_same_file_again_writes_nothing(clerk, tmp_path):
    path = write_csv(tmp_path / "a.csv", rows(2))
    go_on(clerk, upload(clerk, path, "a.csv")[1])
    text, _batch = upload(clerk, path, "a.csv")
    assert "正在审查" in text and "新增 0" in text
    assert DisclosureItemPage.objects.count() == 2


def test_a_broken_off_import_goes_on_and_doubles_nothing(clerk, tmp_path, monkeypatch):
    monkeypatch.setattr("disclosure_pages.desk.loading.running.BUDGET_S", 0)
    _text, batch = upload(clerk, write_csv(tmp_path / "a.csv", rows(25)), "a.csv")
    clerk.post(f"/admin/load/{batch.uuid}/run/", {"action": "import"})
    batch.refresh_from_db()
    assert batch.state == "running" and DisclosureItemPage.objects.count() == 10
    page = clerk.get(f"/admin/load/{batch.uuid}/").content.decode()
    assert "已办 10 / 25" in page and "接着办" in page
    go_on(clerk, batch)
    assert DisclosureItemPage.objects.count() == batch.created == 25


def merged(workbook, sheet):
    sheet.merge_cells("A2:A3")


def hidden(workbook, sheet):
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    workbook.create_sheet("别的").sheet_state = "hidden"


def other_year(workbook, sheet):
    sheet["A1"] = "文件名称（2019）"


def far_away(workbook, sheet):
    sheet["XFD1048576"] = "x"


def many_empty(workbook, sheet):
    for number in range(3, 5_000):
        sheet.row_dimensions[number].height = 20
    sheet["A100000"].number_format = "@"


@pytest.mark.parametrize(
    ("change", "sentence", "good"),
    [
        (merged, "请取消合并", 0),
        (hidden, "行是隐藏的", 1),
        (hidden, "隐藏的列", 1),
        (hidden, "隐藏的工作表没有读：别的", 1),
        (other_year, "这些列不是现在的模板里的：“文件名称（2019）”", 0),
        (far_away, "表格太大", 0),
        (many_empty, "新增 1", 1),
    ],
)
def test_exotic_sheets_get_a_sentence(clerk, change, sentence, good):
    text, batch = upload(clerk, book(change=change))
    assert sentence in text
    new = [r for r in batch.report["results"] if r["what"] == "new"]
    assert len(new) == good


def with_member(name, content):
    out = io.BytesIO(book())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def lying_bomb():
    """A zip whose directory says 10 bytes for what unpacks to 400 MB."""
    data = bytearray(packed({"a.csv": b"0" * (400 << 20)}))
    size = (400 << 20).to_bytes(4, "little")
    at = data.rfind(size)
    data[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (with_member("xl/vbaProject.bin", b"x"), "a.xlsx", "有宏"),
        (b"PK\x03\x04nothing", "a.xlsx", "不是 .xlsx 工作簿"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "a.xlsx", "旧版 .xls"),
        (b"title\n", "a.xlsm", "带宏的工作簿"),
        (b"%PDF-1.7", "a.pdf", "这是文稿，不是表格"),
        (b"", "a.csv", "空"),
        (b"hello", "a.zip", "不是有效的 zip"),
        (packed({"附件/a.txt": "x"}), "a.zip", "最外层"),
        (packed({"a.csv": "x", "b.csv": "x"}), "a.zip", "2 个表格"),
        (packed({"../a.csv": "x"}), "a.zip", "不安全的文件名"),
        ("标题*,类别*\n".encode("utf-16"), "a.csv", "编码有误"),
        (book(), "a.csv", "编码有误"),
    ],
)
def test_bad_files_get_a_sentence_and_write_nothing(clerk, content, name, sentence):
    text, _batch = upload(clerk, content, name)
    assert sentence in text
    assert not DisclosureItemPage.objects.exists()


def test_zip_bombs_are_not_opened(clerk):
    text, _batch = upload(clerk, lying_bomb(), "a.zip")
    assert "大得不正常" in text
    text, _batch = upload(
        clerk, with_member("xl/worksheets/sheet9.xml", b" " * (200 << 20)), "a.xlsx"
    )
    assert "大得不正常" in text


def test_a_large_file_is_sent_to_the_command(clerk, tmp_path, monkeypatch):
    monkeypatch.setattr("disclosure_pages.desk.loading.checking.MAX_ROWS", 3)
    text, _batch = upload(clerk, write_csv(tmp_path / "a.csv", rows(4)), "a.csv")
    assert "import_items" in text and "4 行" in text


def test_the_template_can_be_filled_in_and_loaded(clerk):
    content = b"".join(clerk.get("/admin/load/template.xlsx").streaming_content)
    workbook = load_workbook(io.BytesIO(content))
    sheet = workbook.worksheets[0]
    for heading in sheet[1]:
        value = {"标题*": "填好的", "类别*": "工作信息", "成文日期*": "2026-09-02"}
        if heading.value in value:
            sheet.cell(row=3, column=heading.column, value=value[heading.value])
    out = io.BytesIO()
    workbook.save(out)
    text, _batch = upload(clerk, out.getvalue())
    assert "新增 1" in text and "有误 0" in text


def test_others_see_neither_page_nor_batch(client, people, clerk, tmp_path):
    _text, batch = upload(clerk, write_csv(tmp_path / "a.csv", rows(1)), "a.csv")
    stranger = make_user("stranger", "编辑·民政和社会事务办公室")
    for user in (stranger, people["leader"]):
        client.force_login(user)
        for path in ("", "rows.csv", "errors.csv"):
            assert client.get(f"/admin/load/{batch.uuid}/{path}").status_code in (
                302,
                403,
            )
        client.post(f"/admin/load/{batch.uuid}/run/", {"action": "import"})
    assert not DisclosureItemPage.objects.exists()


def test_the_page_of_a_batch_costs_the_same(
    clerk, tmp_path, django_assert_max_num_queries
):
    for count in (5, 150):
        path = write_csv(tmp_path / "a.csv", rows(count))
        _text, batch = upload(clerk, path, "a.csv")
        with django_assert_max_num_queries(30):
            answer = clerk.get(f"/admin/load/{batch.uuid}/")
        assert len(re.findall(r"第 \d+ 行</td>", answer.content.decode())) == min(
            count, 100
        )


def test_what_blocks_a_draft_is_not_submitted_but_kept(clerk, people, tmp_path):
    lines = rows(2)
    lines[0]["body"] = "低保对象身份证号 11010519491231002X。"
    text, batch = upload(clerk, write_xlsx(tmp_path / "a.xlsx", lines))
    go_on(clerk, batch)
    results = {row["row"]: row for row in batch.report["results"]}
    assert [results[n]["done"] for n in (2, 3)] == ["draft", "submitted"]
    assert "身份证号" in results[2]["why"][0]
    page = clerk.get(f"/admin/load/{batch.uuid}/").content.decode()
    assert "请删去，或把中间几位改成 *" in page
    kept = DisclosureItemPage.objects.get(external_id="x-1")
    assert not kept.current_workflow_state
