"""What the desk says of awkward files, titles and sheets; nothing of it is lost."""

import io
import zipfile

import docx
import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook
from PIL import Image
from wagtail.models import Collection, TaskState, WorkflowState

from cms.models import SecrecyReview
from disclosure_pages.bulk.importing import Options, import_file
from disclosure_pages.choices import TextState
from disclosure_pages.desk.batch_review import shown_rows
from disclosure_pages.desk.checks_panel import panel_context
from disclosure_pages.desk.waiting import waiting_for
from disclosure_pages.intake.cleaning import clean_copy
from disclosure_pages.intake.stored import read_document
from disclosure_pages.models import DisclosureItemPage, FileText
from disclosure_pages.services.files import prepare, store_prepared
from tests.disclosure_pages.bulk_files import row, write_csv
from tests.factories import (
    make_document,
    make_item,
)

pytestmark = pytest.mark.django_db
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LOOK = "请人工看一遍有没有身份证号、电话"


def saved(document):
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def word(text="关于低保的公告", author="ZhangSanAuthor"):
    document = docx.Document()
    document.add_paragraph(text)
    document.core_properties.author = author
    return saved(document)


def rewritten(data, change=None, **added):
    """The package with its main part changed and parts added."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(written, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "word/document.xml" and change:
                content = change(content)
            new.writestr(name, content)
        for name, content in added.items():
            new.writestr(name.replace("__", "/"), content)
    return written.getvalue()


def tracked(content):
    mark = b'<w:ins w:id="1" w:author="Li"><w:r><w:t>x</w:t></w:r></w:ins></w:p>'
    return content.replace(b"</w:p>", mark, 1)


def pdf(signed=False, pages=1, **options):
    document = pikepdf.new()
    for _page in range(pages):
        document.add_blank_page()
    document.docinfo["/Author"] = "ZhangSanAuthor"
    if signed:
        document.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=[])
    written = io.BytesIO()
    document.save(written, **options)
    return written.getvalue()


def scan():
    written = io.BytesIO()
    Image.new("RGB", (200, 300), "white").save(written, "PDF")
    return written.getvalue()


def mixed():
    """Two pages, the second of which is only a picture."""
    with pikepdf.open(io.BytesIO(scan())) as picture:
        document = pikepdf.new()
        page = document.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(
            Font=pikepdf.Dictionary(
                F=pikepdf.Dictionary(
                    Type=pikepdf.Name.Font,
                    Subtype=pikepdf.Name.Type1,
                    BaseFont=pikepdf.Name.Helvetica,
                )
            )
        )
        text = b"BT /F 12 Tf 20 100 Td (The list of all who receive help) Tj ET"
        page.obj.Contents = document.make_stream(text)
        document.pages.append(picture.pages[0])
        return saved(document)


def draft_with(people, *documents, **values):
    item = make_item(live=False, user=people["clerk"], **values)
    for document in documents:
        item.attachments.create(document=document)
    item.owner = people["clerk"]
    item.save()
    item.save_revision(user=people["clerk"])
    return item


def panel_of(item):
    return panel_context(item.get_latest_revision_as_object())


def store(name, content, user):
    upload = SimpleUploadedFile(name, content)
    own = Collection.objects.exclude(depth=1).first()
    return store_prepared(prepare(upload), name.rpartition(".")[0], own, user)


def words(problems):
    return "\n".join(shown.problem.message for shown in problems)


# What the public copy lost, and why there is none


def test_an_encrypted_pdf_has_no_copy_but_a_sentence():
    locked = pdf(encryption=pikepdf.Encryption(user="a", owner="b"))
    (found,) = clean_copy(locked, "密.pdf").findings
    assert "去掉密码" in found.message


def test_why_a_file_kept_its_author_is_told_wherever_the_file_is(clerk, people):
    document = store("章.pdf", pdf(signed=True), people["clerk"])
    item = draft_with(people, document)
    sentence = "签章失效"
    before = FileText.objects.get(sha256=document.sha256)
    assert before.state == TextState.WAITING
    assert sentence in before.findings[0]["message"]
    read_document(document)
    after = FileText.objects.get(sha256=document.sha256)
    assert after.state != TextState.WAITING
    assert [f["code"] for f in after.findings].count("not_cleaned") == 1
    assert sentence in words(panel_of(item)["problems"])
    for address in (
        reverse("wagtaildocs:index"),
        reverse("gongkai_checks", args=[item.pk]),
        reverse("gongkai_publish_text", args=[item.pk]),
        reverse("gongkai_publish_check", args=[item.pk]),
    ):
        assert sentence in clerk.get(address).content.decode(), address


def test_a_copy_without_the_author_is_told_too(clerk, people):
    item = draft_with(people, store("通知.docx", word(), people["clerk"]))
    url = reverse("gongkai_publish_text", args=[item.pk])
    assert "去掉了作者等信息的副本" in clerk.get(url).content.decode()
    plain = draft_with(people, make_document())
    url = reverse("gongkai_publish_text", args=[plain.pk])
    assert "去掉了作者等信息的副本" not in clerk.get(url).content.decode()


def hidden_sheet():
    book = Workbook()
    book.active["A1"] = "合计"
    book.create_sheet("底稿")["A1"] = "不公开"
    book["底稿"].sheet_state = "hidden"
    return saved(book)


@pytest.mark.parametrize(
    ("name", "content", "blocks", "sentence"),
    [
        ("改.docx", rewritten(word(), tracked), True, "接受或拒绝全部修订"),
        (
            "嵌.docx",
            rewritten(word(), word__embeddings__a="x"),
            False,
            "取出来单独作附件",
        ),
        ("隐.xlsx", hidden_sheet(), False, "隐藏"),
    ],
)
def test_what_a_file_hides_is_told_before_submission(
    clerk, people, name, content, blocks, sentence
):
    item = draft_with(people, store(name, content, people["clerk"]))
    (problem,) = [
        shown for shown in panel_of(item)["problems"] if sentence in words([shown])
    ]
    assert problem.blocks == blocks
    url = reverse("gongkai_publish_check", args=[item.pk])
    assert sentence in clerk.get(url).content.decode()


# What nobody could read


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("旧.doc", OLE + bytes(600)),
        ("旧.wps", OLE + bytes(600)),
        ("版.ofd", rewritten(word(), **{"OFD.xml": "<OFD/>"})),
        ("扫.pdf", scan()),
        ("图.png", b"\x89PNG\r\n\x1a\n" + bytes(60)),
    ],
)
def test_a_file_that_gives_no_text_is_honestly_said_to_be_unseen(people, name, content):
    if name.endswith("ofd"):
        with zipfile.ZipFile(buffer := io.BytesIO(), "w") as package:
            package.writestr("OFD.xml", "<OFD/>")
        content = buffer.getvalue()
    item = draft_with(people, make_document(name, content))
    assert f"“{name}”读不出文字，{LOOK}" in words(panel_of(item)["problems"])


def test_the_scanned_page_among_others_is_named(people):
    item = draft_with(people, make_document("混.pdf", mixed()))
    assert f"第 2 页是图片，读不出文字，{LOOK}" in words(panel_of(item)["problems"])
    (state,) = panel_of(item)["files"]
    assert (state.state, state.unread) == (TextState.OK, True)


def test_the_unread_members_of_a_package_are_named(people):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as package:
        package.writestr("list.txt", "名单")
        package.writestr("old.doc", OLE + bytes(100))
    item = draft_with(people, make_document("包.zip", buffer.getvalue()))
    assert "1 个文件读不出文字（old.doc）" in words(panel_of(item)["problems"])


def at_secrecy(people, document):
    item = draft_with(people, document)
    item.get_workflow().start(item, people["clerk"])
    state = item.current_workflow_task_state
    state.specific.approve(user=people["head"])
    return TaskState.objects.get(
        workflow_state__in=WorkflowState.objects.filter(object_id=str(item.pk)),
        status=TaskState.STATUS_IN_PROGRESS,
    )


ANSWERS = {
    "decision": "approve",
    **dict.fromkeys(
        ("no_state_secret", "no_personal_data", "no_trade_secret", "files_opened"), "on"
    ),
}


def test_the_secrecy_review_answers_for_what_nobody_could_read(client, people):
    state = at_secrecy(people, make_document("旧.doc", OLE + bytes(600)))
    client.force_login(people["secrecy"])
    url = reverse("gongkai_review", args=[state.pk])
    shown = client.get(url).content.decode()
    assert shown.count(f"读不出文字，{LOOK}") == 1  # beside the file, not twice
    assert "读不出文字的附件（旧.doc）已人工看过" in shown
    answers = ANSWERS | {"revision": state.revision_id}
    response = client.post(url, answers)
    assert "还没有逐项确认：读不出文字的附件（旧.doc）" in response.content.decode()
    assert not SecrecyReview.objects.exists()
    client.post(url, answers | {"unread_files": "on"})
    assert SecrecyReview.objects.get().answers["unread_files"] is True


def test_nothing_more_is_asked_where_all_was_read(client, people):
    state = at_secrecy(people, make_document("说明.txt", "说明".encode()))
    client.force_login(people["secrecy"])
    url = reverse("gongkai_review", args=[state.pk])
    assert "读不出文字" not in client.get(url).content.decode()
    client.post(url, ANSWERS | {"revision": state.revision_id})
    assert "unread_files" not in SecrecyReview.objects.get().answers


# Files of a sheet that is loaded


def load(tmp_path, name, content, **values):
    (tmp_path / name).write_bytes(content)
    given = row(external_id="B-1", attachments=name, **values)
    return import_file(write_csv(tmp_path / "in.csv", [given]), Options())


def test_a_loaded_file_is_public_without_its_author(tmp_path, people):
    file = word()
    assert load(tmp_path, "通知.docx", file).created == 1
    item = DisclosureItemPage.objects.get()
    document = item.attachments.get().document
    with (
        zipfile.ZipFile(document.file) as copy,
        zipfile.ZipFile(document.original) as o,
    ):
        assert b"ZhangSanAuthor" not in copy.read("docProps/core.xml")
        assert b"ZhangSanAuthor" in o.read("docProps/core.xml")
    assert document.sha256 == document.file_sha256()
    assert document.file_size == document.file.size
    # The same file again, also with other text beside it, is the same document.
    assert load(tmp_path, "通知.docx", file).unchanged == 1
    assert load(tmp_path, "通知.docx", file, summary="新概述").updated == 1
    held = item.get_latest_revision_as_object().attachments.get().document
    assert held == document


def test_why_a_loaded_file_kept_its_author_is_told(tmp_path, people):
    load(tmp_path, "章.pdf", pdf(signed=True))
    item = DisclosureItemPage.objects.get()
    assert "签章失效" in words(panel_of(item)["problems"])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("宏.docx", rewritten(word(), word__vbaProject_bin="x"), "有宏"),
        ("密.pdf", pdf(encryption=pikepdf.Encryption(user="a", owner="b")), "去掉密码"),
        ("断.pdf", b"%PDF-1.7\n" + b"\x00garbage" * 40, "打不开"),
        ("公告.pdf", b"MZ\x90\x00" * 80, "内容却不是"),
    ],
)
def test_a_loaded_file_is_refused_as_an_uploaded_one(
    tmp_path, people, name, content, sentence
):
    if "宏" in name:
        content = rewritten(word(), **{"word/vbaProject.bin": "x"})
    (problem,) = load(tmp_path, name, content).problems
    assert problem.row == 2
    assert sentence in problem.reason
    assert not DisclosureItemPage.objects.exists()


def test_the_review_of_a_batch_names_what_nobody_could_read(people):
    old, plain = make_document("旧.doc", OLE + bytes(600)), make_document()
    for document in (old, plain):
        read_document(document)
    item = draft_with(people, old, plain)
    item.get_workflow().start(item, people["clerk"])
    rows = waiting_for(people["head"])
    (found,) = shown_rows(rows)[0].problems
    assert LOOK in found
    assert "旧.doc" in found
    assert plain.title not in found
