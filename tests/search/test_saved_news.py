"""The letters about saved searches: each new hit once, whatever happens in between."""

import datetime as dt
import logging
import re
from contextlib import contextmanager

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from disclosure_pages.models import ExternalItem, Origin
from disclosure_pages.services.withdrawal import withdraw
from disclosure_pages.signals import public_state_changed
from search import engines, services
from search.saved import mailing, news, selectors, subscribing
from search.saved.models import Appearance, SavedSearch, SentHit
from tasks.drain import drain
from tasks.jobs.saved_searches import answer_savers, mail_news
from tasks.models import OutboxEntry
from tests.factories import make_item, make_site
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db
MAIL = "wang@yunxi.example"
SHANGHAI = dt.timezone(dt.timedelta(hours=8))
MONDAY = dt.datetime(2026, 11, 23, 8, 1, tzinfo=SHANGHAI)  # Monday to Friday work


@pytest.fixture(autouse=True)
def ready(settings, home_index):
    cache.clear()
    make_site()
    engines.get("local").rebuild([])


@pytest.fixture(scope="module")
def mail_process(tmp_path_factory):
    with mail_server(tmp_path_factory.mktemp("letters")) as running:
        yield running


@pytest.fixture
def server(mail_process, settings):
    """The server without letters, as the site's own."""
    mail_process.begin(settings)
    return mail_process


def save(search="q=低保&sort=date", *, mail=MAIL):
    """A search whose mailbox is confirmed before Monday morning."""
    row = SavedSearch.objects.create(mail=mail, search=search)
    token = subscribing.confirm_url(row).rstrip("/").rpartition("/")[2]
    subscribing.confirm(token)
    SavedSearch.objects.filter(pk=row.pk).update(
        last_on=dt.date(2026, 11, 20), not_before=MONDAY - dt.timedelta(days=1)
    )
    return SavedSearch.objects.get(pk=row.pk)


def publish(*titles, **values):
    return [make_item(title, **values) for title in titles]


@contextmanager
def clock(moment):
    with time_machine.travel(moment, tick=False):
        yield


def morning(days=0, *, index=True, hours=0.0):
    """What the jobs do on that morning; returns the number of letters."""
    if index:
        drain(only=["index:local"])
    with clock(MONDAY + dt.timedelta(days=days, hours=hours)):
        return mail_news()


def titles(letter):
    """The titles that a letter lists, from its plain text."""
    text = letter.get_body("plain").get_content().replace("\r\n", "\n")
    return re.findall(r"^(.+)\n.*\nhttps?://", text, re.MULTILINE)


def told(server):
    return [title for letter in server.letters for title in titles(letter)]


# what a letter says


@pytest.mark.parametrize("role", ["township", "portal"])
def test_a_letter_tells_what_is_new_and_how_to_stop(client, server, settings, role):
    settings.GONGKAI_ROLE = role
    publish("低保旧闻")
    drain(only=["index:local"])
    row = save()
    publish("低保<b>金</b>调整", "道路养护")
    assert morning() == 1
    [letter] = server.letters
    assert letter["To"] == MAIL
    assert "1 条：“低保”" in letter["Subject"]
    assert titles(letter) == ["低保<b>金</b>调整"]
    page = letter.get_body("html").get_content()
    assert "低保&lt;b&gt;金&lt;/b&gt;调整" in page and "<b>" not in page
    assert "道路" not in page and "旧闻" not in page
    addresses = re.findall(r'href="([^"]+)"', page)
    assert all(url.startswith(settings.GONGKAI_BASE_URL) for url in addresses)
    for url in addresses:
        path = url.removeprefix(settings.GONGKAI_BASE_URL).replace("&amp;", "&")
        assert client.get(path).status_code == 200, path
    stop = letter["List-Unsubscribe"].strip(" <>")
    assert stop == subscribing.stop_url(row)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert stop in letter.get_body("plain").get_content()
    client.post(stop, {"List-Unsubscribe": "One-Click"})
    publish("低保再调整")
    assert morning(1) == 0


