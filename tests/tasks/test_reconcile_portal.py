"""Every kind of difference between township and a real portal, found and healed."""

import json
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from cms.models import Authority
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.public_state import public_states
from tasks.drain import drain
from tasks.models import Mode, OutboxEntry, ReconcileReport, TargetState
from tasks.reconciliation import KINDS, Report, matching_targets, reconcile
from tests.factories import (
    make_document,
    make_guide,
    make_item,
    make_people,
    make_reading_point,
)
from tests.tasks.messages import new_key, state_of, withdrawal_of

TARGET = "portal:city"


@pytest.fixture
def township(city, settings, tmp_path):
    """Three items, the guide and a reading point, all at the portal."""
    settings.MEDIA_ROOT = tmp_path
    document = make_document("附件.txt", new_key().encode())
    items = [make_item(documents=[document]), make_item(), make_item()]
    make_guide()
    make_reading_point()
    deliver()
    city.items = items
    return city


def deliver():
    OutboxEntry.objects.filter(target=TARGET).retry()
    return drain(only=[TARGET])


def examine(**options):
    (report,) = reconcile("portal", **options)
    assert not report.error
    return report


def found(report):
    """The differences without empty lists."""
    return {kind: report.keys(kind) for kind in KINDS if report.keys(kind)}


def heal():
    """Heal, deliver, and return what is then left."""
    assert examine(heal=True).healed
    deliver()
    return found(examine())


def version_of(key):
    return OutboxEntry.objects.get(target=TARGET, key=key).wanted


def version_of_delivered(key):
    return OutboxEntry.objects.get(target=TARGET, key=key).delivered


def held_version(city, key):
    return city.read(key).data["version"]


def forget_everywhere(model, key):
    """Make a row vanish behind every signal's back."""
    model.objects.filter(key=key).delete()


def withdraw_silently(page):
    """Take a page back without any signal, as a broken script would."""
    DisclosureItemPage.objects.filter(pk=page.pk).update(live=False)


def test_what_was_delivered_is_equal(township):
    report = examine()
    assert report.clean
    assert report.checked == 5
    assert found(report) == {}


def test_a_withdrawn_and_delivered_item_is_equal(township):
    page = township.items[0]
    page.unpublish()
    deliver()
    assert township.page(page.key)[0] == 410
    assert examine().clean


def test_what_is_not_yet_delivered_is_reported(township):
    page = make_item()
    township.items[0].title = "改过的标题"
    township.items[0].save()
    township.items[1].unpublish()
    assert found(examine()) == {
        "missing": [page.key],
        "stale": [township.items[0].key],
        "visible_but_withdrawn": [township.items[1].key],
    }
    deliver()
    assert examine().clean


def test_missing_because_the_portal_never_heard_of_it(township):
    page = make_item()
    forget_everywhere(OutboxEntry, page.key)
    assert found(examine()) == {"missing": [page.key]}
    assert heal() == {}
    assert township.page(page.key)[0] == 200


def test_missing_because_the_portal_holds_a_tombstone(township):
    page = township.items[0]
    township.put(withdrawal_of(page.key), 50)
    assert found(examine()) == {"missing": [page.key]}
    assert heal() == {}
    assert township.page(page.key)[0] == 200
    assert held_version(township, page.key) == version_of(page.key) == 51


def test_stale_because_the_content_differs(township):
    page = township.items[0]
    DisclosureItemPage.objects.filter(pk=page.pk).update(summary="悄悄改过")
    assert found(examine()) == {"stale": [page.key]}
    assert heal() == {}
    assert township.read(page.key).data["metadata"]["summary"] == "悄悄改过"


def test_stale_because_the_portal_holds_a_higher_version(township):
    page = township.items[0]
    township.put(state_of(page.key, title="来自恢复前的版本"), 90)
    assert found(examine()) == {"stale": [page.key]}
    assert heal() == {}
    assert held_version(township, page.key) == version_of(page.key) == 91


