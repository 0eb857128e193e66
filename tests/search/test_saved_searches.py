"""有新结果时发邮件给我: asking, confirming and stopping, by anybody and by robots."""

import datetime as dt
import logging
import re

import pytest
import time_machine
from django.core import mail, signing
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from search import engines, services, spelling
from search.address import Address, in_words
from search.saved import subscribing
from search.saved.models import SavedSearch
from search.saved.words import address_of, canonical, in_harmless_words
from tasks.drain import drain
from tasks.jobs.saved_searches import answer_savers
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db
MAIL = "wang@yunxi.example"
FORM = "/search/save/"


@pytest.fixture(autouse=True)
def ready(settings, home_index):
    settings.GONGKAI_MAIL = True
    cache.clear()
    make_site()
    engines.get("local").rebuild([])


@pytest.fixture(params=["township", "portal"])
def role(request, settings):
    settings.GONGKAI_ROLE = request.param


def send(client, search="q=低保", **values):
    return client.post(FORM, {"mail": MAIL, "search": search} | values)


def links(letter):
    """The paths that a letter leads to."""
    return re.findall(r"https?://[^/\s]+(/search/save/\S+)", letter.body)


def asked(client, **values):
    """Ask, and return the link of the first letter."""
    send(client, **values)
    answer_savers()
    return links(mail.outbox[-1])[0]


def confirmed(client, **values):
    link = asked(client, **values)
    client.post(link)
    return SavedSearch.objects.get()


# the form


def test_the_results_page_leads_to_the_form_for_this_search(client, role):
    page = client.get("/search/", {"q": "低保", "category": "work"}).content.decode()
    [path] = re.findall(r'href="(/search/save/[^"]*)"', page)
    form = client.get(path.replace("&amp;", "&"))
    text = form.content.decode()
    assert form.status_code == 200
    assert "“低保”，类别：工作信息" in text
    assert "只保存这个邮箱和您的搜索" in text
    assert 'name="search" value="q=%E4%BD%8E%E4%BF%9D&amp;category=work' in text
    assert "no-store" in form["Cache-Control"]


def test_a_search_is_kept_in_one_spelling(client):
    send(client, search="page=3&category=work&category=decision&q= 低保 &x=1&year=20")
    send(client, search="q=低保&category=decision&category=work&sort=relevance")
    row = SavedSearch.objects.get()
    assert row.search == (
        "q=%E4%BD%8E%E4%BF%9D&category=decision&category=work&sort=date"
    )
    assert canonical(address_of(row.search)) == row.search
    assert (row.mail, row.state) == (MAIL, "pending")


def test_a_search_taken_as_typed_is_not_kept_twice(client):
    for search in ("q=低保", "q=低保&verbatim=1"):
        send(client, search=search)
    assert SavedSearch.objects.get().search == "q=%E4%BD%8E%E4%BF%9D&sort=date"


def test_the_form_takes_what_the_page_had_corrected(client, monkeypatch):
    make_item("宅基地审批")
    drain(only=["index:local"])
    spelling.learn(["宅基地审批"], [])
    page = client.get("/search/", {"q": "宅基弟审批"}).content.decode()
    assert "已显示“宅基地审批”的结果" in page
    assert "“宅基地审批”" in client.get(f"{FORM}?q=宅基弟审批").content.decode()
    verbatim = client.get(f"{FORM}?q=宅基弟审批&verbatim=1").content.decode()
    assert "“宅基弟审批”" in verbatim
    monkeypatch.setattr(services, "_ask", unreachable)
    assert "“宅基弟审批”" in client.get(f"{FORM}?q=宅基弟审批").content.decode()


def unreachable(_query):
    raise services.SearchUnavailable


