"""A bulk load in review: one entry, one decision a step, a record for each item."""

import datetime as dt
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Revision, TaskState

from cms.models import SecrecyReview
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.checks.chosen import Chosen
from disclosure_pages.choices import TextState
from disclosure_pages.desk import batch_pieces, batch_problems, batch_views
from disclosure_pages.desk.loading import storing
from disclosure_pages.desk.loading.checking import Allowed, check_batch
from disclosure_pages.desk.loading.running import Importer
from disclosure_pages.intake.results import Extracted
from disclosure_pages.intake.stored import read_document
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    FileText,
    ImportBatch,
    ItemAttachment,
    OfficeIndexPage,
)
from tests.disclosure_pages.bulk_files import row, write_csv
from tests.factories import make_document, make_user

pytestmark = pytest.mark.django_db
QUESTIONS = ("no_state_secret", "no_personal_data", "no_trade_secret", "files_opened")


def load(people, tmp_path, count, **values):
    """A batch of that many items, loaded by the clerk and submitted."""
    lines = [row(title=f"第{n}号公示", external_id=f"b-{n}") for n in range(count)]
    path = write_csv(tmp_path / "表.csv", [line | values for line in lines])
    batch = ImportBatch(
        user=people["clerk"],
        file_name="表.csv",
        source="desk:civil-affairs",
        state=ImportBatch.State.CHECKED,
    )
    with path.open("rb") as file:
        batch.file.save("表.csv", file, save=True)
    allowed = Allowed(list(OfficeIndexPage.objects.all()), "civil-affairs")
    check_batch(batch, allowed)
    while batch.state != ImportBatch.State.DONE:
        Importer(batch, allowed).piece()
        batch.refresh_from_db()
    return batch


def shown():
    states = TaskState.objects.filter(status="in_progress").order_by("pk")
    return [f"{state.pk}:{state.revision_id}" for state in states]


def decide(client, batch, decision="approve", *, go_on=True, **values):
    data = {"shown": shown(), "revision": "0", "decision": decision, "comment": ""}
    data |= dict.fromkeys(QUESTIONS, "on")
    answer = client.post(f"/admin/review/batch/{batch.uuid}/", data | values)
    while go_on and (left := kept(batch)):
        answer = send_on(client, batch, left)
    return answer


def kept(batch):
    """The steps of which a decision is not carried out yet."""
    batch.refresh_from_db()
    return [name.split(":")[1] for name in batch.report.get("decisions", {})]


def send_on(client, batch, steps):
    data = {"go_on": "1", "step": steps[0]}
    return client.post(f"/admin/review/batch/{batch.uuid}/", data)


def test_three_decisions_publish_the_whole_batch(client, people, tmp_path):
    batch = load(people, tmp_path, 4)
    for role in ("head", "secrecy", "leader"):
        client.force_login(people[role])
        text = client.get("/admin/review/").content.decode()
        assert "批量导入：表.csv（4 条，一次审查）" in text and "第1号公示" not in text
        page = client.get(f"/admin/review/batch/{batch.uuid}/").content.decode()
        assert "第1号公示" in page and "第一段。" in page and "等您审查 4 条" in page
        assert DisclosureItemPage.objects.filter(live=True).count() == 0
        assert decide(client, batch).status_code == 302
    assert DisclosureItemPage.objects.filter(live=True).count() == 4
    assert DisclosureItemPage.objects.exclude(index_number="").count() == 4
    assert SecrecyReview.objects.count() == 4
    assert all(all(record.answers.values()) for record in SecrecyReview.objects.all())
    table = client.get(f"/admin/review/batch/{batch.uuid}/result/?format=csv")
    lines = table.content.decode().strip().splitlines()
    assert len(lines) == 1 + 4 * 3
    assert sum("第1号公示" in line for line in lines) == 3
    assert {line.split(",")[3].strip('"') for line in lines[1:]} == {
        "head",
        "secrecy",
        "leader",
    }
    page = client.get(f"/admin/review/batch/{batch.uuid}/result/").content.decode()
    assert page.count("第1号公示") == 3