def test_the_same_content_with_another_version_is_stale(township):
    page = township.items[0]
    township.put(public_states([page.key])[page.key], 90)
    assert found(examine()) == {"stale": [page.key]}
    assert heal() == {}


def test_extra_because_nobody_here_knows_it(township):
    stray = state_of(title="不属于任何人的一条")
    township.put(stray, 3)
    assert found(examine()) == {"extra": [stray.key]}
    assert heal() == {}
    assert township.page(stray.key)[0] == 410


def test_a_tombstone_nobody_here_knows_harms_nobody(township):
    township.put(withdrawal_of(new_key()), 3)
    assert examine().clean


def test_visible_though_withdrawn(township):
    page = township.items[0]
    withdraw_silently(page)
    assert found(examine()) == {"visible_but_withdrawn": [page.key]}
    assert township.page(page.key)[0] == 200
    assert heal() == {}
    assert township.page(page.key)[0] == 410


def test_visible_though_withdrawn_and_with_a_higher_version_there(township):
    page = township.items[0]
    township.put(public_states([page.key])[page.key], 70)
    withdraw_silently(page)
    assert found(examine()) == {"visible_but_withdrawn": [page.key]}
    assert heal() == {}
    assert township.page(page.key)[0] == 410
    assert held_version(township, page.key) == 71


def test_what_is_shown_wrongly_is_healed_first(township):
    withdraw_silently(township.items[0])
    page = make_item()
    forget_everywhere(OutboxEntry, page.key)
    examine(heal=True)
    first = OutboxEntry.objects.filter(target=TARGET).pending().order_by("lane").first()
    assert first.key == township.items[0].key


def test_all_kinds_at_once(township):
    stale, withdrawn, missing = township.items
    DisclosureItemPage.objects.filter(pk=stale.pk).update(summary="悄悄改过")
    withdraw_silently(withdrawn)
    township.put(withdrawal_of(missing.key), 9)
    stray = state_of()
    township.put(stray)
    assert found(examine()) == {
        "missing": [missing.key],
        "extra": [stray.key],
        "stale": [stale.key],
        "visible_but_withdrawn": [withdrawn.key],
    }
    assert heal() == {}


def test_healing_is_written_to_the_log(township):
    page = township.items[0]
    withdraw_silently(page)
    examine(heal=True)
    entry = ModelLogEntry.objects.get(action="gongkai.heal")
    assert entry.label == page.key
    assert entry.data == {
        "found": "visible_but_withdrawn",
        "held": version_of_delivered(page.key),
    }


def test_healing_what_is_equal_writes_nothing(township):
    before = list(OutboxEntry.objects.values_list("key", "wanted"))
    assert examine(heal=True).healed == 0
    assert list(OutboxEntry.objects.values_list("key", "wanted")) == before


def test_another_townships_items_are_not_looked_at(township):
    other = township.portal.unused.pop()
    neighbour = replace(township, origin=other, key=township.portal.pairs[other])
    assert neighbour.put(state_of()).status == 200
    assert examine().clean


# What it costs


def requests_of(city, act):
    before = len(city.portal.requests())
    act()
    return [line.split()[1] for line in city.portal.requests()[before:]]


def test_equal_holdings_cost_one_request_whatever_their_number(township):
    assert len(requests_of(township, examine)) == 1
    for _item in range(12):
        make_item()
    deliver()
    asked = requests_of(township, examine)
    assert asked == [f"/portal/v1/digest/{township.origin}"]


def test_of_a_difference_only_its_bucket_is_read(township):
    page = township.items[0]
    withdraw_silently(page)
    asked = requests_of(township, examine)
    assert len(asked) == 3  # the digest, and the one bucket, twice to be sure
    assert len({path for path in asked if "/manifest/" in path}) == 1


def test_queries_do_not_grow_with_the_items(township):
    few = count_queries()
    for _item in range(10):
        make_item()
    deliver()
    assert count_queries() == few


def count_queries():
    with CaptureQueriesContext(connection) as queries:
        examine()
    return len(queries)


# The command