def test_two_letters_open_only_after_the_owner_says_yes(client, role):
    answer = send(client)
    assert answer["Location"] == "/search/save/sent/"
    assert "还差一步" in client.get(answer["Location"]).content.decode()
    assert mail.outbox == []  # nobody waits for the mail server
    assert answer_savers() == 1
    [letter] = mail.outbox
    assert letter.to == [MAIL]
    assert "低保" in letter.body and "48 小时" in letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert answer_savers() == 0
    [link] = links(letter)
    assert SavedSearch.objects.get().state == "pending"
    page = client.post(link)
    assert page.status_code == 200
    assert "已确认" in page.content.decode()
    row = SavedSearch.objects.get()
    assert row.state == "confirmed"
    assert row.last_on == timezone.localdate()  # the first letter comes tomorrow


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_opens_links_changes_nothing(client, method):
    link = asked(client)
    before = SavedSearch.objects.values().get()
    answer = getattr(client, method)(link)
    assert answer.status_code == 200
    assert "noindex" in answer["X-Robots-Tag"]
    assert SavedSearch.objects.values().get() == before
    row = SavedSearch.objects.get()
    client.post(link)
    stop = subscribing.stop_url(row).removeprefix("http://127.0.0.1:8000")
    assert getattr(client, method)(stop).status_code == 200
    assert SavedSearch.objects.get().state == "confirmed"


def test_a_page_shows_no_mailbox(client):
    link = asked(client)
    stop = subscribing.stop_url(SavedSearch.objects.get())
    for path in (link, stop, "/search/save/sent/"):
        assert MAIL not in client.get(path).content.decode()


def test_what_is_typed_wrong_comes_back_with_words(client):
    for wrong in ("", "王", "a@b", "a@b.example\r\nBcc: x@y.example", "a@b.cn, c@d.cn"):
        answer = send(client, mail=wrong)
        assert answer.status_code == 400, wrong
        assert "还没有提交" in answer.content.decode()
        assert "“低保”" in answer.content.decode()
    assert send(client, search="q=" + "a" * 2001).status_code == 400
    assert not SavedSearch.objects.exists()


def test_no_input_is_a_fault(client):
    for search in ("%00", "q=%00", "q=%FF", "&" * 1999, "category=x", "page=9999"):
        assert client.get(f"{FORM}?{search}").status_code == 200
        assert send(client, search=search).status_code in (302, 429)
    assert client.post(FORM).status_code == 400
    assert client.put(FORM).status_code == 405


def test_a_form_from_elsewhere_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert send(strict).status_code == 403
    token = signing.dumps("0" * 32, salt=subscribing.CONFIRM)
    assert strict.post(f"/search/save/confirm/{token}/").status_code == 403
    assert not SavedSearch.objects.exists()


def test_robots_that_fill_every_field_are_answered_and_forgotten(client):
    answer = send(client, website="https://spam.example")
    assert answer["Location"] == "/search/save/sent/"
    assert not SavedSearch.objects.exists()


# limits, and what nobody learns


def test_one_address_asks_only_so_often(client):
    for number in range(subscribing.PER_HOUR):
        assert send(client, mail=f"{number}@yunxi.example").status_code == 302
    answer = send(client, mail="one-more@yunxi.example")
    assert answer.status_code == 429
    assert "请过一小时再来" in answer.content.decode()
    assert SavedSearch.objects.count() == subscribing.PER_HOUR
    other = client.post(
        FORM, {"mail": MAIL, "search": "q=a"}, REMOTE_ADDR="198.51.100.7"
    )
    assert other.status_code == 302


def test_nobody_floods_a_mailbox_from_many_addresses(client):
    for number in range(9):
        answer = client.post(
            FORM,
            {"mail": MAIL.upper(), "search": f"q={number}"},
            REMOTE_ADDR=f"198.51.100.{number}",
        )
        assert answer["Location"] == "/search/save/sent/"
        answer_savers()
    assert len(mail.outbox) == subscribing.LETTERS_PER_DAY


def test_tags_and_hours_get_a_mailbox_no_more_letters(client):
    begun = timezone.now()
    for number in range(12):
        with time_machine.travel(begun + dt.timedelta(hours=number)):
            send(client, mail=f"Wang+{number}@yunxi.example", search=f"q={number}")
            answer_savers()
    assert len(mail.outbox) == subscribing.LETTERS_PER_DAY


def test_asking_again_within_a_day_neither_sends_nor_prolongs(client):
    begun = timezone.now()
    for hours in (0, 2, 23):
        with time_machine.travel(begun + dt.timedelta(hours=hours), tick=False):
            assert send(client).status_code == 302
            answer_savers()
    assert len(mail.outbox) == 1
    assert SavedSearch.objects.get().asked_at == begun
    with time_machine.travel(begun + dt.timedelta(hours=25), tick=False):
        send(client)
        answer_savers()
    assert len(mail.outbox) == 2


