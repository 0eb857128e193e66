"""The page of the indexes: what they hold, what was asked for, how far it is."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from disclosure_pages.choices import TextState
from disclosure_pages.models import FileText
from search import engines
from search.engines.base import EngineDown
from tasks import orders
from tasks.drain import drain
from tasks.models import IndexOrder, IndexRebuild, OutboxEntry, ReconcileReport
from tasks.orders import OrderRunning, order, work_off
from tests.factories import make_document, make_item
from tests.security.people import make_attacker

pytestmark = pytest.mark.django_db
LOCAL = "index:local"


@pytest.fixture
def engine(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_INDEXES = ["local"]
    settings.GONGKAI_PORTALS = {}
    return engines.get("local")


@pytest.fixture
def officer(client, people, engine):
    client.force_login(people["officer"])
    return client


def page(client):
    answer = client.get(reverse("gongkai_indexes"))
    assert answer.status_code == 200
    return answer.content.decode()


def refreshes(client):
    return client.get(reverse("gongkai_indexes")).get("Refresh") == "5"


def press(client, kind, **data):
    address = reverse("gongkai_index_order", args=["local"])
    return client.post(address, {"kind": kind, **data})


def test_the_page_says_what_each_index_holds_and_lacks(officer):
    make_item()
    assert "会自动重建" in page(officer)
    orders.rebuild(LOCAL)
    make_item()
    text = page(officer)
    assert "1 条" in text
    assert "与程序一致" in text
    assert 'href="/admin/outbox/?target=index%3Alocal"' in text
    drain()
    assert "没有，全部送到" in page(officer)


def test_an_index_that_does_not_answer_is_no_fault_of_the_page(officer, monkeypatch):
    def down(query):
        raise EngineDown("no answer")

    monkeypatch.setattr(engines.get("local"), "search", down)
    assert "现在连不上" in page(officer)


def test_a_rebuild_is_asked_for_twice_done_by_the_job_and_logged(officer, engine):
    make_item()
    first = press(officer, "rebuild")
    assert first.url == reverse("gongkai_index_order", args=["local"])
    assert not IndexOrder.objects.exists()
    assert "确定重建" in officer.get(first.url).content.decode()
    press(officer, "rebuild", sure="1")
    assert engine.needs_rebuild
    assert "马上开始重建" in page(officer)
    assert refreshes(officer)
    assert work_off() == 1
    assert not engine.needs_rebuild
    assert not refreshes(officer)
    entry = ModelLogEntry.objects.get(action="gongkai.index_rebuild")
    assert (entry.user.username, entry.data["target"]) == ("officer", LOCAL)


def test_the_page_tells_percent_and_time_left(officer):
    now = timezone.now()
    IndexRebuild.objects.create(
        target=LOCAL,
        state="running",
        done=250,
        total=1000,
        started_at=now - dt.timedelta(seconds=10),
        beat_at=now,
    )
    text = page(officer)
    assert "正在重建：25%（250／1000）" in text
    assert "大约还要 30 秒" in text
    assert refreshes(officer)


def test_a_comparison_says_what_differs(officer, people):
    item = make_item()
    orders.rebuild(LOCAL)
    press(officer, "compare")
    work_off()
    assert "对了 1 条，全部一致" in page(officer)
    OutboxEntry.objects.filter(key=item.key).update(wanted=9, delivered=9)
    press(officer, "compare")
    work_off()
    assert "1 条不一致" in (text := page(officer))
    report = ReconcileReport.objects.first()
    address = reverse("gongkai_reconcile_report", args=[report.pk])
    assert f'href="{address}"' in text


def test_the_same_is_not_ordered_twice(people, engine):
    order(LOCAL, "rebuild", people["officer"])
    with pytest.raises(OrderRunning):
        order(LOCAL, "rebuild", people["officer"])
    order(LOCAL, "compare", people["officer"])
    assert work_off() == 2
    assert work_off() == 0
    order(LOCAL, "rebuild", people["officer"])


def test_an_order_whose_process_is_gone_can_be_given_again(people, engine):
    order(LOCAL, "rebuild", people["officer"])
    IndexOrder.objects.update(taken_at=timezone.now() - dt.timedelta(hours=1))
    order(LOCAL, "rebuild", people["officer"])
    assert work_off() == 1


def test_an_engine_that_is_down_ends_the_order_with_a_word(officer, monkeypatch):
    def down(target):
        raise EngineDown("no answer")

    press(officer, "rebuild", sure="1")
    monkeypatch.setattr(orders, "rebuild", down)
    assert work_off() == 1
    assert "检索服务现在连不上，没有办成" in page(officer)


def test_another_index_than_the_configured_is_not_found(officer):
    for name in ("es", "portal:city", "x"):
        address = reverse("gongkai_index_order", args=[name])
        assert officer.post(address, {"kind": "compare"}).status_code == 404


def test_files_that_can_not_be_read_are_named_to_who_may_see_them(
    client, people, engine
):
    document = make_document("扫描件.pdf", b"x", title="扫描的红头文件")
    item = make_item("红头文件", documents=[document])
    FileText.objects.update_or_create(
        sha256=document.sha256,
        defaults={"state": TextState.FAILED, "message": "文件读不出来。"},
    )
    client.force_login(people["officer"])
    text = page(client)
    assert "扫描的红头文件：文件读不出来。" in text
    assert f'<a href="/admin/pages/{item.pk}/edit/">打开《红头文件》</a>' in text
    client.force_login(make_attacker("inspector"))
    text = page(client)
    assert "有 1 个附件读不出文字" in text
    assert "扫描的红头文件" not in text


def test_the_inspector_orders_nothing(client, people, engine):
    client.force_login(make_attacker("inspector"))
    assert "对一次账" not in page(client)
    assert press(client, "compare").status_code in (302, 403)
    assert not IndexOrder.objects.exists()
    client.force_login(people["clerk"])
    assert client.get(reverse("gongkai_indexes")).status_code in (302, 403)
