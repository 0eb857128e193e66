"""What is noted of searches: enough to help, nothing that tells who asked."""

import datetime as dt
import re
import time
from types import SimpleNamespace

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from disclosure_pages.public_state import public_keys, public_states
from search import engines, log, log_writing
from search.address import Address
from search.builder import build_document
from search.models import (
    OpenedHit,
    QuestionDay,
    SearchJudgement,
    SearchQuestion,
    SearchTerm,
    VisitorSalt,
)
from tasks.jobs.forget import forget
from tests.factories import make_item, make_site

from .conftest import start_day

pytestmark = pytest.mark.django_db

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/119.0 Mobile"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ANNA = {"REMOTE_ADDR": "10.1.1.1", "HTTP_USER_AGENT": CHROME}
MAY = {"date_made": dt.date(2026, 5, 1), "date_published": dt.date(2026, 5, 1)}
BO = {"REMOTE_ADDR": "10.1.1.2", "HTTP_USER_AGENT": CHROME}


@pytest.fixture(autouse=True)
def index(home_index):
    make_site()
    cache.clear()
    log._waiting.clear()
    start_day()
    yield home_index
    log._waiting.clear()
    start_day()


def index_all():
    states = public_states(public_keys()).values()
    engines.get("local").rebuild((1, build_document(state)) for state in states)


def ask(client, text, who=ANNA, **data):
    answer = client.get(reverse("search"), {"q": text, **data}, **who)
    log.flush()
    return answer


def pings(answer):
    found = re.findall(r'ping="([^"]+)"', answer.content.decode())
    return [address.replace("&amp;", "&") for address in found]


def house(number):
    """Who asks from a network of his own, always with the same browser."""
    return {**ANNA, "REMOTE_ADDR": f"10.2.0.{number}"}


def open_first(client, answer, who=ANNA):
    said = client.post(pings(answer)[0], **who)
    log.flush()
    return said


def everything_kept():
    """Every value of every table of this application's own, as text."""
    kept = []
    for model in apps.get_models(include_auto_created=True):
        kept += map(str, model.objects.values_list())
    return "\n".join(kept)


def counts(text):
    day = QuestionDay.objects.get(question__digest=log_writing.digest_of(text))
    return day.asked, day.zero, day.told, day.opened


def at(text):
    """The clock stands still at this time (UTC)."""
    return time_machine.travel(text, tick=False)


# privacy


def test_what_one_visitor_typed_is_nowhere_in_the_database(client):
    make_item("低保公示")
    index_all()
    typed = "邻居老王的秘密"
    for _time in range(3):
        ask(client, typed)
    ask(client, f"  {typed} ", {**ANNA, "HTTP_USER_AGENT": CHROME})
    kept = everything_kept()
    assert SearchQuestion.objects.count() == 1
    assert typed not in kept
    assert "老王" not in kept
    assert ANNA["REMOTE_ADDR"] not in kept
    assert CHROME not in kept


def test_words_are_kept_when_five_networks_asked_on_one_day(client):
    for number in range(4):
        ask(client, "低保怎么办", house(number))
    row = SearchQuestion.objects.get()
    assert (row.text, len(row.visitors)) == ("", 4)
    ask(client, " 低保怎么办", house(4))
    row.refresh_from_db()
    assert (row.text, row.visitors) == ("低保怎么办", [])
    assert counts("低保怎么办") == (5, 5, 0, 0)


def test_who_asks_himself_from_some_devices_does_not_learn_who_asked(client):
    ask(client, "邻居的秘密", BO)  # the one other
    for agent in (CHROME, PHONE, FIREFOX):
        for number in (1, 2, 3):  # at the desk, at home, from the phone
            ask(client, "邻居的秘密", {**house(number), "HTTP_USER_AGENT": agent})
    assert SearchQuestion.objects.get().text == ""
    assert "邻居的秘密" not in everything_kept()


def test_words_are_kept_when_they_are_asked_on_five_days(client):
    for day in range(4, 9):
        assert not SearchQuestion.objects.exclude(text="").exists()
        with at(f"2026-05-0{day} 03:00"):
            ask(client, "低保怎么办")
    assert SearchQuestion.objects.get().text == "低保怎么办"