def run(capsys, *arguments):
    """The command's exit code, JSON and what it told the reader."""
    code = 0
    try:
        call_command("reconcile", *arguments)
    except SystemExit as end:
        code = end.code
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if "--json" in arguments else None, shown.err


def test_what_somebody_compares_is_kept_for_the_desk(township, capsys):
    run(capsys, "--target", "portal", "--quick")
    assert not ReconcileReport.objects.exists()
    run(capsys, "--target", "portal")
    row = ReconcileReport.objects.get()
    assert (row.target, row.differences, row.error) == (TARGET, 0, "")
    assert row.content["checked"] == 5


def test_the_command_shows_four_empty_lists_when_all_is_equal(township, capsys):
    code, shown, told = run(capsys, "--target", "portal", "--json")
    assert code == 0
    assert shown == {
        "target": TARGET,
        "checked": 5,
        "missing": [],
        "extra": [],
        "stale": [],
        "visible_but_withdrawn": [],
    }
    assert "一致" in told


@pytest.mark.parametrize("asked", ["portal", "portal:city"])
def test_the_command_fails_when_something_differs(township, capsys, asked):
    withdraw_silently(township.items[0])
    code, shown, told = run(capsys, "--target", asked, "--json")
    assert code != 0
    assert shown["visible_but_withdrawn"] == [township.items[0].key]
    assert township.items[0].key in told


def test_the_command_heals(township, capsys):
    withdraw_silently(township.items[0])
    _code, shown, _told = run(capsys, "--target", "portal", "--heal", "--json")
    assert shown["healed"] == 1
    deliver()
    assert run(capsys, "--target", "portal", "--json")[0] == 0


def test_a_portal_that_cannot_be_read_is_no_equality(township, settings, capsys):
    settings.GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}
    code, shown, told = run(capsys, "--target", "portal", "--heal", "--json")
    assert code != 0
    assert shown == {"target": TARGET, "error": "连接不上门户。"}
    assert "连接不上门户" in told


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "html"},
        {"mode": "status", "status": 500},
        {"mode": "status", "status": 200, "body": '{"buckets": []}'},
        {"mode": "status", "status": 200, "body": '{"buckets": "x"}'},
        {"mode": "cut"},
        {"mode": "status", "status": 503},
    ],
)
def test_a_portal_that_answers_nonsense_is_no_equality(faulty, fault):
    faulty.misbehave(**fault)
    (report,) = reconcile("portal")
    assert not report.clean
    assert report.error


def test_no_portal_configured_is_said_and_is_no_failure(db, settings, capsys):
    settings.GONGKAI_PORTALS = {}
    code, shown, _told = run(capsys, "--target", "portal", "--json")
    assert code == 0
    assert shown["configured"] is False


def test_without_a_credit_code_nothing_can_be_compared(township):
    Authority.objects.update(credit_code="")
    (report,) = reconcile("portal")
    assert "统一社会信用代码" in report.error


def test_a_target_is_named_by_kind_or_in_full(settings):
    settings.GONGKAI_INDEXES = ["es", "local"]
    settings.GONGKAI_PORTALS = {"city": "http://a", "county": "http://b"}
    assert matching_targets("index") == ["index:es", "index:local"]
    assert matching_targets("portal:county") == ["portal:county"]
    assert matching_targets("portal") == ["portal:city", "portal:county"]
    assert len(matching_targets("")) == 4
    assert matching_targets("port") == []


def test_a_report_that_knows_nothing_has_no_empty_lists():
    assert "missing" not in Report(TARGET, error="读不到").as_json()


@pytest.mark.parametrize("mode", [Mode.OPEN, Mode.FENCED])
def test_only_a_stopped_portal_can_be_let_go_on(township, client, mode):
    TargetState.decide(TARGET, mode, by="admin", reason="从备份恢复")
    client.force_login(make_people()["officer"])
    address = reverse("gongkai_target_ahead", args=[TARGET])
    text = client.get(address).content.decode()
    assert "没有：门户上的都是本站送过的。" in text
    assert ("可以恢复推送了" in text) is (mode == Mode.FENCED)