@pytest.mark.parametrize(
    "q", ["低保金怎么申请？", "低保金 申请 办法 道路 养护 资金 分配"]
)
def test_a_sentence_or_many_words_are_wanted_whole(server, q):
    save(f"q={q}&sort=date")
    publish("低保名单", "申请公开", "低保金申请办法：道路养护资金分配")
    assert morning() == 1
    assert told(server) == ["低保金申请办法：道路养护资金分配"]


ORIGIN = "11330099MB1A2B3C4D"


def receive(title):
    """What a township sent to this portal."""
    metadata = {
        "title": title,
        "url": "http://t.example/1",
        "type": "item",
        "origin": ORIGIN,
        "date_published": "2026-11-20",
    }
    payload = {"html": "<p>x</p>", "attachments": [], "metadata": metadata}
    row = ExternalItem.objects.create(
        origin=ORIGIN,
        key="a" * 32,
        version=1,
        state="published",
        kind="item",
        title=title,
        payload=payload,
    )
    public_state_changed.send(ExternalItem, keys=[row.full_key], lane="publish")


def test_a_portal_mails_what_townships_sent(server, settings):
    settings.GONGKAI_ROLE = "portal"
    Origin.objects.create(credit_code=ORIGIN, name="云溪镇人民政府")
    save(f"q=低保&origin={ORIGIN}&sort=date")
    receive("低保标准")
    assert morning() == 1
    [letter] = server.letters
    assert titles(letter) == ["低保标准"]
    assert "，来源：云溪镇人民政府" in letter.get_body("plain").get_content()
    assert f"/external/{ORIGIN}/" in letter.get_body("plain").get_content()


def test_a_title_with_line_breaks_stays_one_line(server, settings):
    settings.GONGKAI_ROLE = "portal"
    save()
    receive("低保\r\n\r\nhttps://evil.example\u202e标准")
    morning()
    [letter] = server.letters
    assert titles(letter) == ["低保 https://evil.example 标准"]


def test_a_saved_question_never_breaks_a_header(server):
    save("q=低保%0D%0ABcc:%20x@y.example%E2%80%AE")
    publish("低保 Bcc: x@y.example")
    assert morning() == 1
    [letter] = server.letters
    assert letter["Bcc"] is None
    assert "低保 Bcc: x@y.example" in letter["Subject"]


def test_only_what_has_every_word_is_mailed(server):
    """The page shows hits with some of the words, too; a letter does not."""
    save("q=低保 危房改造&sort=date")
    publish("低保标准", "危房改造名单")
    assert morning() == 0
    publish("低保户危房改造名单")
    assert morning(1) == 1
    assert told(server) == ["低保户危房改造名单"]


def test_filters_hold(server):
    save("category=finance&sort=date")
    publish("预算", category="finance")
    publish("低保")
    assert morning() == 1
    assert told(server) == ["预算"]


# when


def test_letters_go_on_workday_mornings_only_and_once(server):
    save()
    publish("低保一")
    drain(only=["index:local"])
    assert morning(-1) == 0  # Sunday
    assert morning(hours=-1) == 0  # seven o'clock
    assert morning() == 1
    publish("低保二")
    assert morning(hours=3) == 0
    assert morning(1) == 1
    assert told(server) == ["低保一", "低保二"]


def test_nothing_goes_on_the_day_of_the_confirmation(server):
    row = SavedSearch.objects.create(mail=MAIL, search="q=低保&sort=date")
    token = subscribing.confirm_url(row).rstrip("/").rpartition("/")[2]
    with clock(timezone.now()):
        subscribing.confirm(token)
        today = timezone.localdate()
    assert SavedSearch.objects.get().last_on == today


def test_the_hour_is_a_setting(server, settings):
    settings.GONGKAI_SAVED_SEARCH_AT = dt.time(14)
    save()
    publish("低保")
    assert morning() == 0
    assert morning(hours=6) == 1


# nothing twice, nothing missed


