import io
import re

import docx
import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from wagtail.models import TaskState, WorkflowState
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    ExternalItem,
    OfficeIndexPage,
)
from disclosure_pages.services.references import record_superior_item
from tests.factories import (
    OfficeFactory,
    make_item,
    make_site,
    make_user,
)
from tests.security.people import make_attacker

pytestmark = pytest.mark.django_db
TITLE = "关于公布2026年第三季度低保名单的公告"


def docx_file(name="公告.docx"):
    document = docx.Document()
    document.add_paragraph("云溪镇人民政府文件")
    document.add_paragraph("云政〔2026〕31号")
    document.add_paragraph(TITLE)
    document.add_paragraph("各村民委员会：")
    document.add_paragraph("现将低保名单予以公布，请撑篙老人到镇上核对。")
    document.add_paragraph("云溪镇人民政府")
    document.add_paragraph("2026年8月24日")
    stream = io.BytesIO()
    document.save(stream)
    return SimpleUploadedFile(name, stream.getvalue())


def begin(client, title=TITLE):
    answer = client.post("/admin/publish/", {"title": title})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return DisclosureItemPage.objects.latest("pk"), answer.url


def revision_of(page):
    page.refresh_from_db()
    return page.latest_revision_id


def record(page, **values):
    defaults = {
        "revision": revision_of(page),
        "category": "work",
        "date_made": "2026-08-24",
        "document_number": "云政〔2026〕31号",
        "disclosure_mode": "proactive",
    }
    return defaults | values


def text(page, words="正文。", **values):
    blocks = [("paragraph", rich_text(f"<p>{words}</p>" if words else ""))]
    body = nested_form_data({"body": streamfield(blocks)})
    return {"revision": revision_of(page), **body, **values}


def draft(page):
    page.refresh_from_db()
    return page.get_latest_revision_as_object()


def fill_in(client, page):
    assert client.post(f"/admin/publish/{page.pk}/record/", record(page)).url
    answer = client.post(f"/admin/publish/{page.pk}/text/", text(page))
    assert answer.url == f"/admin/publish/{page.pk}/check/"


def test_a_title_alone_is_a_draft_that_waits(clerk, people):
    page, address = begin(clerk)
    assert address == f"/admin/publish/{page.pk}/record/"
    assert not page.live
    assert page.title == TITLE
    assert page.owner == people["clerk"]
    start = clerk.get("/admin/publish/").content.decode()
    assert TITLE in start and "继续填写" in start
    answer = clerk.get(f"/admin/publish/{page.pk}/")
    assert answer.url == f"/admin/publish/{page.pk}/record/"


def test_five_screens_from_title_to_review(clerk, people):
    page, _address = begin(clerk)
    fill_in(clerk, page)
    check = clerk.get(f"/admin/publish/{page.pk}/check/").content.decode()
    assert "提交审查" in check
    answer = clerk.post(
        f"/admin/publish/{page.pk}/check/", {"revision": revision_of(page)}
    )
    assert answer.url == f"/admin/publish/{page.pk}/done/", answer.content.decode()
    state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    assert state.revision_id == page.latest_revision_id
    assert "等审查" in clerk.get(answer.url).content.decode()
    for step in ("what", "same", "record", "text", "check"):
        answer = clerk.get(f"/admin/publish/{page.pk}/{step}/")
        assert answer.url == f"/admin/publish/{page.pk}/done/"
    assert not DisclosureItemPage.objects.get().live


def test_the_step_is_read_from_the_draft(clerk):
    page, _address = begin(clerk)
    clerk.post(f"/admin/publish/{page.pk}/record/", record(page))
    answer = clerk.get(f"/admin/publish/{page.pk}/")
    assert answer.url == f"/admin/publish/{page.pk}/text/"
    clerk.post(f"/admin/publish/{page.pk}/text/", text(page))
    answer = clerk.get(f"/admin/publish/{page.pk}/")
    assert answer.url == f"/admin/publish/{page.pk}/check/"


def test_a_docx_becomes_proposals_to_confirm(clerk):
    answer = clerk.post("/admin/publish/", {"file": docx_file(), "keep_file": "on"})
    page = DisclosureItemPage.objects.get()
    assert answer.url == f"/admin/publish/{page.pk}/what/"
    shown = clerk.get(answer.url).content.decode()
    assert TITLE in shown
    assert "读出正文" in shown
    saved = draft(page)
    assert saved.title == TITLE
    assert "撑篙老人" in str(saved.body)
    attached = saved.attachments.get().document
    assert attached.collection.name == "民政和社会事务办公室"
    assert len(attached.sha256) == 64


