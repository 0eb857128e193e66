"""What a reviewer sees of the changes against the version that is public."""

import random
import time

import pytest

from cms.models import CannedReason
from disclosure_pages.desk.differences import differences, live_version
from disclosure_pages.desk.differences_text import (
    ADDED,
    LEFT_OUT,
    REMOVED,
    SAME,
    pieces,
    readable,
)
from disclosure_pages.models import ItemAttachment, ItemCorrection
from tests.factories import body_of, make_document, make_guide, make_item
from tests.reviewing import approve, submitted, waiting

LINK = '<p>见<a href="{}">通知</a>。</p>'


def changed(old, new):
    return [(p.kind, p.text.strip("\n")) for p in pieces(old, new) if p.kind != SAME]


def whole(found, *kinds):
    return "".join(piece.text for piece in found if piece.kind in kinds)


def test_chinese_is_compared_by_characters_and_numbers_as_wholes():
    old, new = ["每人补助600元，九月底前发放。"], ["每人补助6000元，十月底前发放。"]
    assert changed(old, new) == [
        (REMOVED, "600"),
        (ADDED, "6000"),
        (REMOVED, "九"),
        (ADDED, "十"),
    ]


def test_both_texts_can_be_read_out_of_the_pieces():
    old = ["甲乙丙。", "第二段说明原因。", "第三段。"]
    new = ["甲乙丁。", "新加一段。", "第二段说明理由。", "第三段。"]
    found = pieces(old, new)
    assert whole(found, SAME, REMOVED).split() == old
    assert whole(found, SAME, ADDED).split() == new


def test_unchanged_paragraphs_far_away_are_counted_not_shown():
    old = [f"第{number}段" for number in range(100)]
    found = pieces(old, [*old[:50], "改了", *old[51:]])
    gaps = [piece.left_out for piece in found if piece.kind == LEFT_OUT]
    assert gaps == [49, 48]


def test_equal_texts_have_no_pieces():
    assert pieces(["一"], ["一"]) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LINK.format("https://a.gov.cn/"), LINK.format("https://b.example/")),
        ('<img src="/a.png" alt="图">', '<img src="/b.png" alt="图">'),
        ("<p>一</p><p>二</p>", "<p>一二</p>"),
        ("<table><tr><td>12</td><td>3</td></tr></table>",) * 1
        + ("<table><tr><td>1</td><td>23</td></tr></table>",),
    ],
)
def test_what_readers_would_follow_or_see_counts_as_text(old, new):
    assert readable(old) != readable(new)


@pytest.mark.parametrize(("count", "length"), [(500, 200), (1, 60_000), (3000, 20)])
def test_long_texts_are_compared_within_a_second(count, length):
    draw = random.Random(7)
    letters = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会。"
    old = ["".join(draw.choices(letters, k=length)) for _ in range(count)]
    new = [f"{t[: length // 2]}改{t[length // 2 + 2 :]}" for t in old]
    began = time.process_time()
    found = pieces(old, new)
    assert time.process_time() - began < 2
    assert whole(found, SAME, ADDED).split("\n")[0] == new[0]


@pytest.mark.django_db
def test_record_text_files_and_rows_are_compared():
    kept, gone = make_document("甲.txt", b"1"), make_document("乙.txt", b"2")
    item = make_item(
        "发放通知", text="每人600元。", documents=[kept, gone], summary="旧"
    )
    item.title, item.category, item.summary = "发放公告", "finance", "<b>新</b>"
    item.body = body_of("每人6000元。")
    replaced = make_document("乙.txt", b"3")
    item.attachments.set(
        [
            ItemAttachment(document=kept, title="改名"),
            ItemAttachment(document=replaced),
            ItemAttachment(document=make_document("丙.txt", b"4")),
        ]
    )
    item.corrections.add(ItemCorrection(old="600", new="6000", reason="笔误"))
    draft = item.save_revision().as_object()
    found = differences(live_version(item), draft)
    assert {(f.label, f.old, f.new) for f in found.fields} == {
        ("标题", "发放通知", "发放公告"),
        ("类别", "工作信息", "财政管理"),
        ("内容概述", "旧", "<b>新</b>"),
    }
    texts = {text.label: whole(text.pieces, ADDED) for text in found.texts}
    assert texts["正文"] == "6000"
    assert "原因：笔误" in texts["更正说明"]
    assert [(f.kind, f.old and f.old.label, f.new.label) for f in found.files] == [
        ("renamed", "甲.txt", "改名"),
        ("replaced", "乙.txt", "乙.txt"),
        ("added", None, "丙.txt"),
    ]