def test_a_date_in_the_past_hides_nothing(server):
    save()
    publish("低保新", date_published=dt.date(2026, 11, 22))
    assert morning() == 1
    past = dt.date(2019, 3, 1)
    publish("低保档案", date_made=past, date_published=past)
    publish("低保同日", date_published=dt.date(2026, 11, 22))
    assert morning(1) == 1
    assert sorted(told(server)) == ["低保同日", "低保新", "低保档案"]
    assert morning(2) == 0


def test_an_edit_of_old_news_is_no_news(server):
    [old] = publish("低保老办法")
    drain(only=["index:local"])
    save()
    old.title = "低保老办法（更正）"
    old.save()
    public_state_changed.send(type(old), keys=[old.key], lane="publish")
    assert morning() == 0


def test_what_is_taken_back_before_the_letter_is_never_mailed(server):
    save()
    kept, gone = publish("低保甲", "低保乙")
    drain(only=["index:local"])
    withdraw(gone, reason="有误")  # the index does not know yet
    assert morning(index=False) == 1
    assert told(server) == ["低保甲"]
    publish_again(gone)
    assert morning(1) == 1
    assert told(server) == ["低保甲", "低保乙"]
    assert morning(2) == 0


def test_what_was_mailed_and_comes_out_again_is_not_mailed_again(server):
    save()
    [item] = publish("低保甲")
    assert morning() == 1
    withdraw(item, reason="有误")
    assert morning(1) == 0
    assert not Appearance.objects.filter(key=item.key).exists()
    publish_again(item)
    assert morning(2) == 0
    assert told(server) == ["低保甲"]


def test_what_is_published_after_a_search_was_stopped_and_saved_again(server):
    first = save()
    publish("低保一")
    morning()
    first.delete()
    publish("低保二")
    drain(only=["index:local"])
    save()
    assert morning(1) == 0
    publish("低保三")
    assert morning(2) == 1
    assert told(server) == ["低保一", "低保三"]


def publish_again(item):
    page = type(item).objects.get(pk=item.pk)
    type(item).objects.filter(pk=item.pk).update(live=True, withdrawn_at=None)
    public_state_changed.send(type(page), keys=[page.key], lane="publish")


def test_what_the_index_does_not_hold_yet_is_mailed_when_it_does(server):
    save()
    [item] = publish("低保迟到")
    assert morning(index=False) == 0
    assert OutboxEntry.objects.get(target="index:local", key=item.key).pending
    assert not Appearance.objects.filter(key=item.key).exists()
    assert morning(1) == 1
    assert told(server) == ["低保迟到"]


def test_what_is_found_only_later_is_mailed_for_three_days(server):
    """As when the text of an attachment is read after its item came out."""
    save()
    [item] = publish("名单")
    assert morning() == 0
    [late] = publish("另一份名单")
    for page in (item, late):
        page.title = f"低保{page.title}"
        page.save()
        public_state_changed.send(type(page), keys=[page.key], lane="publish")
    assert morning(1) == 1
    assert sorted(told(server)) == ["低保另一份名单", "低保名单"]
    assert morning(2) == morning(3) == morning(4) == 0
    row = SavedSearch.objects.get()
    assert row.cursor == Appearance.objects.get(key=item.key).pk  # it follows behind


