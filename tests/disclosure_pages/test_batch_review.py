"""A bulk load in review: one entry, one decision a step, a record for each item."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import TaskState

from cms.models import SecrecyReview
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.desk import batch_views
from disclosure_pages.desk.loading import storing
from disclosure_pages.desk.loading.checking import Allowed, check_batch
from disclosure_pages.desk.loading.running import Importer
from disclosure_pages.models import DisclosureItemPage, ImportBatch, OfficeIndexPage
from tests.disclosure_pages.bulk_files import row, write_csv
from tests.factories import make_people, make_site, make_user

pytestmark = pytest.mark.django_db
QUESTIONS = ("no_state_secret", "no_personal_data", "no_trade_secret", "files_opened")


@pytest.fixture
def people():
    make_site()
    return make_people()


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


def decide(client, batch, decision="approve", **values):
    data = {"shown": shown(), "revision": "0", "decision": decision, "comment": ""}
    data |= dict.fromkeys(QUESTIONS, "on")
    return client.post(f"/admin/review/batch/{batch.uuid}/", data | values)


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
    assert {line.split(",")[3] for line in lines[1:]} == {"head", "secrecy", "leader"}
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
    monkeypatch.setattr(batch_views, "PIECE", 200)
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