def test_an_unticked_file_is_not_kept(clerk):
    clerk.post("/admin/publish/", {"file": docx_file()})
    assert not DisclosureDocument.objects.exists()
    assert "撑篙老人" in str(draft(DisclosureItemPage.objects.get()).body)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("病毒.exe", b"MZ", "另存为 PDF"),
        ("空.docx", b"", "空文件"),
        ("图.svg", b"<svg onload='x'/>", "另存为 PDF"),
    ],
)
def test_what_may_not_be_taken_is_refused_with_advice(clerk, name, content, sentence):
    file = SimpleUploadedFile(name, content)
    answer = clerk.post("/admin/publish/", {"file": file, "title": "留着的标题"})
    shown = answer.content.decode()
    assert sentence in shown or "空" in shown
    assert "留着的标题" in shown
    assert not DisclosureItemPage.objects.exists()


def test_a_broken_file_is_kept_and_explained(clerk):
    file = SimpleUploadedFile("扫描件.pdf", b"%PDF-1.4 broken")
    answer = clerk.post("/admin/publish/", {"file": file})
    shown = clerk.get(answer.url).content.decode()
    assert "没有读出文字" in shown
    saved = draft(DisclosureItemPage.objects.get())
    assert saved.title == "扫描件"
    assert saved.attachments.count() == 1


@pytest.mark.parametrize("title", ["   ", "\u200b\u202e", "", "长" * 300])
def test_awkward_titles_get_a_sentence(clerk, title):
    answer = clerk.post("/admin/publish/", {"title": title})
    assert answer.status_code == 200
    assert "标题" in answer.content.decode()
    assert not DisclosureItemPage.objects.exists()


def test_marks_that_nobody_sees_are_left_out(clerk):
    page, _address = begin(clerk, "关于\u202e公布\u200b  名单的\n公告")
    assert page.title == "关于公布 名单的 公告"


def test_category_and_genre_are_proposed(clerk):
    page, _address = begin(clerk, "2026 年度预算公开")
    shown = clerk.get(f"/admin/publish/{page.pk}/record/").content.decode()
    assert re.search(r'value="finance"[^>]*checked', shown)
    assert "标题里有“预算”" in shown


def test_without_a_word_the_offices_habit_is_proposed(clerk):
    for _n in range(3):
        make_item(category="personnel")
    page, _address = begin(clerk, "一个看不出类别的名称")
    shown = clerk.get(f"/admin/publish/{page.pk}/record/").content.decode()
    assert re.search(r'value="personnel"[^>]*checked', shown)


def test_withholding_needs_a_reason(clerk):
    page, _address = begin(clerk)
    url = f"/admin/publish/{page.pk}/record/"
    answer = clerk.post(url, record(page, disclosure_mode="withheld"))
    assert "请写明理由" in answer.content.decode()
    answer = clerk.post(
        url, record(page, disclosure_mode="withheld", disclosure_reason="个人隐私")
    )
    assert answer.status_code == 302
    assert draft(page).disclosure_mode == "withheld"


def test_blank_text_is_no_paragraph_and_files_come_several_at_once(clerk):
    page, _address = begin(clerk)
    clerk.post(f"/admin/publish/{page.pk}/record/", record(page))
    files = [SimpleUploadedFile(f"附件{n}.txt", b"x%d" % n) for n in range(3)]
    answer = clerk.post(f"/admin/publish/{page.pk}/text/", text(page, "", files=files))
    assert answer.status_code == 302, answer.content.decode()
    saved = draft(page)
    assert len(saved.body) == 0
    assert [row.label for row in saved.attachments.all()] == ["附件0", "附件1", "附件2"]
    values = text(page, "", **{"attachment-1-remove": "1", "attachment-2-title": "三"})
    clerk.post(f"/admin/publish/{page.pk}/text/", values)
    assert [row.label for row in draft(page).attachments.all()] == ["附件0", "三"]


def test_a_refused_file_does_not_lose_the_text(clerk):
    page, _address = begin(clerk)
    files = [SimpleUploadedFile("x.exe", b"x")]
    answer = clerk.post(
        f"/admin/publish/{page.pk}/text/", text(page, "很长的正文", files=files)
    )
    shown = answer.content.decode()
    assert "另存为 PDF" in shown
    assert "很长的正文" in shown or "\\u5f88" in shown