@pytest.mark.django_db
def test_every_text_of_a_guide_is_compared():
    guide = make_guide()
    guide.remedies = "<p>可以投诉、诉讼。</p>"
    guide.steps = [("step", {"heading": "提出申请", "text": "<p>打电话。</p>"})]
    found = differences(live_version(guide), guide.save_revision().as_object())
    assert len(found.texts) == 2
    assert not found.fields


@pytest.mark.django_db
def test_an_unchanged_draft_has_no_differences():
    item = make_item(documents=[make_document()])
    assert not differences(live_version(item), item.save_revision().as_object())


@pytest.mark.django_db
def test_the_review_shows_the_differences_escaped(client, people):
    item = make_item("旧标题", text="每人600元。")
    item.title, item.summary = "新标题", "<script>alert(1)</script>"
    item.body = body_of("每人6000元。")
    item.save_revision(user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    client.force_login(people["head"])
    text = client.get(f"/admin/review/{waiting(item).pk}/").content.decode()
    for words in ("<del>旧标题</del>", "<ins>新标题</ins>", "<ins>6000</ins>"):
        assert words in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text


@pytest.mark.django_db
def test_a_first_publication_says_that_there_is_nothing_to_compare(client, people):
    item = submitted(people)
    client.force_login(people["head"])
    text = client.get(f"/admin/review/{waiting(item).pk}/").content.decode()
    assert "第一次公开，没有线上的版本可比" in text


@pytest.mark.django_db
def test_a_decision_leads_to_the_next_one_and_in_the_end_to_the_queue(client, people):
    first, second = submitted(people), submitted(people)
    client.force_login(people["head"])
    for item, goal in ((first, f"/admin/review/{waiting(second).pk}/"), (second, "")):
        state = waiting(item)
        values = {"revision": state.revision_id, "decision": "approve"}
        answer = client.post(f"/admin/review/{state.pk}/", values)
        assert client.get(answer.url).url == (goal or "/admin/review/")


@pytest.mark.django_db
def test_a_ticked_reason_is_the_comment_with_own_words_after_it(client, people):
    own = CannedReason.objects.create(text="缺政府印章。")
    off = CannedReason.objects.create(text="不用了。", enabled=False)
    item = submitted(people)
    state = waiting(item)
    client.force_login(people["head"])
    url = f"/admin/review/{state.pk}/"
    text = client.get(url).content.decode()
    assert "缺文号，请补上。" in text and own.text in text and off.text not in text
    values = {"revision": state.revision_id, "reasons": [own.pk], "comment": "第二页。"}
    refused = client.post(url, values | {"decision": "approve"})
    assert "勾了退回原因" in refused.content.decode()
    client.post(url, values | {"decision": "reject"})
    state.refresh_from_db()
    assert (state.status, state.comment) == ("rejected", "缺政府印章。\n第二页。")


@pytest.mark.django_db
def test_the_officer_keeps_the_reasons_and_a_clerk_does_not(client, people):
    url = "/admin/snippets/gongkai_cms/cannedreason/add/"
    values = {"text": "落款不对。", "sort_order": 3, "enabled": "on", "local_note": ""}
    client.force_login(people["clerk"])
    client.post(url, values)
    assert not CannedReason.objects.filter(text="落款不对。").exists()
    client.force_login(people["officer"])
    client.post(url, values)
    assert CannedReason.objects.get(text="落款不对。").code.startswith("own-")


@pytest.mark.django_db
def test_reviewers_read_the_sheet_of_the_secrecy_review_and_others_do_not(
    client, people
):
    document = make_document("名单.txt", b"12345")
    item = submitted(people, title="低保名单", documents=[document])
    approve(item, people["head"])
    state = waiting(item)
    approve(item, people["secrecy"])
    url = f"/admin/review/{state.pk}/record"
    for role, status in (("secrecy", 200), ("leader", 200), ("clerk", 302)):
        client.force_login(people[role])
        assert client.get(f"{url}/").status_code == status
        assert client.get(f"{url}.pdf").status_code == status
    client.force_login(people["leader"])
    text = client.get(f"{url}/").content.decode()
    for words in ("低保名单", document.sha256, "名单.txt", "可以公开", "secrecy"):
        assert words in text
    pdf = client.get(f"{url}.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    first = item.current_workflow_state.task_states.order_by("pk").first()
    assert client.get(f"/admin/review/{first.pk}/record/").status_code == 404