@pytest.mark.parametrize("waiting", [1, 5])
def test_more_than_a_letter_holds_comes_with_the_next(server, monkeypatch, waiting):
    monkeypatch.setattr(news, "PER_LETTER", 3)
    monkeypatch.setattr(news, "AT_ONCE", 2)  # asked in several pieces
    save()
    names = [f"低保第{n}批" for n in range(3 + waiting)]
    publish(*names)
    letters = -(-len(names) // 3)
    assert [morning(day) for day in range(4)] == [1] * letters + [0] * (4 - letters)
    assert f"还有 {waiting} 条" in server.letters[0].get_body("plain").get_content()
    assert sorted(told(server)) == names


def test_a_flood_is_counted_and_left_to_the_page(server, monkeypatch):
    monkeypatch.setattr(news, "PER_LETTER", 2)
    monkeypatch.setattr(news, "CARRIED", 3)
    save()
    publish(*(f"低保第{n}批" for n in range(8)))
    assert morning() == 1
    text = server.letters[0].get_body("plain").get_content()
    assert "8 条" in text and "另有 6 条" in text and "/search/?q=" in text
    assert morning(1) == 0
    publish("低保之后")
    assert morning(2) == 1
    assert titles(server.letters[-1]) == ["低保之后"]


def test_two_people_and_two_searches_each_get_their_own(server):
    save(), save("q=道路&sort=date"), save(mail="li@yunxi.example")
    publish("低保甲", "道路乙")
    assert morning() == 3
    got = sorted((letter["To"], *titles(letter)) for letter in server.letters)
    assert got == [
        ("li@yunxi.example", "低保甲"),
        (MAIL, "低保甲"),
        (MAIL, "道路乙"),
    ]


# faults


def test_a_server_that_is_away_loses_nothing(server, caplog):
    save(), save(mail="li@yunxi.example")
    publish("低保甲")
    server.stop()
    assert morning() == 0
    assert "wait" in caplog.text and "yunxi" not in caplog.text
    assert morning(hours=0.05) == 0  # it is left alone for a while
    server.start()
    assert morning(hours=0.2) == 2
    assert morning(hours=0.4) == 0
    assert told(server) == ["低保甲"] * 2


def test_first_letters_wait_for_a_server_too(server, client):
    server.stop()
    client.post("/search/save/", {"mail": MAIL, "search": "q=低保"})
    assert answer_savers() == 0
    server.start()
    assert answer_savers() == 0
    with clock(timezone.now() + dt.timedelta(minutes=6)):
        assert answer_savers() == 1
        assert answer_savers() == 0
    [letter] = server.letters
    assert letter["To"] == MAIL and letter["List-Unsubscribe"] is None


def test_a_letter_whose_answer_was_lost_comes_again_rather_than_never(server):
    save()
    publish("低保甲")
    server.behave("lose")
    assert morning() == 0
    server.behave("good")
    assert morning(hours=0.2) == 1
    assert told(server) == ["低保甲", "低保甲"]
    assert morning(1) == 0


def test_a_process_killed_between_letters_leaves_the_rest_to_the_next(
    server, monkeypatch
):
    for name in ("a", "b", "c"):
        save(mail=f"{name}@yunxi.example")
    publish("低保甲")
    real, seen = mailing._claim, []

    def killed(row, now):
        seen.append(row)
        if len(seen) == 3:
            real(row, now)
            raise KeyboardInterrupt  # claimed, and gone
        return real(row, now)

    monkeypatch.setattr(mailing, "_claim", killed)
    with pytest.raises(KeyboardInterrupt):
        morning()
    monkeypatch.setattr(mailing, "_claim", real)
    assert len(server.letters) == 2
    assert morning(hours=0.05) == 0  # its claim holds
    assert morning(hours=0.2) == 1
    assert sorted(letter["To"][0] for letter in server.letters) == ["a", "b", "c"]


def test_two_senders_share_the_work(server, monkeypatch):
    save(), save(mail="li@yunxi.example")
    publish("低保甲")
    drain(only=["index:local"])
    real, beside = mailing.news_of, []

    def slow(row, now):
        monkeypatch.setattr(mailing, "news_of", real)
        beside.append(mailing.send_news(now))  # as on another host, meanwhile
        return real(row, now)

    monkeypatch.setattr(mailing, "news_of", slow)
    assert morning() == 1
    assert beside == [1]
    assert len(server.letters) == 2


def test_a_search_stopped_while_its_letter_is_made_stays_stopped(server, monkeypatch):
    save()
    publish("低保甲")
    real = mailing.news_letter

    def stopped(row, found):
        SavedSearch.objects.all().delete()
        return real(row, found)

    monkeypatch.setattr(mailing, "news_letter", stopped)
    morning()
    assert not SavedSearch.objects.exists()
    assert not SentHit.objects.exists()


@pytest.mark.parametrize("mode", ["refuse", "busy", "spam"])
def test_a_mailbox_that_refuses_rests_longer_each_time(server, caplog, mode):
    caplog.set_level(logging.DEBUG)
    save()
    publish("低保甲")
    server.behave(mode)
    assert morning() == 0
    assert morning(hours=0.1) == 0
    assert SavedSearch.objects.get().refusals == 1
    assert morning(hours=0.3) == 0
    assert SavedSearch.objects.get().refusals == 2
    server.behave("good")
    assert morning(hours=0.4) == 0  # 30 minutes now
    assert morning(hours=0.9) == 1
    assert SavedSearch.objects.get().refusals == 0
    assert told(server) == ["低保甲"]
    assert "yunxi.example" not in caplog.text


def test_a_dead_mailbox_is_forgotten(server):
    save()
    publish("低保甲")
    server.behave("refuse")
    for hours in range(mailing.MAX_REFUSALS):
        assert SavedSearch.objects.get().refusals == hours
        SavedSearch.objects.update(not_before=MONDAY)
        assert morning(hours=hours) == 0
    assert not SavedSearch.objects.exists()


def test_one_refusal_keeps_nobody_else_waiting(server):
    save(mail="nobody@yunxi.example"), save()
    publish("低保甲")
    morning()
    assert [letter["To"] for letter in server.letters] == [MAIL]


@pytest.mark.parametrize("trouble", ["down", "incomplete"])
def test_letters_wait_for_an_index_that_is_whole(server, monkeypatch, trouble):
    save()
    publish("低保甲")
    drain(only=["index:local"])
    if trouble == "down":
        monkeypatch.setattr(services, "_ask", down)
    else:
        real = services._ask
        monkeypatch.setattr(services, "_ask", lambda q: unfinished(real(q)))
    assert morning() == 0
    monkeypatch.undo()
    assert morning(hours=0.2) == 1


def down(_query):
    raise services.SearchUnavailable


def unfinished(result):
    return services.replace(result, incomplete=True, hits=[], total=0)


def test_work_is_done_in_pieces(server, monkeypatch):
    monkeypatch.setattr(mailing, "AT_A_TIME", 2)
    for number in range(5):
        save(mail=f"{number}@yunxi.example")
    publish("低保甲")
    sent = [morning(hours=step / 10) for step in range(4)]
    assert sent == [2, 2, 1, 0]


def test_a_search_costs_the_same_whatever_is_new(server, django_assert_max_num_queries):
    row = save()
    publish(*(f"低保{n}" for n in range(12)))
    drain(only=["index:local"])
    subscribing.count_appearances()
    with django_assert_max_num_queries(14):
        assert len(news.news_of(row, MONDAY).documents) == 12


def test_without_a_mail_server_nothing_is_looked_for(settings):
    settings.GONGKAI_MAIL = True
    save()
    settings.GONGKAI_MAIL = False
    [item] = publish("低保甲")
    assert morning() == 0
    assert not Appearance.objects.filter(key=item.key).exists()
    assert SavedSearch.objects.get().last_on == dt.date(2026, 11, 20)


# who watches


def test_health_and_metrics_tell_of_letters_that_are_late(client, server):
    save()
    publish("低保甲")
    with clock(MONDAY + dt.timedelta(hours=1)):
        assert client.get("/readyz").json()["saved_searches"] == {
            "late": 0,
            "ok": True,
        }
    with clock(MONDAY + dt.timedelta(hours=3)):
        assert client.get("/readyz").json()["saved_searches"]["late"] == 1
        text = client.get("/metrics").content.decode()
        assert 'gongkai_saved_searches{state="confirmed"} 1.0' in text
        assert "gongkai_saved_searches_late 1.0" in text
        assert MAIL not in text
    morning(hours=4)
    with clock(MONDAY + dt.timedelta(hours=4)):
        assert selectors.late(timezone.now()) == 0