def test_what_is_ticked_stays_or_goes_back_with_the_words(client, people, tmp_path):
    batch = load(people, tmp_path, 4)
    client.force_login(people["head"])
    first, second = (token.split(":")[0] for token in shown()[:2])
    decide(client, batch, exclude=[first])
    assert TaskState.objects.get(pk=first).status == "in_progress"
    assert TaskState.objects.filter(status="approved").count() == 3
    batch = load(people, tmp_path, 3, publisher="别的机构", external_id="")
    second = shown()[-1].split(":")[0]
    states = [s for s in shown() if TaskState.objects.get(pk=s.split(":")[0]).revision]
    mine = TaskState.objects.filter(
        status="in_progress", task__name="初审", revision__object_str__startswith="第"
    )
    tokens = [
        f"{s.pk}:{s.revision_id}" for s in mine if f"{s.pk}:{s.revision_id}" in states
    ][1:]
    values = {"shown": tokens, "exclude": [second], "excluded_are": "reject"}
    assert "退回时请写明原因" in decide(client, batch, **values).content.decode()
    decide(client, batch, comment="金额不对，请核对。", **values)
    rejected = TaskState.objects.get(pk=second)
    assert (rejected.status, rejected.comment) == ("rejected", "金额不对，请核对。")
    client.force_login(people["clerk"])
    assert "金额不对，请核对。" in client.get("/admin/").content.decode()


def test_one_that_changed_stops_all(client, people, tmp_path):
    batch = load(people, tmp_path, 3)
    tokens = shown()
    item = DisclosureItemPage.objects.get(title="第1号公示")
    item.save_revision(user=people["officer"])
    client.force_login(people["head"])
    answer = decide(client, batch, shown=tokens)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "第1号公示" in text and "第2号公示" not in text
    assert not TaskState.objects.filter(status="approved").exists()


def test_an_item_of_another_batch_is_not_decided_here(client, people, tmp_path):
    first = load(people, tmp_path, 2)
    load(people, tmp_path, 2, publisher="别的机构", external_id="")
    client.force_login(people["head"])
    assert decide(client, first, shown=shown()).status_code == 409
    assert not TaskState.objects.filter(status="approved").exists()


def test_four_eyes_hold_for_each_item(client, people, tmp_path):
    batch = load(people, tmp_path, 3)
    item = DisclosureItemPage.objects.get(title="第1号公示")
    item.latest_revision.user = people["head"]
    item.latest_revision.save()
    client.force_login(people["head"])
    page = client.get(f"/admin/review/batch/{batch.uuid}/").content.decode()
    assert "第1号公示：您参与了起草或提交" in page and "等您审查 2 条" in page
    assert decide(client, batch, shown=shown()).status_code == 409
    assert not TaskState.objects.filter(status="approved").exists()