def test_how_many_must_ask_is_set(client, settings):
    settings.GONGKAI_SEARCH_SEEN_BY = 3
    for number in range(3):
        assert not SearchQuestion.objects.exclude(text="").exists()
        ask(client, "低保怎么办", house(number))
    assert SearchQuestion.objects.get().text == "低保怎么办"


@pytest.mark.parametrize("name", ["王建国", "张伟", "欧阳明月", "李建设", "周杰伦"])
def test_a_name_that_finds_nothing_is_never_kept(client, name):
    for number in range(7):
        ask(client, name, house(number))
    row = SearchQuestion.objects.get()
    assert (row.text, len(row.visitors)) == ("", 5)
    assert name not in everything_kept()
    assert counts(name)[:2] == (7, 7)


@pytest.mark.parametrize(
    "text", ["高龄补贴", "安置房", "暂住证", "马路口村", "王建国的低保"]
)
def test_known_words_and_longer_questions_are_no_names(client, text):
    SearchTerm.objects.create(text="马路口村", sound="ma lu kou cun", weight=1)
    for number in range(5):
        ask(client, text, house(number))
    assert SearchQuestion.objects.get().text == text


def test_a_name_that_is_public_here_is_kept(client):
    make_item("王建国任职公示")
    index_all()
    for number in range(5):
        ask(client, "王建国", house(number))
    assert SearchQuestion.objects.get().text == "王建国"


def test_one_visitor_on_two_days_is_still_one(client):
    with at("2026-05-04 03:00"):
        ask(client, "只有我问")
    with at("2026-05-05 03:00"):
        ask(client, "只有我问")
        assert VisitorSalt.objects.get().day == dt.date(2026, 5, 5)
    row = SearchQuestion.objects.get()
    assert row.text == ""
    assert len(row.visitors) == 1
    assert row.days.count() == 2


def test_a_visitor_can_not_be_told_when_the_day_is_over(client):
    with at("2026-05-04 03:00"):
        ask(client, "只有我问")
    with at("2026-05-05 03:00"):
        forget()
    assert not VisitorSalt.objects.exists()
    assert SearchQuestion.objects.get().visitors == []


def test_what_nobody_else_typed_is_forgotten_after_days(client, settings):
    settings.GONGKAI_SEARCH_LOG_DAYS = 30
    settings.GONGKAI_SEARCH_SEEN_BY = 2
    with at("2026-05-04 03:00"):
        ask(client, "只有我问")
        ask(client, "两人问")
        ask(client, "两人问", BO)
    with at("2026-06-03 03:00"):
        assert forget() == 0
    with at("2026-06-04 03:00"):
        assert forget() == 1
    assert SearchQuestion.objects.get().text == "两人问"
    with at("2027-06-30 03:00"):
        assert forget() == 1


@pytest.mark.parametrize(
    "text",
    [
        "110101199003074610",
        "１１０１０１１９９００３０７４６１０",
        "110101 1990 0307 4610 的低保",
        "13800138000",
        "138 0013 8000",
        "6222 0212 3456 7890 128",
        "低保卡 622202123456789",
    ],
)
def test_numbers_of_people_leave_no_trace_at_all(client, text):
    make_item("低保公示", text=text)
    index_all()
    for who in (ANNA, BO):
        assert pings(ask(client, text, who)) == []
    assert not SearchQuestion.objects.exists()


def test_an_ordinary_number_is_no_number_of_a_person():
    assert log.may_be_kept(log.question_of("云政办发〔2026〕12号"))
    assert log.may_be_kept("12345 热线 2026-05-04")


# what counts


@pytest.mark.parametrize(
    "agent",
    ["", "Mozilla/5.0 (compatible; Baiduspider/2.0)", "curl/8.0", "python-httpx/0.27"],
)
def test_robots_are_not_counted(client, agent):
    ask(client, "低保", {**ANNA, "HTTP_USER_AGENT": agent})
    assert not SearchQuestion.objects.exists()


def test_heads_further_pages_filters_and_orders_are_no_new_questions(client):
    make_item("低保公示")
    index_all()
    client.head(reverse("search"), {"q": "低保"}, **ANNA)
    log.flush()
    ask(client, "低保", page="2")
    ask(client, "低保", category="work")
    ask(client, "低保", sort="date")
    ask(client, "低保", verbatim="1")
    ask(client, "低保", **{"from": "2026"})
    ask(client, "低保", {**ANNA, "HTTP_SEC_PURPOSE": "prefetch"})
    ask(client, "")
    assert not SearchQuestion.objects.exists()