def test_two_clerks_on_one_draft(clerk, people):
    page, _address = begin(clerk)
    old = revision_of(page)
    colleague = make_user("colleague", "编辑·民政和社会事务办公室", name="王晓岚")
    saved = draft(page)
    saved.summary = "同事写的"
    saved.save_revision(user=colleague, clean=False)
    answer = clerk.post(
        f"/admin/publish/{page.pk}/record/",
        record(page, revision=old, keywords="我写的"),
    )
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "王晓岚" in shown and "我写的" in shown
    assert draft(page).summary == "同事写的"
    again = record(page, keywords="我写的", summary="同事写的")
    assert f'name="revision" value="{again["revision"]}"' in shown
    assert clerk.post(f"/admin/publish/{page.pk}/record/", again).status_code == 302
    assert draft(page).keywords == "我写的"


def test_a_problem_blocks_and_leads_back(clerk):
    page, _address = begin(clerk)
    shown = clerk.get(f"/admin/publish/{page.pk}/check/").content.decode()
    assert f"/admin/publish/{page.pk}/record/" in shown
    assert "disabled" in shown
    answer = clerk.post(
        f"/admin/publish/{page.pk}/check/", {"revision": revision_of(page)}
    )
    assert answer.status_code == 200
    assert not WorkflowState.objects.exists()


def test_sent_back_is_shown_and_submitted_again(clerk, people):
    page, _address = begin(clerk)
    fill_in(clerk, page)
    url = f"/admin/publish/{page.pk}/check/"
    clerk.post(url, {"revision": revision_of(page)})
    state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    state.specific.reject(user=people["head"], comment="请补上联系电话")
    shown = clerk.get(f"/admin/publish/{page.pk}/text/").content.decode()
    assert "请补上联系电话" in shown
    clerk.post(f"/admin/publish/{page.pk}/text/", text(page, "改好的。"))
    answer = clerk.post(url, {"revision": revision_of(page)})
    assert answer.url.endswith("/done/")
    state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    assert state.revision_id == revision_of(page)


STEPS = ("", "what/", "same/", "record/", "text/", "check/", "done/")


@pytest.mark.parametrize("step", STEPS)
def test_another_offices_draft_is_out_of_reach(client, people, step):
    OfficeFactory(code="finance", name="财政所")
    make_site()
    item = make_item("民政的草稿", live=False, user=people["clerk"])
    client.force_login(make_user("other", "编辑·财政所"))
    for method in (client.get, client.post):
        answer = method(f"/admin/publish/{item.pk}/{step}")
        assert (answer.status_code, answer.url) == (302, "/admin/")
    item.refresh_from_db()
    assert item.title == "民政的草稿"


def test_a_superuser_too_goes_through_the_review(client, people):
    client.force_login(make_attacker("root"))
    page, _address = begin(client)
    fill_in(client, page)
    url = f"/admin/publish/{page.pk}/check/"
    client.post(url, {"revision": revision_of(page)})
    page.refresh_from_db()
    assert not page.live
    assert TaskState.objects.get().status == TaskState.STATUS_IN_PROGRESS


def test_whoever_writes_nowhere_gets_no_wizard(client, people):
    for role in ("head", "secrecy", "leader"):
        client.force_login(people[role])
        for path in ("/admin/publish/", "/admin/publish/refer/", "/admin/superiors/"):
            assert client.get(path).status_code in (302, 403)


def test_several_offices_may_be_chosen_from(client, people):
    OfficeFactory(code="finance", name="财政所")
    make_site()
    client.force_login(people["officer"])
    assert "财政所" in client.get("/admin/publish/").content.decode()
    office = OfficeIndexPage.objects.get(office__code="finance")
    client.post("/admin/publish/", {"title": TITLE, "office": office.pk})
    assert DisclosureItemPage.objects.get().get_parent().specific == office


def test_what_is_public_opens_in_the_full_editor(clerk):
    item = make_item()
    for step in ("", "record/"):
        answer = clerk.get(f"/admin/publish/{item.pk}/{step}")
        assert answer.url == f"/admin/pages/{item.pk}/edit/"


def test_a_known_thing_is_shown_before_typing_on(clerk):
    make_item(TITLE)
    page, address = begin(clerk)
    assert address == f"/admin/publish/{page.pk}/same/"
    assert "标题相同" in clerk.get(address).content.decode()
    answer = clerk.post(address, {"choice": "go_on", "revision": revision_of(page)})
    assert "请写明理由" in answer.content.decode()
    values = {"choice": "go_on", "reason": "内容更新", "revision": revision_of(page)}
    assert clerk.post(address, values).url == f"/admin/publish/{page.pk}/record/"
    assert draft(page).duplicate_reason == "内容更新"