def test_the_secrecy_review_asks_every_question(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    client.force_login(people["head"])
    decide(client, batch)
    client.force_login(people["secrecy"])
    answer = decide(client, batch, files_opened="")
    assert "还没有逐项确认" in answer.content.decode()
    assert not SecrecyReview.objects.exists()


def test_whoever_reviews_nothing_of_it_is_refused(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    for user in (people["leader"], make_user("other", "保密审查")):
        client.force_login(user)
        url = f"/admin/review/batch/{batch.uuid}/"
        assert client.get(url).status_code in (302, 403)
        decide(client, batch)
    assert not TaskState.objects.filter(status="approved").exists()


def queries(client, url):
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_queue_and_batch_cost_the_same_for_20_and_200(
    client, people, tmp_path, monkeypatch
):
    monkeypatch.setattr(batch_views, "PER_PAGE", 200)
    client.force_login(people["head"])
    counts = []
    for count in (20, 180):
        batch = load(people, tmp_path, count, publisher=f"机构{count}", external_id="")
        counts.append(
            (
                queries(client, f"/admin/review/batch/{batch.uuid}/"),
                queries(client, "/admin/review/"),
                queries(client, "/admin/"),
            )
        )
    assert max(counts[1]) <= 30
    assert counts[0] == counts[1]


def test_staged_rows_survive_the_way_to_the_disk(people, tmp_path):
    batch = load(people, tmp_path, 1)
    with pytest.raises(storing.Gone):
        storing.kept_rows(batch, 0)
    assert StagedItem


def approved():
    return TaskState.objects.filter(status="approved").count()


def test_a_decision_is_carried_out_in_pieces_and_survives_a_break(
    client, people, tmp_path, monkeypatch
):
    monkeypatch.setattr(batch_pieces, "BUDGET_S", 0)
    batch = load(people, tmp_path, 3)
    client.force_login(people["head"])
    answer = decide(client, batch, go_on=False)
    assert approved() == 1
    page = client.get(answer.url).content.decode()
    assert "已办 1 / 3 条" in page and "data-go-on" in page and "gk-decide" not in page
    client.logout()  # and the machine was off
    client.force_login(people["head"])
    page = client.get(f"/admin/review/batch/{batch.uuid}/").content.decode()
    assert "已办 1 / 3 条" in page
    steps = kept(batch)
    send_on(client, batch, steps)
    assert approved() == 2
    send_on(client, batch, steps)
    assert approved() == 3 and kept(batch) == []
    send_on(client, batch, steps)
    assert approved() == 3


def test_what_changes_between_two_pieces_stays_and_is_named(
    client, people, tmp_path, monkeypatch
):
    monkeypatch.setattr(batch_pieces, "BUDGET_S", 0)
    batch = load(people, tmp_path, 3)
    client.force_login(people["head"])
    decide(client, batch, go_on=False)
    late = TaskState.objects.filter(status="in_progress", task__name="初审").last()
    page = late.workflow_state.content_object.specific
    page.save_revision(user=people["officer"])
    answer = send_on(client, batch, kept(batch))
    while steps := kept(batch):
        answer = send_on(client, batch, steps)
    assert approved() == 2
    late.refresh_from_db()
    assert late.status == "in_progress"
    shown = client.get(answer.url, follow=True).content.decode()
    assert f"《{page.title}》没有办" in shown


def test_nobody_goes_on_with_another_ones_decision(
    client, people, tmp_path, monkeypatch
):
    monkeypatch.setattr(batch_pieces, "BUDGET_S", 0)
    batch = load(people, tmp_path, 2)
    client.force_login(people["head"])
    decide(client, batch, go_on=False)
    for name in ("clerk", "leader", "secrecy"):
        client.force_login(people[name])
        send_on(client, batch, kept(batch))
    assert approved() == 1


def test_a_phone_number_is_named_in_the_table(client, people, tmp_path):
    number = "13812345678"
    text = f"咨询请打联系人手机{number}。"
    batch = load(people, tmp_path, 2, body=text)
    client.force_login(people["head"])
    page = client.get(f"/admin/review/batch/{batch.uuid}/").content.decode()
    told = re.findall(r"<p>正文里有 1 个手机号：([^<]*)</p>", page)
    assert len(told) == 2
    assert all(number not in words and "*" in words for words in told)


def test_a_file_that_the_text_links_to_is_looked_at_too(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    linked = make_document("名单.csv", b"360426199101010071\n")
    text = f'<p><a linktype="document" id="{linked.pk}">名单</a></p>'
    read_document(linked)
    changed = DisclosureItemPage.objects.get(external_id="b-1").latest_revision
    changed.content["body"] = json.dumps([{"type": "paragraph", "value": text}])
    changed.save()
    client.force_login(people["head"])
    page = client.get(f"/admin/review/batch/{batch.uuid}/").content.decode()
    assert page.count("附件“名单.csv”里有 1 个身份证号") == 1
    assert page.count(f'href="{linked.url}"') == 1


def test_numbers_in_text_and_files_are_found_without_opening_them():
    number = "360426199101010071"
    chosen = Chosen({}, ())
    body = [{"value": f"<p>身份证{number[:9]}<b>{number[9:]}</b></p><p>1</p>"}]
    file = DisclosureDocument(title="名单", sha256="a" * 64)
    unread = DisclosureDocument(title="别的", sha256="b" * 64)
    texts = {file.sha256: Extracted(TextState.OK, ["", f"张三 {number}"])}
    found = batch_problems.problems_of({}, body, [file, unread], texts, chosen)
    assert [words.split("：")[0] for words in found] == [
        "正文里有 1 个身份证号",
        "附件“名单”里有 1 个身份证号",
        "附件“别的”还在提取文字，稍后再看。",
    ]
    assert number not in "".join(found)
    cells = [{"value": {"rows": [["138123", "45678"], ["", ""]]}}]
    assert batch_problems.problems_of({}, cells, [], {}, chosen) == []


def test_one_that_cannot_go_live_is_named_and_the_others_go_on(
    client, people, tmp_path
):
    batch = load(people, tmp_path, 3)
    spoilt = Revision.objects.get(object_str="第1号公示")
    spoilt.content["date_made"] = None
    spoilt.save()
    for role in ("head", "secrecy"):
        client.force_login(people[role])
        decide(client, batch)
    client.force_login(people["leader"])
    answer = decide(client, batch)
    told = client.get(answer.url, follow=True).content.decode()
    assert "《第1号公示》没有办：还不能公开" in told and "成文日期" in told
    live = DisclosureItemPage.objects.filter(live=True)
    assert {item.title for item in live} == {"第0号公示", "第2号公示"}
    assert TaskState.objects.get(status="in_progress").revision == spoilt


def test_a_namesake_sees_nothing_of_the_batch(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    client.force_login(people["head"])
    decide(client, batch)
    url = f"/admin/review/batch/{batch.uuid}/result/"
    assert client.get(url).status_code == 200
    namesake = make_user("other", people["clerk"].groups.get().name, name="head")
    assert namesake.get_full_name() == people["head"].get_full_name()
    client.force_login(namesake)
    assert client.get(url).status_code in (302, 403)


def test_who_holds_a_step_that_was_done_sees_what_came_of_it(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    url = f"/admin/review/batch/{batch.uuid}/result/"
    office = OfficeIndexPage.objects.get().office
    other = make_user("head2", office.head_group.name)
    for role in ("head", "secrecy"):
        client.force_login(people[role])
        decide(client, batch)
    client.force_login(other)
    assert client.get(url).status_code == 200


def test_the_time_of_a_decision_is_the_time_here(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    client.force_login(people["head"])
    decide(client, batch)
    moment = dt.datetime(2026, 8, 24, 16, 30, tzinfo=dt.UTC)
    TaskState.objects.filter(status="approved").update(finished_at=moment)
    page = client.get(f"/admin/review/batch/{batch.uuid}/result/").content.decode()
    assert "2026-08-25 00:30" in page and "16:30" not in page


def attach(title, document):
    """Let the revision under review name a file, as a load with files does."""
    item = DisclosureItemPage.objects.get(title=title)
    revision = item.latest_revision
    draft = revision.as_object()
    draft.attachments.add(ItemAttachment(document=document))
    revision.content = draft.serializable_data()
    revision.save()


@pytest.mark.parametrize("state", [None, TextState.WAITING, TextState.SCAN])
def test_each_file_without_text_is_confirmed_in_the_secrecy_review(
    client, people, tmp_path, state
):
    batch = load(people, tmp_path, 3)
    attach("第1号公示", make_document("扫描件.txt", b"1"))
    read = make_document("可读.txt", b"2")
    attach("第2号公示", read)
    FileText.objects.exclude(sha256=read.sha256).delete()
    FileText.objects.update_or_create(
        sha256=read.sha256, defaults={"state": TextState.OK}
    )
    if state:
        sha256 = DisclosureDocument.objects.get(title="扫描件.txt").sha256
        FileText.objects.create(sha256=sha256, state=state)
    client.force_login(people["head"])
    url = f"/admin/review/batch/{batch.uuid}/"
    assert 'name="looked"' not in client.get(url).content.decode()
    decide(client, batch)
    client.force_login(people["secrecy"])
    page = client.get(url).content.decode()
    assert page.count('name="looked"') == 1
    assert "已打开看过没有提取出文字的附件：扫描件.txt" in page
    refused = decide(client, batch).content.decode()
    assert "请打开看过后在各条里勾选：第1号公示。" in refused
    kept_tick = TaskState.objects.filter(status="in_progress").last().pk
    again = decide(client, batch, exclude=[kept_tick]).content.decode()
    assert f'name="exclude" value="{kept_tick}" checked' in again
    assert not SecrecyReview.objects.exists()
    ticked = TaskState.objects.get(
        status="in_progress", revision__object_str="第1号公示"
    ).pk
    decide(client, batch, looked=[ticked])
    asked = {
        review.revision.object_str: review.answers.get("unread_files")
        for review in SecrecyReview.objects.all()
    }
    assert asked == {"第0号公示": None, "第1号公示": True, "第2号公示": None}


def test_what_is_left_for_later_needs_no_look(client, people, tmp_path):
    batch = load(people, tmp_path, 2)
    attach("第1号公示", make_document("扫描件.txt", b"1"))
    FileText.objects.all().delete()
    client.force_login(people["head"])
    decide(client, batch)
    client.force_login(people["secrecy"])
    left = TaskState.objects.get(
        status="in_progress", revision__object_str="第1号公示"
    ).pk
    assert decide(client, batch, exclude=[left]).status_code == 302
    assert SecrecyReview.objects.get().revision.object_str == "第0号公示"
