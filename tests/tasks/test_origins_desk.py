"""来源机关 on the portal's desk, and the coverage page that everybody sees."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from disclosure_pages.models import Origin
from disclosure_pages.origin_coverage import read_origins
from disclosure_pages.services import site
from disclosure_pages.services.external import Received, store_external
from tasks.models import OriginKey
from tasks.portal.keys import fingerprint, held_keys
from tests.factories import make_people, make_site, make_user
from tests.tasks.messages import state_of, withdrawal_of

ORIGIN = "11330099MB1A2B3C4D"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def portal(settings):
    make_site()
    settings.GONGKAI_ROLE = "portal"
    settings.GONGKAI_PORTALS = {}
    settings.GONGKAI_ORIGIN_KEYS = {}


@pytest.fixture
def officer(client):
    client.force_login(make_people()["officer"])
    return client


@pytest.fixture
def township():
    return Origin.objects.create(credit_code=ORIGIN, name="云溪镇")


def receive(state, version=1, origin=ORIGIN):
    received = Received(origin=origin, version=version, **vars(state))
    return store_external(received)


def at(name, *args):
    return reverse(f"gongkai_{name}", args=args)


def new_key(client, days=7, known=""):
    form = {"days": days, "known": known}
    return client.post(at("origin_key", ORIGIN), form).content.decode()


def test_a_township_is_entered_and_gets_its_key(officer):
    form = {"credit_code": ORIGIN, "name": "云溪镇", "enabled": "on"}
    answer = officer.post(at("origin_add"), form, follow=True)
    assert "还没有密钥" in answer.content.decode()
    text = new_key(officer)
    (key,) = held_keys(ORIGIN)[ORIGIN]
    assert text.count(key.secret) == 2
    assert key.fingerprint in text


def test_the_key_is_shown_once(officer, township):
    new_key(officer)
    (key,) = held_keys(ORIGIN)[ORIGIN]
    text = officer.get(at("origin", ORIGIN)).content.decode()
    assert key.secret not in text
    assert key.fingerprint in text


def test_the_date_on_which_the_old_key_ends_is_shown(officer, township):
    with time_machine.travel("2026-11-01T09:00:00+08:00", tick=False):
        new_key(officer)
        new_key(officer, 14, OriginKey.objects.get().fingerprint)
        text = officer.get(at("origin", ORIGIN)).content.decode()
    assert "<strong>2026-11-15 09:00</strong>" in text
    assert "一直有效" in text


def test_pressing_twice_gives_out_one_key(officer, township):
    new_key(officer)
    new_key(officer)
    assert OriginKey.objects.count() == 1


@pytest.mark.parametrize("days", ["", "-1", "91", "x"])
def test_a_nonsense_overlap_gives_out_nothing(officer, township, days):
    new_key(officer, days)
    assert not OriginKey.objects.exists()


def test_a_stolen_key_is_ended_by_hand(officer, township):
    new_key(officer)
    (key,) = held_keys(ORIGIN)[ORIGIN]
    officer.post(at("origin_key_end", ORIGIN), {"fingerprint": key.fingerprint})
    assert OriginKey.objects.get().ended
    acts = ModelLogEntry.objects.filter(action__startswith="gongkai.origin_key")
    assert {act.data["fingerprint"] for act in acts} == {fingerprint(key.secret)}


def test_limits_are_set_and_the_code_stays(officer, township):
    form = {"name": "云溪镇", "enabled": "on", "max_items": 5, "credit_code": "X" * 18}
    officer.post(at("origin", ORIGIN), form)
    township.refresh_from_db()
    assert (township.max_items, township.max_requests) == (5, None)
    assert township.credit_code == ORIGIN


def test_what_was_refused_last_is_seen_in_the_list(officer, township):
    Origin.objects.update(refused_at=timezone.now(), refusal="附件已占满 10 MB")
    assert "附件已占满 10 MB" in officer.get(at("origins")).content.decode()


def test_who_only_reads_changes_nothing(client, township):
    client.force_login(make_user("inspector", site.INSPECTOR_GROUP))
    assert client.get(at("origin", ORIGIN)).status_code == 200
    for name in ("origin", "origin_key", "origin_key_end"):
        assert client.post(at(name, ORIGIN), {"days": 1}).status_code in (302, 403)
    assert not OriginKey.objects.exists()


def test_a_township_has_no_such_desk(officer, township, settings):
    settings.GONGKAI_ROLE = "township"
    for address in (at("origins"), at("origin_add"), at("origin", ORIGIN)):
        assert officer.get(address).status_code == 404
    assert officer.get("/townships/").status_code == 404
    assert officer.get("/townships.csv").status_code == 404


def rows():
    return {row.origin.credit_code: row for row in read_origins().rows}


def test_items_categories_and_dates_are_told(township):
    receive(state_of(category="work", date_published="2026-11-01"))
    receive(state_of(category="finance", date_published="2026-11-20"))
    gone = receive(state_of(category="finance", date_published="2026-11-21"))
    receive(withdrawal_of(gone.key), 2)
    receive(state_of(type="guide", date_published="2026-11-22"))
    with time_machine.travel("2026-11-30T09:00:00+08:00"):
        row = rows()[ORIGIN]
        assert (row.items, row.withdrawn) == (2, 1)
        assert row.published_on == dt.date(2026, 11, 20)
        assert (row.silent_days, row.silent) == (10, False)
        assert "财政管理" not in row.missing
        assert "人事信息" in row.missing


@pytest.mark.parametrize(("days", "silent"), [(30, False), (31, True)])
def test_a_township_is_silent_after_so_many_days(township, days, silent):
    receive(state_of(date_published="2026-10-01"))
    moment = dt.datetime(2026, 10, 1, 3, tzinfo=dt.UTC) + dt.timedelta(days=days)
    with time_machine.travel(moment):
        assert rows()[ORIGIN].silent is silent


def test_the_silent_come_first_and_the_switched_off_last(township):
    today = timezone.localdate().isoformat()
    for code, day in (("A" * 18, today), ("B" * 18, "2026-01-02")):
        receive(state_of(date_published=day, origin_label=code[0]), origin=code)
    Origin.objects.create(credit_code="C" * 18, name="C", enabled=False)
    order = [row.origin.name for row in read_origins().rows]
    assert order == ["云溪镇", "B", "A", "C"]


def test_the_public_page_and_the_table_say_the_same(client, township):
    receive(state_of(date_published="2020-01-01", origin_label="=云溪镇"))
    page = client.get("/townships/").content.decode()
    table = client.get("/townships.csv").content.decode()
    days = (timezone.localdate() - dt.date(2020, 1, 1)).days
    assert f"{days} 天没有新信息" in page
    assert f'"{days} 天没有新信息"' in table
    assert '"\'=云溪镇"' in table, "no formula"


def test_the_page_asks_as_much_for_many_townships(
    client, township, django_assert_max_num_queries
):
    client.get("/townships/")
    with django_assert_max_num_queries(12) as few:
        client.get("/townships/")
    for number in range(5):
        receive(state_of(), origin=f"11330099MB1A2B3{number:03d}")
    with django_assert_max_num_queries(len(few)):
        client.get("/townships/")


def test_each_township_has_its_feed(client, township):
    receive(state_of(title="云溪的公示"))
    receive(state_of(title="别处的公示"), origin="B" * 18)
    feed = client.get(f"/feeds/latest.rss?origin={ORIGIN}").content.decode()
    assert "云溪的公示" in feed
    assert "别处的公示" not in feed
