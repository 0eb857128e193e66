import datetime as dt
import json

import pytest
from django.conf import settings
from wagtail.images.tests.utils import get_test_image_file

from disclosure_pages.checks.rules import check_page
from disclosure_pages.models import (
    CheckSettings,
    DisclosureImage,
    DisclosureItemPage,
    FileText,
    ItemAttachment,
)
from tests.factories import make_document, make_item

pytestmark = pytest.mark.django_db
VALID_ID = "360426199101010071"


def draft(**values):
    """An unsaved item with nothing wrong in it, except what is given."""
    body = values.pop("body", [{"type": "paragraph", "value": "<p>正文。</p>"}])
    fields = {
        "title": "关于做好救助工作的通知",
        "document_number": "云政〔2026〕31号",
        "date_made": dt.date(2026, 8, 24),
    }
    return DisclosureItemPage(**(fields | values), body=json.dumps(body))


def codes(page):
    return [(problem.code, problem.level) for problem in check_page(page)]


def rich(html):
    return [{"type": "paragraph", "value": html}]


def test_a_sound_draft_has_no_problems():
    assert check_page(draft()) == []


def test_a_draft_without_number_and_date_is_warned_about():
    found = check_page(draft(document_number="", date_made=None))
    assert {(p.code, p.level, p.field) for p in found} == {
        ("document_number", "warn", "document_number"),
        ("date_made", "warn", "date_made"),
    }


@pytest.mark.parametrize("validity", ["repealed", "expired"])
def test_an_end_without_date_or_successor_is_warned_about(validity):
    ended = draft(validity=validity)
    (found,) = check_page(ended)
    assert (found.code, found.level, found.field) == ("repeal", "warn", "validity")
    ended.expires_on = dt.date(2026, 9, 1)
    assert check_page(ended) == []
    old = make_item(validity=validity)
    make_item(supersedes=old)
    assert "repeal" not in [code for code, _level in codes(old)]


def test_a_number_typed_loosely_is_answered_with_the_strict_form():
    (found,) = check_page(draft(document_number="云政(2026)第031号"))
    assert "云政〔2026〕31号" in found.message


@pytest.mark.parametrize(
    ("title", "code", "level"),
    [
        ("关于" + "很" * 80 + "长的通知", "title_length", "warn"),
        ("   ", "title_blank", "block"),
        ("\u200b\u202e", "title_blank", "block"),
        ("关于\u202e做好工作的通知", "hidden_characters", "block"),
        ("关于做好　救助工作的通知", "title_spaces", "warn"),
    ],
)
def test_titles(title, code, level):
    assert codes(draft(title=title)) == [(code, level)]


def test_personal_data_in_the_text_blocks_and_is_shown_masked():
    (found,) = check_page(draft(body=rich(f"<p>周某（身份证{VALID_ID}）</p>")))
    assert (found.code, found.level, found.field) == ("personal_data", "block", "body")
    assert VALID_ID not in found.excerpt
    assert VALID_ID not in found.message
    assert "3604**********0071" in found.excerpt


def test_tags_do_not_hide_a_number():
    body = rich(f"<p><b>{VALID_ID[:6]}</b>{VALID_ID[6:]}</p>")
    assert codes(draft(body=body)) == [("personal_data", "block")]


def test_personal_data_in_tables_notices_and_the_summary_is_found():
    table = {
        "columns": [
            {"type": "text", "heading": "姓名"},
            {"type": "text", "heading": "证件"},
        ],
        "rows": [{"values": ["周某", VALID_ID]}],
        "caption": "名单",
    }
    notice = {"kind": "info", "heading": "提示", "text": f"<p>{VALID_ID}</p>"}
    body = [
        {"type": "table", "value": table},
        {"type": "notice", "value": notice},
    ]
    found = check_page(draft(body=body, summary=f"身份证号{VALID_ID}"))
    assert [p.code for p in found] == ["personal_data"] * 3
    assert {p.field for p in found} == {"body", "summary"}


def test_a_contact_mobile_only_warns():
    body = rich("<p>咨询热线：13857712345</p>")
    assert codes(draft(body=body)) == [("contact_phone", "warn")]


def test_levels_follow_the_choice_of_the_office():
    levels = {"personal_data": "warn", "document_number": "off"}
    CheckSettings.objects.create(levels=levels)
    page = draft(document_number="", body=rich(f"<p>{VALID_ID}</p>"))
    assert codes(page) == [("personal_data", "warn")]