def test_who_is_signed_in_is_not_counted(client, people):
    client.force_login(people["officer"])
    ask(client, "低保")
    assert not SearchQuestion.objects.exists()


def test_asking_again_is_no_new_question(client):
    for _time in range(3):
        ask(client, "低保")
    assert counts("低保") == (1, 1, 0, 0)


def test_spelling_case_and_width_are_one_question(client, settings):
    settings.GONGKAI_SEARCH_SEEN_BY = 2
    ask(client, "ＷＴＯ　規則")
    ask(client, "wto 规则", BO)
    assert SearchQuestion.objects.get().text == "wto 规则"


# opened results


def test_links_are_plain_and_what_was_opened_is_counted(client):
    item = make_item("低保公示")
    index_all()
    page = ask(client, "低保")
    assert f'<a href="{item.url}" ping="' in page.content.decode()
    assert open_first(client, page).status_code == 204
    assert counts("低保") == (1, 0, 1, 1)
    assert OpenedHit.objects.get().key == item.key
    assert not SearchJudgement.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        *({"category": "work"}, {"from": "2026"}, {"to": "2026-06"}),
        *({"verbatim": "1"}, {"sort": "date"}),
    ],
)
def test_nothing_is_said_of_a_question_that_was_not_noted(client, data):
    make_item("低保公示", category="work", **MAY)
    index_all()
    assert len(pings(ask(client, "低保"))) == 1
    page = ask(client, "低保", **data)
    assert len(page.context["answer"].hits) == 1
    assert pings(page) == []


def test_what_one_opened_becomes_a_judgement_when_enough_asked(client, settings):
    settings.GONGKAI_SEARCH_SEEN_BY = 2
    item = make_item("低保公示")
    index_all()
    open_first(client, ask(client, "低保"))
    open_first(client, ask(client, "低保", BO), BO)
    row = SearchJudgement.objects.get()
    assert (row.question, row.key, row.source, row.weight) == (
        *("低保", item.key, "opened"),
        2.0,
    )
    assert not OpenedHit.objects.exists()
    assert counts("低保") == (2, 0, 2, 2)


def test_a_visitor_counts_once_however_often_he_opens(client):
    make_item("低保公示")
    index_all()
    page = ask(client, "低保")
    for _time in range(5):
        open_first(client, page)
    assert counts("低保") == (1, 0, 1, 1)
    assert OpenedHit.objects.get().count == 1


def test_results_that_nobody_opened_are_abandoned(client):
    make_item("低保公示")
    index_all()
    ask(client, "低保")
    ask(client, "低保", {**BO, "HTTP_USER_AGENT": FIREFOX})
    assert counts("低保") == (2, 0, 1, 0)
    assert QuestionDay.objects.get().abandoned == 1


@pytest.mark.parametrize(
    "said", ["", "x", "a:b:c:d", "https://evil.example/", "é" * 99]
)
def test_what_was_not_signed_counts_for_nothing(client, said):
    answer = client.post(reverse("search_opened"), query_params={"said": said}, **ANNA)
    log.flush()
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Location" not in answer
    assert not SearchQuestion.objects.exists()


def test_nothing_leads_to_another_site(client):
    make_item("低保公示")
    index_all()
    page = ask(client, "低保").content.decode()
    links = re.findall(r'<ol class="hits">.*?</ol>', page, re.DOTALL)[0]
    addresses = re.findall(r'(?:href|ping)="([^"]*)"', links)
    assert addresses
    assert all(re.match(r"/(?!/)", address) for address in addresses)
    assert client.get(reverse("search_opened")).status_code == 405
    for name in ("url", "next", "to", "said"):
        answer = client.post(f"{reverse('search_opened')}?{name}=//evil.example")
        assert answer.status_code == 204
        assert "evil" not in str(answer.headers)


def test_a_result_that_was_taken_back_is_not_counted(client):
    item = make_item("低保公示")
    index_all()
    page = ask(client, "低保")
    item.unpublish()
    open_first(client, page)
    assert not OpenedHit.objects.exists()
    assert counts("低保") == (1, 0, 1, 0)