def test_letters_to_many_mailboxes_end_and_the_log_says_so(client, monkeypatch, caplog):
    monkeypatch.setattr(subscribing, "LETTERS_PER_HOUR", 4)
    for number in range(6):
        assert send(client, mail=f"{number}@yunxi.example").status_code == 302
    answer_savers()
    assert len(mail.outbox) == 4
    assert "more than 4 letters asked for in an hour" in caplog.text
    assert "yunxi.example" not in caplog.text


def test_a_mailbox_holds_only_so_many(client):
    for number in range(subscribing.PER_MAILBOX):
        SavedSearch.objects.create(mail=MAIL, search=f"q={number}")
    assert send(client, search="q=more").status_code == 302
    assert SavedSearch.objects.count() == subscribing.PER_MAILBOX


def test_the_answer_does_not_tell_who_is_known(client):
    confirmed(client)
    SavedSearch.objects.update(asked_at=timezone.now() - dt.timedelta(days=2))
    mail.outbox.clear()
    known, new = send(client), send(client, mail="li@yunxi.example")
    assert known.status_code == new.status_code
    assert known["Location"] == new["Location"]
    assert known.content == new.content
    answer_savers()
    told = {letter.to[0]: letter for letter in mail.outbox}
    assert set(told) == {MAIL, "li@yunxi.example"}
    assert "早已确认" in told[MAIL].body
    assert SavedSearch.objects.get(mail=MAIL).state == "confirmed"


def test_asking_again_sends_a_new_letter_and_keeps_one_row(client):
    first = asked(client)
    with time_machine.travel(timezone.now() + subscribing.AGAIN_AFTER):
        second = asked(client)
    assert SavedSearch.objects.count() == 1
    client.post(second)
    client.post(first)
    assert SavedSearch.objects.get().state == "confirmed"


# the links


@pytest.mark.parametrize("kind", ["confirm", "stop"])
def test_a_forged_link_is_nothing_and_guessing_is_slowed(client, kind):
    row = confirmed(client)
    other = {"confirm": subscribing.stop_url, "stop": subscribing.confirm_url}[kind]
    swapped = other(row).rstrip("/").rpartition("/")[2]
    for token in (row.ref.hex, swapped, swapped[:-1], "x", "x:y:z", signing.dumps(1)):
        for method in (client.get, client.post):
            assert method(f"/search/save/{kind}/{token}/").status_code == 404
    for _try in range(30):
        answer = client.post(f"/search/save/{kind}/x/")
    assert answer.status_code == 429
    assert SavedSearch.objects.get().state == "confirmed"
    good = subscribing.stop_url(row)
    assert client.get(good).status_code == 200  # who has a good link is not kept out


def test_a_link_to_confirm_is_good_for_48_hours(client):
    link = asked(client)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=48, seconds=5)):
        for method in (client.get, client.post):
            answer = method(link)
            assert answer.status_code == 410
            assert "48 小时内有效" in answer.content.decode()
        assert SavedSearch.objects.get().state == "pending"
        answer_savers()
    assert not SavedSearch.objects.exists()


def test_the_link_to_confirm_again_moves_nothing(client):
    link = asked(client)
    client.post(link)
    SavedSearch.objects.update(cursor=77, last_on=dt.date(2026, 1, 2))
    before = SavedSearch.objects.values().get()
    assert client.post(link).status_code == 200
    assert "已确认" in client.get(link).content.decode()
    assert SavedSearch.objects.values().get() == before


def test_the_link_to_confirm_opens_nothing_after_the_stop(client):
    link = asked(client)
    client.post(link)
    client.post(subscribing.stop_url(SavedSearch.objects.get()))
    assert client.post(link).status_code == 410
    assert not SavedSearch.objects.exists()


def test_one_click_of_a_mail_program_stops_at_once(client):
    row = confirmed(client)
    stop = subscribing.stop_url(row)
    program = Client(enforce_csrf_checks=True)  # no cookie, no token of a form
    body = "List-Unsubscribe=One-Click"
    kind = "application/x-www-form-urlencoded"
    with time_machine.travel(timezone.now() + dt.timedelta(days=900)):
        answer = program.post(stop, body, content_type=kind)
    assert answer.status_code == 200
    assert not SavedSearch.objects.exists()
    assert program.post(stop, body, content_type=kind).status_code == 200
    assert "已退订" in program.get(stop).content.decode()


