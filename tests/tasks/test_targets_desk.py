"""The console of targets, kept reconciliation reports, pausing and replaying."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.models import Notice
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services import site
from disclosure_pages.services.withdrawal import withdraw
from tasks import reports, sweeping, targets, throughput
from tasks.choices import Lane
from tasks.drain import drain
from tasks.models import DeliveryHour, Mode, OutboxEntry, ReconcileReport, TargetState
from tasks.reconciliation import Difference, Report
from tasks.targets import TargetDown
from tests.factories import make_item, make_people, make_user

pytestmark = pytest.mark.django_db
CITY = "portal:city"


@pytest.fixture
def people(world):
    DeliveryHour.objects.all().delete()  # what threads of other tests counted
    make_item("关于低保金发放的公示")
    people = make_people()
    drain()
    world.sent.clear()
    return people


@pytest.fixture
def officer(client, people):
    client.force_login(people["officer"])
    return client


def page(client):
    return client.get(reverse("gongkai_targets")).content.decode()


def switch(client, mode, reason="", target=CITY):
    address = reverse("gongkai_target_mode", args=[target])
    return client.post(address, {"mode": mode, "reason": reason}, follow=True)


def command(*args, **options):
    out = StringIO()
    call_command("targets", *args, "--json", stdout=out, stderr=StringIO(), **options)
    return json.loads(out.getvalue())


def test_all_is_well_and_says_so(officer):
    text = page(officer)
    assert text.count("已是最新") == 2
    assert "门户网站（city）" in text


def test_a_portal_that_does_not_answer_is_seen(officer, world):
    world.answers[CITY] = TargetDown("连不上门户")
    make_item()
    drain()
    text = page(officer)
    assert "连续 1 次没有连上：连不上门户" in text


def test_a_portal_that_asks_to_wait_is_left_alone_and_says_until_when(officer, world):
    world.answers[CITY] = TargetDown("门户正忙", retry_after=600.0)
    make_item()
    drain()
    text = page(officer)
    assert "门户请我们晚些再发" in text
    until = timezone.localtime(TargetState.objects.get().asked_until)
    assert f"请我们 {until:%H:%M} 以后再发" in text
    answer = officer.post(reverse("gongkai_outbox_retry_all"), follow=True)
    assert "请我们晚些再发，到时自动发送" in answer.content.decode()
    (told,) = [row for row in command()["targets"] if row["target"] == CITY]
    assert told["circuit"] == "asked"


def test_how_many_batches_a_portal_gets_at_once_is_set_by_command(officer):
    assert "最多 1 批" in page(officer)
    (told,) = [
        row
        for row in command("limit", CITY, at_once=3)["targets"]
        if row["target"] == CITY
    ]
    assert told["at_once"] == 3
    assert "最多 3 批" in page(officer)
    assert ModelLogEntry.objects.get(action="gongkai.target_limit").data["at_once"] == 3


@pytest.mark.parametrize(
    ("target", "options"),
    [("index:local", {"at_once": 2}), (CITY, {}), ("portal:unknown", {"at_once": 2})],
)
def test_a_limit_that_makes_no_sense_is_refused(world, target, options):
    with pytest.raises(CommandError):
        command("limit", target, **options)
    assert not TargetState.objects.filter(at_once__gt=1).exists()


def test_a_pause_needs_a_reason(officer):
    answer = switch(officer, Mode.PAUSED)
    assert "请写明原因" in answer.content.decode()
    assert not TargetState.objects.exclude(mode=Mode.OPEN).exists()


def test_the_officer_pauses_and_resumes(officer, people, world):
    assert "门户升级" in switch(officer, Mode.PAUSED, "门户升级").content.decode()
    make_item()
    drain()
    assert CITY not in {target for target, _key, _version in world.sent}
    switch(officer, Mode.OPEN)
    drain()
    assert CITY in {target for target, _key, _version in world.sent}
    acts = ModelLogEntry.objects.filter(action="gongkai.target_mode")
    assert [act.user for act in acts] == [people["officer"]] * 2


@pytest.mark.parametrize("target", ["index:local", "portal:unknown"])
def test_only_portals_that_exist_can_be_paused(officer, target):
    assert switch(officer, Mode.PAUSED, "试试", target).status_code == 404


@pytest.mark.parametrize("mode", ["", "closed"])
def test_an_unknown_mode_changes_nothing(officer, mode):
    switch(officer, mode, "试试")
    assert not TargetState.objects.exclude(mode=Mode.OPEN).exists()


def test_who_only_reads_cannot_pause(client, people):
    client.force_login(make_user("inspector", site.INSPECTOR_GROUP))
    assert "停止推送" not in page(client)
    switch(client, Mode.PAUSED, "试试")
    assert not TargetState.objects.exclude(mode=Mode.OPEN).exists()


def test_the_page_asks_as_much_for_many_rows(
    officer, django_assert_max_num_queries, world
):
    with django_assert_max_num_queries(40) as few:
        page(officer)
    for _count in range(5):
        make_item()
    with django_assert_max_num_queries(len(few)):
        page(officer)


@pytest.fixture
def nightly(monkeypatch):
    """A night in which the city lacks one item; what was asked of it."""
    asked = []

    def examine(name, *, heal=False, everything=True, trusting=False):
        asked.append((name, heal, everything))
        found = Report(name, checked=3)
        if name == CITY:
            found.differences = {"f" * 32: Difference("missing", 0)}
        return found

    monkeypatch.setattr(reports, "examine", examine)
    return asked


def test_the_night_keeps_a_report_of_each_target(people, nightly):
    assert reports.reconcile_daily() == 1
    rows = {row.target: row for row in ReconcileReport.objects.all()}
    assert set(rows) == {"index:local", CITY}
    assert rows[CITY].content["missing"] == ["f" * 32]
    assert nightly == [("index:local", True, False), (CITY, True, False)]


def test_the_hash_of_a_report_is_an_act_in_the_log(people, nightly):
    reports.reconcile_daily()
    row = ReconcileReport.objects.get(target=CITY)
    act = ModelLogEntry.objects.get(action="gongkai.reconcile", object_id=row.pk)
    assert act.data["sha256"] == row.sha256


def test_the_officer_is_told_of_differences_only(people, nightly):
    reports.reconcile_daily()
    told = Notice.objects.filter(kind="delivery")
    assert {notice.user for notice in told} >= {people["officer"]}
    assert all("门户网站（city）" in notice.text for notice in told)


@pytest.mark.parametrize("mode", [Mode.PAUSED, Mode.FENCED])
def test_a_stopped_target_is_compared_but_not_healed(people, nightly, mode):
    TargetState.decide(CITY, mode, by="admin", reason="从备份恢复")
    reports.reconcile_daily()
    assert (CITY, False, False) in nightly


def test_the_report_can_be_read_and_printed(officer, nightly):
    reports.reconcile_daily()
    row = ReconcileReport.objects.get(target=CITY)
    address = reverse("gongkai_reconcile_report", args=[row.pk])
    text = officer.get(address).content.decode()
    assert row.sha256 in text
    assert "f" * 32 in text
    assert address in page(officer)


def test_the_night_does_not_overwrite_what_a_portal_holds_newer(city, settings):
    """After a restore of ours the portal is ahead: a person decides."""
    item = make_item()
    drain()
    OutboxEntry.objects.filter(target=CITY).update(wanted=9)
    drain()  # the city holds version 9 now
    OutboxEntry.objects.filter(target=CITY).update(wanted=2, delivered=2)
    DisclosureItemPage.objects.filter(pk=item.pk).update(title="恢复出来的旧标题")
    sent = OutboxEntry.objects.get(target=CITY, key=item.key)
    report = reports.examine(CITY, heal=True, everything=False)
    assert item.key in report.differences
    assert report.healed == 0
    assert OutboxEntry.objects.get(pk=sent.pk).wanted == 2
    assert reports.examine(CITY, heal=True).healed >= 1
    assert OutboxEntry.objects.get(pk=sent.pk).wanted > 9


def test_the_day_leaves_to_the_outbox_what_is_on_its_way_or_was_refused(city):
    waiting, refused, lost = make_item(), make_item(), make_item()
    drain()
    rows = OutboxEntry.objects.filter(target=CITY)
    for page in (waiting, refused):
        DisclosureItemPage.objects.filter(pk=page.pk).update(title="改了")
        rows.filter(key=page.key).update(wanted=F("wanted") + 1)
    rows.filter(key=refused.key).update(dead=True, last_error="门户不接受该栏目")
    DisclosureItemPage.objects.filter(pk=lost.pk).update(title="没有信号")
    report = reports.examine(CITY, heal=True, everything=False)
    assert {waiting.key, refused.key, lost.key} <= set(report.differences)
    assert report.healed == 1
    assert rows.get(key=refused.key).dead
    row = reports.keep(report)
    assert row.content["on_their_way"] >= 2
    text = "\n".join(OutboxEntry.objects.pending().values_list("key", flat=True))
    assert lost.key in text


def test_a_window_is_replayed(people, world):
    row = OutboxEntry.objects.filter(target=CITY, wanted=1).first()
    found = command("replay", CITY, "--since", "2020-01-01", "--dry-run")
    assert found["replayed"] >= 1
    assert world.sent == []
    assert command("replay", CITY, "--since", "2020-01-01") | {"targets": 0} == {
        "replayed": found["replayed"],
        "restoring": False,
        "targets": 0,
    }
    drain()
    assert (CITY, row.key, 2) in world.sent
    assert not {target for target, _k, _v in world.sent} - {CITY}


def test_what_was_withdrawn_stays_so_when_replayed(people, world):
    item = make_item()
    drain()
    withdraw(item, reason="发布有误")
    drain()
    states = []
    world.answers[CITY, item.key] = lambda version, state: states.append(state.state)
    command("replay", CITY, "--since", "2020-01-01")
    lanes = OutboxEntry.objects.filter(target=CITY).values_list("key", "lane")
    assert dict(lanes)[item.key] == Lane.WITHDRAW
    assert ModelLogEntry.objects.filter(action="gongkai.replay").exists()
    drain()
    assert states == ["withdrawn"]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("pause", CITY), "--reason"),
        (("pause", "index:local", "--reason", "x"), "只有门户"),
        (("pause", "portal:none", "--reason", "x"), "没有这个推送目标"),
        (("replay", CITY), "--since"),
        (("replay", CITY, "--since", "昨天"), "看不懂这个时间"),
        (("replay", CITY, "--since", "2026-13-45"), "看不懂这个时间"),
    ],
)
def test_the_command_says_what_is_wrong(people, args, reason):
    with pytest.raises(CommandError, match=reason):
        command(*args)


def test_the_command_fences_and_resumes(people):
    (state,) = [
        row
        for row in command("fence", CITY, "--reason", "从备份恢复")["targets"]
        if row["target"] == CITY
    ]
    assert (state["mode"], state["reason"]) == ("fenced", "从备份恢复")
    command("resume", CITY)
    assert TargetState.objects.get(target=CITY).mode == Mode.OPEN


def test_what_was_just_delivered_is_looked_at_within_a_minute(people):
    sweeping.compare_fresh()
    assert sweeping.compare_fresh() == 0
    item = make_item()
    drain()
    DisclosureItemPage.objects.filter(pk=item.pk).update(title="没有信号的改动")
    assert sweeping.compare_fresh() == 2
    assert targets.configured() == ["index:local", CITY]


def dead(error="门户没有这个栏目", target=CITY):
    item = make_item("没收下的公示")
    rows = OutboxEntry.objects.filter(key=item.key, target=target)
    rows.update(dead=True, last_error=error)
    return rows.get()


def skip(client, row, reason="门户没有这个栏目，说好不报"):
    address = reverse("gongkai_outbox_skip", args=[row.pk])
    return client.post(address, {"reason": reason}, follow=True)


def test_the_hours_of_deliveries_are_drawn_and_told(officer):
    text = page(officer)
    assert text.count("<svg viewBox") >= 2
    assert text.count("一天来送达") >= 2
    total = OutboxEntry.objects.filter(target=CITY, delivered__gt=0).count()
    (hours,) = DeliveryHour.objects.filter(target=CITY)
    assert (hours.delivered, hours.failed) == (total, 0)
    assert f"<td>{total}</td>" in text


def test_each_delivery_counts_in_its_hour_not_only_the_last(people):
    item = make_item()
    drain()
    before = DeliveryHour.objects.get(target=CITY).delivered
    OutboxEntry.record([item.key], "publish")
    drain()
    assert DeliveryHour.objects.get(target=CITY).delivered == before + 1


def test_attempts_that_failed_are_drawn_too(officer, world):
    world.answers[CITY] = TargetDown("连不上门户")
    make_item()
    drain()
    assert DeliveryHour.objects.get(target=CITY).failed >= 1
    assert "gk-bar-failed" in page(officer)


@pytest.mark.parametrize(
    ("delivered", "failed"), [(0, 0), (1, 0), (0, 1), (1, 10**6), (10**6, 1), (7, 7)]
)
def test_no_bar_leaves_the_drawing_and_none_is_invisible(delivered, failed):
    chart = throughput.Chart([throughput.Bar(timezone.now(), delivered, failed)])
    (drawn,) = chart.drawn
    assert (drawn.height > 0) == (delivered > 0)
    assert drawn.failed_height >= 0
    assert 0 <= drawn.failed_y <= drawn.y <= throughput.HEIGHT


def test_a_given_up_item_is_named_and_may_be_retried_or_skipped(officer):
    row = dead()
    text = page(officer)
    assert "没收下的公示" in text
    assert reverse("gongkai_outbox_retry", args=[row.pk]) in text
    assert reverse("gongkai_outbox_skip", args=[row.pk]) in text


def test_a_skipped_item_is_left_alone_until_it_changes(officer, people, world):
    row = dead()
    assert "已跳过" in skip(officer, row).content.decode()
    row.refresh_from_db()
    assert row.skip_reason == "门户没有这个栏目，说好不报"
    OutboxEntry.objects.filter(pk=row.pk).update(
        attempts=99, next_at=timezone.now() - timedelta(days=9)
    )
    assert sweeping.revive() == 0
    drain()
    assert (CITY, row.key, row.wanted) not in world.sent
    assert "已跳过" in page(officer)
    act = ModelLogEntry.objects.get(action="gongkai.skip")
    assert act.user == people["officer"]
    OutboxEntry.record([row.key], "publish")
    drain()
    assert (CITY, row.key, row.wanted + 1) in world.sent


def test_a_skip_needs_a_reason(officer):
    row = dead()
    skip(officer, row, "")
    row.refresh_from_db()
    assert row.skipped_at is None


def test_neither_a_withdrawal_nor_what_is_on_its_way_is_skipped(officer):
    row = dead()
    OutboxEntry.objects.filter(pk=row.pk).update(lane=Lane.WITHDRAW)
    assert skip(officer, row).status_code == 404
    OutboxEntry.objects.filter(pk=row.pk).update(lane=Lane.PUBLISH, dead=False)
    assert skip(officer, row).status_code == 404
    assert OutboxEntry.objects.all().skip(by="x", reason="x") == 0


def test_who_only_reads_skips_nothing(client, people):
    row = dead()
    client.force_login(make_user("inspector", site.INSPECTOR_GROUP))
    skip(client, row)
    row.refresh_from_db()
    assert row.skipped_at is None