def test_a_known_thing_may_be_dropped(clerk):
    known = make_item(TITLE)
    page, address = begin(clerk)
    answer = clerk.post(address, {"choice": "drop", "revision": revision_of(page)})
    assert answer.url == "/admin/"
    assert list(DisclosureItemPage.objects.all()) == [known]


def superior(**values):
    defaults = {
        "url": "https://www.ningmin.example.cn/art/1.html",
        "title": TITLE,
        "publisher": "宁澜市民政局",
    }
    return record_superior_item(**(defaults | values))


def test_referring_takes_no_text_along(clerk):
    item = superior()
    clerk.post("/admin/publish/", {"file": docx_file(), "keep_file": "on"})
    page = DisclosureItemPage.objects.get()
    url = f"/admin/publish/{page.pk}/same/"
    assert "宁澜市民政局" in clerk.get(url).content.decode()
    values = {"choice": "reference", "external": item.pk}
    clerk.post(url, values | {"revision": revision_of(page)})
    saved = draft(page)
    assert saved.reference == item
    assert (len(saved.body), saved.attachments.count()) == (0, 0)
    answer = clerk.post(f"/admin/publish/{page.pk}/record/", record(page))
    assert answer.url == f"/admin/publish/{page.pk}/check/"
    answer = clerk.post(
        f"/admin/publish/{page.pk}/check/", {"revision": revision_of(page)}
    )
    assert answer.url == f"/admin/publish/{page.pk}/done/"


def test_a_supplement_needs_words_of_its_own(clerk):
    item = superior()
    page, url = begin(clerk)
    values = {"choice": "supplement", "external": item.pk}
    clerk.post(url, values | {"revision": revision_of(page)})
    clerk.post(f"/admin/publish/{page.pk}/record/", record(page))
    answer = clerk.post(f"/admin/publish/{page.pk}/text/", text(page, ""))
    assert "本地补充的内容" in answer.content.decode()


def test_a_reference_by_address(clerk):
    values = {
        "url": "https://www.ningmin.example.cn/a",
        "title": "市里的通知",
        "publisher": "宁澜市民政局",
    }
    clerk.post("/admin/publish/refer/", values)
    page = DisclosureItemPage.objects.get()
    assert page.reference == ExternalItem.objects.get()
    assert page.title == "市里的通知"
    bad = clerk.post("/admin/publish/refer/", values | {"url": "javascript:alert(1)"})
    assert "http" in bad.content.decode()
    assert DisclosureItemPage.objects.count() == 1


def test_the_full_editor_holds_a_duplicate_back_and_keeps_it(clerk):
    make_item(TITLE)
    parent = OfficeIndexPage.objects.get()
    fields = {
        "title": TITLE,
        "category": "work",
        "date_made": "2026-08-24",
        "validity": "valid",
        "disclosure_mode": "proactive",
        "body": streamfield([]),
        "action-submit": "1",
    }
    for name in ("attachments", "corrections", "identifiers", "comments"):
        fields[name] = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
    data = nested_form_data(fields) | {
        f"{name}-{form}_FORMS": 0
        for name in ("attachments", "corrections", "identifiers", "comments")
        for form in ("TOTAL", "INITIAL")
    }
    url = f"/admin/pages/add/disclosure_pages/disclosureitempage/{parent.pk}/"
    answer = clerk.post(url, data, follow=True)
    assert "还没有提交" in answer.content.decode()
    page = DisclosureItemPage.objects.get(live=False)
    assert page.title == TITLE
    assert not WorkflowState.objects.exists()
    data["duplicate_reason"] = "两个版本都要"
    clerk.post(f"/admin/pages/{page.pk}/edit/", data | {"slug": page.slug})
    assert WorkflowState.objects.get().object_id == str(page.pk)


def test_screens_cost_few_queries(clerk, django_assert_max_num_queries):
    for _n in range(30):
        make_item()
    page, _address = begin(clerk)
    for step in ("what", "record", "text", "check"):
        with django_assert_max_num_queries(70):
            clerk.get(f"/admin/publish/{page.pk}/{step}/")
    with django_assert_max_num_queries(30):
        clerk.get("/admin/superiors/")


def test_text_and_files_of_the_slower_clerk_are_shown_again(clerk):
    page, _address = begin(clerk)
    old = revision_of(page)
    draft(page).save_revision(clean=False)
    values = text(page, "我刚写的一段", files=[SimpleUploadedFile("名册.txt", b"x")])
    answer = clerk.post(f"/admin/publish/{page.pk}/text/", values | {"revision": old})
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "请再选一次" in shown
    assert "我刚写的一段" in shown or "u6211" in shown
    assert len(draft(page).body) == 0