def test_the_button_on_the_page_stops_too(client):
    row = confirmed(client)
    page = client.get(subscribing.stop_url(row)).content.decode()
    assert "“低保”" in page and '<form method="post">' in page
    assert SavedSearch.objects.exists()


def test_links_stay_good_when_the_secret_changes(client, settings):
    stop = subscribing.stop_url(confirmed(client))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-of-some-length-0123456789"  # noqa: S105
    assert client.post(stop).status_code == 200
    assert not SavedSearch.objects.exists()


# without a mail server


def test_without_a_mail_server_the_form_says_so(client, settings, role):
    settings.GONGKAI_MAIL = False
    text = client.get(FORM, {"q": "低保"}).content.decode()
    assert "没有开通邮件" in text and 'type="email"' not in text
    answer = send(client)
    assert answer.status_code == 409
    assert not SavedSearch.objects.exists()
    assert answer_savers() == 0


# what may stand in a letter


@pytest.mark.parametrize(
    ("typed", "quoted"),
    [
        ("低保", True),
        ("云政发〔2026〕3号", True),
        ("中奖请看evil.example", False),
        ("中奖请看 evil。example", False),
        ("加我 QQ 12345678 领取", False),
        ("http://evil.example", False),
        ("a@b", False),
        ("长" * 31, False),
    ],
)
def test_a_letter_nobody_asked_for_carries_no_message(client, typed, quoted):
    asked(client, search=f"q={typed}")
    body = mail.outbox[0].body.split("48 小时")[0]
    assert (typed in body) is quoted
    assert ("打开网址可以看到" in body) is not quoted


def test_open_filters_are_not_quoted_in_the_first_letter():
    address = Address("低保", {"village": ("evil.example",), "year": ("2026",)})
    assert "evil" in in_words(address)
    assert in_harmless_words(address) == "“低保”，年份：2026"


def test_line_breaks_and_directions_never_reach_a_header(client):
    client.post(
        FORM, {"mail": MAIL, "search": "q=a%0D%0ABcc: x@y.example%E2%80%AEb%00"}
    )
    client.post(asked_link())
    send(client, search="q=a%0D%0ABcc: x@y.example%E2%80%AEb%00")
    answer_savers()
    for letter in mail.outbox:
        assert letter.recipients() == [MAIL]
        head = letter.message().as_bytes().partition(b"\n\n")[0]
        assert b"\nBcc" not in head
        assert "\u202e" not in letter.body


def asked_link():
    answer_savers()
    return links(mail.outbox[-1])[0]


def test_no_log_names_a_mailbox(client, settings, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    row = confirmed(client)
    client.post(subscribing.stop_url(row))
    send(client, mail="bad mail")
    assert "yunxi.example" not in caplog.text
    assert str(row) == f"{row.pk} confirmed"


def test_the_form_costs_few_queries(client, django_assert_max_num_queries):
    client.get(FORM)
    with django_assert_max_num_queries(8):
        client.get(f"{FORM}?q=低保&category=work&office=civil-affairs")


# the desk


def test_the_officer_sees_figures_and_never_a_mailbox(client, people):
    for number in range(3):
        SavedSearch.objects.create(
            mail=f"p{number}@yunxi.example",
            search="q=%E4%BD%8E%E4%BF%9D&sort=date",
            state="confirmed",
        )
    SavedSearch.objects.create(mail=MAIL, search="q=secret&sort=date")
    SavedSearch.objects.create(
        mail=MAIL, search="q=onlyone&sort=date", state="confirmed"
    )
    client.force_login(people["officer"])
    page = client.get(reverse("gongkai_saved_searches"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "<dd>4</dd>" in text and "<dd>1</dd>" in text
    assert "“低保”</a></th><td>3</td>" in text
    for hidden in ("yunxi.example", "secret", "onlyone"):
        assert hidden not in text
    assert "订阅搜索" in client.get("/admin/").content.decode("unicode_escape")
    client.force_login(people["clerk"])
    refused = client.get(reverse("gongkai_saved_searches"))
    assert refused.status_code == 302 and refused["Location"] == "/admin/"