def test_a_ping_is_good_for_a_day(client):
    make_item("低保公示")
    index_all()
    with at("2026-05-04 03:00"):
        page = ask(client, "低保")
    with at("2026-05-05 03:01"):
        open_first(client, page)
    assert not OpenedHit.objects.exists()


# never in the way


def test_a_search_asks_the_database_no_more_for_being_noted(client):
    make_item("低保公示")
    index_all()
    ask(client, "低保")

    def queries(**who):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("search"), {"q": "低保"}, **who)
        return [query["sql"] for query in asked.captured_queries]

    robot = {"REMOTE_ADDR": "10.1.1.1", "HTTP_USER_AGENT": "curl"}
    assert len(queries(**ANNA)) == len(queries(**robot))
    assert not [sql for sql in queries(**BO) if sql.startswith(("INSERT", "UPDATE"))]


def test_a_database_that_refuses_loses_counts_but_no_search(
    client, monkeypatch, caplog
):
    def refuse(notes):
        raise DatabaseError("locked")

    monkeypatch.setattr(log_writing, "write", refuse)
    assert ask(client, "低保").status_code == 200
    assert "1 notes of searches are lost" in caplog.text
    assert "低保" not in caplog.text
    monkeypatch.undo()
    ask(client, "低保", BO)
    assert SearchQuestion.objects.count() == 1


def test_noting_takes_next_to_no_time(client, rf):
    request = rf.get("/search/", {"q": "低保怎么办"}, **ANNA)
    request.user = AnonymousUser()
    address = Address.read(request.GET)
    log.asked(request, address, 3)
    started = time.perf_counter()
    for _time in range(100):
        log.asked(request, address, 3)
    assert (time.perf_counter() - started) / 100 < 0.002


def test_a_flood_of_questions_fills_no_table(client, monkeypatch):
    monkeypatch.setattr(log_writing, "MOST_NEW_A_DAY", 5)
    for number in range(9):
        ask(client, f"没有的事情之{number}")
    assert SearchQuestion.objects.count() == 5


def test_one_address_does_not_blind_the_log(client, monkeypatch):
    monkeypatch.setattr(log, "PER_HOUR", 4)
    monkeypatch.setattr(log_writing, "MOST_NEW_A_DAY", 5)
    for number in range(9):
        ask(
            client,
            f"没有的事情之{number}",
            {**ANNA, "HTTP_USER_AGENT": f"{CHROME}{number}"},
        )
    assert SearchQuestion.objects.count() == 4
    ask(client, "低保怎么办", BO)
    assert counts("低保怎么办") == (1, 1, 0, 0)


def test_what_came_in_together_is_written_in_one_transaction(client, monkeypatch):
    for number in range(6):
        client.get(reverse("search"), {"q": f"没有的事情之{number}"}, **ANNA)
    begun, atomic = [], transaction.atomic
    counted = SimpleNamespace(atomic=lambda: begun.append(1) or atomic())
    monkeypatch.setattr(log_writing, "transaction", counted)
    assert log.flush() == 6
    assert len(begun) == 1
    assert SearchQuestion.objects.count() == 6


def test_a_process_remembers_only_so_many_visits(client, monkeypatch):
    make_item("低保公示")
    index_all()
    monkeypatch.setattr(log_writing, "MOST_REMEMBERED", 3)
    for number in range(4):
        page = ask(client, "低保", house(number))
        open_first(client, page, house(number))
    assert len(log_writing._visits) == 3
    assert counts("低保") == (4, 0, 4, 4)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_waits_is_written_by_itself_a_moment_later(client, settings):
    settings.GONGKAI_SEARCH_LOG_AFTER_S = 0.05
    client.get(reverse("search"), {"q": "低保"}, **ANNA)
    client.get(reverse("search"), {"q": "医保"}, **ANNA)
    until = time.monotonic() + 20
    while SearchQuestion.objects.count() < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert SearchQuestion.objects.count() == 2
    assert not log._waiting


def test_what_was_opened_is_forgotten_and_what_staff_judged_is_not():
    with at("2026-05-04 03:00"):
        for source in SearchJudgement.Source.values:
            SearchJudgement.objects.create(question="低保", key="x", source=source)
    with at("2027-06-30 03:00"):
        forget()
    assert SearchJudgement.objects.get().source == "staff"