def test_a_table_without_header_is_warned_about():
    table = {
        "columns": [{"type": "text", "heading": ""}, {"type": "text", "heading": "数"}],
        "rows": [{"values": ["甲", "1"]}],
        "caption": "",
    }
    page = draft(body=[{"type": "table", "value": table}])
    assert codes(page) == [("table_header", "warn")]


def test_a_picture_needs_words_that_are_not_its_file_name():
    image = DisclosureImage.objects.create(
        title="IMG_2031", file=get_test_image_file(filename="IMG_2031.png")
    )
    for alt, wrong in [("", True), ("IMG_2031", True), ("村民服务大厅的窗口", False)]:
        value = {"image": image.pk, "alt": alt, "caption": ""}
        found = codes(draft(body=[{"type": "image", "value": value}]))
        assert found == ([("image_description", "block")] if wrong else [])


def test_links_to_what_is_missing_or_not_public_are_dead():
    public, hidden = make_item(), make_item(live=False)
    document = make_document()
    base = settings.GONGKAI_BASE_URL
    good = (
        f'<a linktype="page" id="{public.pk}">a</a>'
        f'<a linktype="document" id="{document.pk}">b</a>'
        f'<a href="{public.get_url()}">c</a><a href="https://www.gov.cn/x">d</a>'
    )
    assert check_page(draft(body=rich(f"<p>{good}</p>"))) == []
    bad = (
        f'<a linktype="page" id="{hidden.pk}">草稿</a>'
        '<a linktype="page" id="999999">没有</a><a linktype="page">无号</a>'
        '<a linktype="document" id="999999">文件</a>'
        f'<a href="{base}/disclosure/nowhere/">路径</a>'
    )
    found = check_page(draft(body=rich(f"<p>{bad}</p>")))
    assert [p.excerpt for p in found] == ["草稿", "没有", "无号", "文件", "路径"]
    assert {(p.code, p.level) for p in found} == {("dead_link", "block")}


def test_an_item_that_is_not_proactive_is_no_target():
    item = make_item(disclosure_mode="on_request", disclosure_reason="依申请")
    body = rich(f'<p><a linktype="page" id="{item.pk}">x</a></p>')
    assert codes(draft(body=body)) == [("dead_link", "block")]


def test_the_number_of_queries_does_not_grow_with_the_links(
    django_assert_max_num_queries,
):
    items = [make_item() for _n in range(4)]
    links = "".join(f'<a linktype="page" id="{i.pk}">x</a>' for i in items * 5)
    page = draft(body=rich(f"<p>{links}</p>"))
    with django_assert_max_num_queries(8):
        assert check_page(page) == []


def test_words_of_the_list_are_answered_with_what_to_write():
    page = draft(
        title="关于残废人补贴发放的通知", body=rich("<p>截止目前，残废人…</p>")
    )
    found = check_page(page)
    assert [p.field for p in found] == ["title", "body"]
    assert "残疾人" in found[0].message
    assert "截至目前" in found[1].message


def with_attachments(*documents):
    page = draft()
    page.attachments = [ItemAttachment(document=document) for document in documents]
    return page


def test_personal_data_in_an_attachment_blocks():
    text = f"姓名,身份证号\n周某,{VALID_ID}\n林某,{VALID_ID}\n"
    page = with_attachments(make_document("名单.csv", text.encode("gb18030")))
    (found,) = check_page(page)
    assert (found.code, found.level, found.field) == (
        *("personal_data", "block", "attachments"),
    )
    assert "2 个身份证号" in found.message
    assert VALID_ID not in found.excerpt


def test_an_attachment_is_read_once(django_assert_max_num_queries):
    page = with_attachments(make_document("说明.txt", "公开说明".encode()))
    assert check_page(page) == []
    (row,) = FileText.objects.all()
    FileText.objects.update(pages=[VALID_ID])  # what is stored is what is read
    assert codes(page) == [("personal_data", "block")]
    assert FileText.objects.get().pk == row.pk


def test_a_broken_attachment_and_one_still_waiting_are_named():
    big = make_document("大.pdf", b"%PDF-1.7 not read yet")
    big.file_size = 50 * 1024 * 1024
    found = check_page(with_attachments(make_document("坏.pdf", b"%PDF-1.7"), big))
    assert {p.code for p in found} == {"attachment_text", "attachment_waiting"}
    assert any("坏.pdf" in p.message and "重新导出" in p.message for p in found)


def test_the_same_file_twice_is_reported_once():
    page = with_attachments(
        make_document("a.txt", VALID_ID.encode()),
        make_document("b.txt", VALID_ID.encode()),
    )
    assert codes(page) == [("personal_data", "block")]
