"""The full editor: live checks, the stop at submission, two clerks on one draft."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Collection, WorkflowState
from wagtail.test.utils.form_data import (
    inline_formset,
    nested_form_data,
    rich_text,
    streamfield,
)

from disclosure_pages.choices import TextState
from disclosure_pages.desk.checks_panel import panel_context
from disclosure_pages.models import DisclosureItemPage, FileText
from tests.factories import make_document, make_item

pytestmark = pytest.mark.django_db
ID_NUMBER = "11010519491231002X"


def draft(people, title="关于低保的公告", **values):
    item = make_item(title, live=False, user=people["clerk"], **values)
    item.owner = people["clerk"]
    item.save()
    return item


def typed(item, documents=(), paragraph="<p>正文。</p>", **values):
    rows = [{"document": document.pk, "title": ""} for document in documents]
    revision = item.get_latest_revision()
    data = {
        "title": item.title,
        "summary": "",
        "body": streamfield([("paragraph", rich_text(paragraph))]),
        "attachments": inline_formset(rows),
        "corrections": inline_formset([]),
        "identifiers": inline_formset([]),
        "comments": inline_formset([]),
        "category": "work",
        "date_made": "2026-08-24",
        "validity": "valid",
        "disclosure_mode": "proactive",
        "loaded_revision_id": str(revision.pk),
        "loaded_revision_created_at": revision.created_at.isoformat(),
    }
    return nested_form_data({**data, **values})


def edit(client, item, data, **headers):
    url = reverse("wagtailadmin_pages:edit", args=[item.pk])
    return client.post(url, data, **headers)


def newest(item):
    return item.revisions.order_by("pk").last().content


def text_of(response):
    return response.content.decode()


def test_the_editor_shows_the_problems_of_the_draft(clerk, people):
    item = draft(people, text=f"身份证 {ID_NUMBER}。")
    page = text_of(clerk.get(reverse("wagtailadmin_pages:edit", args=[item.pk])))
    assert 'data-side-panel="problems"' in page
    assert f'data-gk-checks="/admin/checks/{item.pk}/"' in page
    assert "必须改" in page
    assert f'href="/admin/pages/{item.pk}/edit/#id_body"' in page
    assert ID_NUMBER not in page[page.index("data-gk-checks") :].split("</aside>")[0]
    assert "cms/desk-checks.js" in page


def test_the_list_follows_each_save(clerk, people):
    item = draft(people)
    url = reverse("gongkai_checks", args=[item.pk])
    assert "必须改" not in text_of(clerk.get(url, {"part": ""}))
    edit(clerk, item, typed(item, paragraph=f"<p>{ID_NUMBER}</p>"))
    part = text_of(clerk.get(url, {"part": ""}))
    assert "必须改" in part and "<html" not in part
    whole = text_of(clerk.get(url))
    assert "<html" in whole and "回到编辑" in whole


def test_nothing_found_is_said(clerk, people):
    item = draft(people, document_number="云政〔2026〕31号")
    page = text_of(clerk.get(reverse("gongkai_checks", args=[item.pk])))
    assert "没有发现问题" in page


def test_only_editors_and_reviewers_see_the_checks(client, people):
    item = draft(people)
    url = reverse("gongkai_checks", args=[item.pk])
    assert client.get(url).status_code == 302  # to the sign-in
    client.force_login(people["secrecy"])
    assert client.get(url).status_code == 302  # refused: nothing waits for them
    client.force_login(people["clerk"])
    assert client.post(url).status_code == 405
    edit(client, item, typed(item, **{"action-submit": "1"}))
    client.force_login(people["head"])
    assert client.get(url).status_code == 200


def test_what_blocks_stops_the_submission_and_keeps_the_text(clerk, people):
    item = draft(people)
    data = typed(item, paragraph=f"<p>打错了 {ID_NUMBER}</p>", title="新写的标题")
    response = edit(clerk, item, {**data, "action-submit": "1"})
    assert response.status_code == 200
    page = text_of(response)
    assert "没有提交，写的都还在" in page
    assert "改成 *" in page
    assert "新写的标题" in page and ID_NUMBER in page
    assert not WorkflowState.objects.exists()
    assert newest(item)["title"] == item.title


def test_a_draft_is_saved_whatever_is_wrong(clerk, people):
    item = draft(people)
    response = edit(clerk, item, typed(item, paragraph=f"<p>{ID_NUMBER}</p>"))
    assert response.status_code == 302
    content = newest(item)["body"]
    assert ID_NUMBER in json.dumps(content)


def test_attachments_of_this_very_form_are_checked(clerk, people):
    own = Collection.objects.get(name="民政和社会事务办公室")
    document = make_document("修订.docx", b"x", collection=own)
    FileText.objects.filter(sha256=document.sha256).delete()
    FileText.objects.create(
        sha256=document.sha256,
        state=TextState.OK,
        pages=["正文"],
        findings=[{"code": "tracked_changes", "message": "请接受或拒绝全部修订"}],
    )
    item = draft(people)
    data = typed(item, [document])
    response = edit(clerk, item, {**data, "action-submit": "1"})
    assert response.status_code == 200
    assert "请接受或拒绝全部修订" in text_of(response)
    assert not WorkflowState.objects.exists()
    response = edit(clerk, item, typed(item, **{"action-submit": "1"}))
    assert response.status_code == 302
    assert WorkflowState.objects.count() == 1


def test_the_panel_names_the_state_of_each_attachment(clerk, people):
    document = make_document("扫描.pdf", b"%PDF-")
    FileText.objects.filter(sha256=document.sha256).update(
        state=TextState.SCAN, message="这是扫描件"
    )
    item = draft(people, documents=[document])
    page = text_of(clerk.get(reverse("gongkai_checks", args=[item.pk])))
    assert "扫描.pdf：扫描件，没有文字层" in page
    assert "这是扫描件" in page


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("长" * 500, "255"),
        ("\u202e\u2066", "标题是空的"),
        ("公\u202e告一则", "看不见的控制字符"),
    ],
)
def test_titles_nobody_can_read_are_told_and_kept(clerk, people, title, sentence):
    item = draft(people)
    data = typed(item, title=title)
    response = edit(clerk, item, {**data, "action-submit": "1"})
    assert response.status_code == 200
    assert sentence in text_of(response)
    assert title in text_of(response)
    assert not WorkflowState.objects.exists()


def test_pasted_markup_leaves_only_text(clerk, people):
    dirty = (
        '<p onclick="x()">一<script>alert(1)</script><style>p{}</style></p>'
        '<iframe src="//evil"></iframe><p style="color:red">二</p>'
        '<img src=x onerror="alert(1)"><a href="javascript:alert(1)">三</a>'
    )
    item = draft(people)
    edit(clerk, item, typed(item, paragraph=dirty))
    body = json.dumps(json.loads(newest(item)["body"]), ensure_ascii=False)
    for bad in ("<script", "onclick", "onerror", "iframe", "javascript:", "style="):
        assert bad not in body, bad
    assert "一" in body and "二" in body and "三" in body


def test_a_newer_version_is_not_silently_overwritten(clerk, people):
    item = draft(people)
    stale = typed(item, title="我写的标题")
    item.refresh_from_db()
    other = item.get_latest_revision_as_object()
    other.title = "同事写的标题"
    other.save_revision(user=people["head"])
    response = edit(clerk, item, stale)
    page = text_of(response)
    assert response.status_code == 200
    assert "没有保存：head" in page and "看对方的版本" in page
    assert 'value="我写的标题"' in page or "我写的标题" in page
    assert "data-w-autosave-interval-value" not in page
    item.refresh_from_db()
    assert newest(item)["title"] == "同事写的标题"
    again = typed(item, title="我写的标题")
    assert f'value="{again["loaded_revision_id"]}"' in page
    assert edit(clerk, item, again).status_code == 302
    item.refresh_from_db()
    titles = [r.content["title"] for r in item.revisions.order_by("pk")]
    assert titles[-2:] == ["同事写的标题", "我写的标题"]


def test_a_submission_of_an_older_version_is_refused_too(clerk, people):
    item = draft(people)
    stale = typed(item, **{"action-submit": "1"})
    other = item.get_latest_revision_as_object()
    other.title = "同事写的标题"
    other.save_revision(user=people["head"])
    assert "没有保存" in text_of(edit(clerk, item, stale))
    assert not WorkflowState.objects.exists()


def test_saved_automatically_an_older_version_is_refused(clerk, people):
    item = draft(people)
    stale = typed(item, title="我写的标题")
    item.get_latest_revision_as_object().save_revision(user=people["head"])
    response = edit(clerk, item, stale, HTTP_ACCEPT="application/json")
    assert response.status_code == 400
    assert response.json()["error_code"] == "invalid_revision"


def test_a_new_item_is_checked_as_well(clerk, people):
    parent = draft(people).get_parent()
    add = reverse(
        "wagtailadmin_pages:add",
        args=["disclosure_pages", "disclosureitempage", parent.pk],
    )
    page = text_of(clerk.get(add))
    assert "写上标题并保存草稿后" in page
    data = typed(draft(people), paragraph=f"<p>{ID_NUMBER}</p>", title="新的一条")
    response = clerk.post(add, {**data, "action-submit": "1"})
    assert response.status_code == 200
    assert not DisclosureItemPage.objects.filter(title="新的一条").exists()


def test_the_queries_of_the_checks_do_not_grow(people):
    counts = []
    for number in (2, 12):
        names = [f"{number}-{n}" for n in range(number)]
        documents = [make_document(f"{n}.txt", n.encode()) for n in names]
        item = draft(people, documents=documents)
        panel_context(item.get_latest_revision_as_object())  # reads small files
        page = item.get_latest_revision_as_object()
        with CaptureQueriesContext(connection) as queries:
            panel_context(page)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