def test_a_dropped_draft_needs_no_newest_screen_but_other_choices_do(clerk):
    make_item(TITLE)
    page, address = begin(clerk)
    old = revision_of(page)
    draft(page).save_revision(clean=False)
    values = {"choice": "go_on", "reason": "两件事", "revision": old}
    answer = clerk.post(address, values)
    assert answer.status_code == 409
    assert "两件事" in answer.content.decode()


def test_submitting_an_old_screen_is_a_409(clerk):
    page, _address = begin(clerk)
    fill_in(clerk, page)
    old = revision_of(page)
    draft(page).save_revision(clean=False)
    answer = clerk.post(f"/admin/publish/{page.pk}/check/", {"revision": old})
    assert answer.status_code == 409
    assert not WorkflowState.objects.exists()


def test_a_file_above_the_cap_is_refused(clerk, settings):
    settings.WAGTAILDOCS_MAX_UPLOAD_SIZE = 1000
    file = SimpleUploadedFile("大.pdf", b"x" * 1001)
    answer = clerk.post("/admin/publish/", {"file": file})
    assert "太大" in answer.content.decode()
    assert not DisclosureDocument.objects.exists()


def test_an_encrypted_pdf_is_explained_in_a_sentence(clerk):
    stream = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(stream, encryption=pikepdf.Encryption(owner="a", user="b"))
    file = SimpleUploadedFile("通知.pdf", stream.getvalue())
    answer = clerk.post("/admin/publish/", {"file": file})
    shown = clerk.get(answer.url).content.decode()
    assert "密码" in shown
    assert draft(DisclosureItemPage.objects.get()).title == "通知"


def test_tracked_changes_are_named(clerk):
    document = docx.Document()
    document.add_paragraph(TITLE)
    changed = document.add_paragraph("正文")._p
    mark = OxmlElement("w:ins")
    mark.set(qn("w:id"), "1")
    mark.set(qn("w:author"), "某人")
    run = OxmlElement("w:r")
    words = OxmlElement("w:t")
    words.text = "加的话"
    run.append(words)
    mark.append(run)
    changed.append(mark)
    stream = io.BytesIO()
    document.save(stream)
    file = SimpleUploadedFile("a.docx", stream.getvalue())
    answer = clerk.post("/admin/publish/", {"file": file})
    shown = clerk.get(answer.url).content.decode()
    assert "公开以前要处理" in shown
    assert "修订" in shown


def test_a_broken_link_of_the_reference_is_said(clerk):
    item = superior()
    ExternalItem.objects.update(link_status="broken", link_detail="连不上对方网站。")
    page, url = begin(clerk)
    values = {"choice": "reference", "external": item.pk}
    clerk.post(url, values | {"revision": revision_of(page)})
    clerk.post(f"/admin/publish/{page.pk}/record/", record(page))
    shown = clerk.get(f"/admin/publish/{page.pk}/check/").content.decode()
    assert "原文暂时打不开" in shown
    listed = clerk.get("/admin/superiors/").content.decode()
    assert "原文暂时打不开" in listed and "连不上对方网站" in listed


def test_the_list_of_superiors_is_searched_and_added_to(clerk):
    superior()
    values = {
        "url": "https://a.example.cn/2",
        "title": "另一份通知",
        "publisher": "宁澜市教育局",
        "document_number": "宁教〔2026〕4号",
    }
    clerk.post("/admin/superiors/", values)
    shown = clerk.get("/admin/superiors/", {"q": "宁教"}).content.decode()
    assert "另一份通知" in shown and TITLE not in shown
    bad = clerk.post("/admin/superiors/", values | {"url": "ftp://a.example.cn/"})
    assert "http" in bad.content.decode()


def test_only_superiors_items_can_be_chosen_in_the_full_editor(clerk):
    superior()
    received = ExternalItem.objects.create(
        origin="1" * 18,
        key="2" * 32,
        version=1,
        state="published",
        sha256="x",
        title="下级报送的",
    )
    shown = clerk.get("/admin/superior/").json()["html"]
    assert "宁澜市民政局" in shown and "下级报送的" not in shown
    assert clerk.get(f"/admin/superior/chosen/{received.pk}/").status_code == 404


def test_the_first_page_of_the_desk_leads_back_into_the_wizard(clerk):
    page, _address = begin(clerk)
    shown = clerk.get("/admin/").content.decode()
    assert f"/admin/publish/{page.pk}/" in shown
    assert "发布一条信息" in shown
