"""What was asked in vain, as a list on the desk, and what is done about it."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from wagtail.models import ModelLogEntry

from disclosure_pages.public_state import public_keys, public_states
from search import engines, questions
from search.builder import build_document
from search.log_writing import digest_of
from search.models import QuestionDay, SearchJudgement, SearchQuestion
from tests.factories import make_item
from tests.security.people import make_attacker

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 10, 20)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-10-20T04:00:00Z", tick=False):
        yield


@pytest.fixture
def officer(client, people):
    client.force_login(people["officer"])
    return client


def make_question(text="暂住证", *, days_ago=0, known=True, **counts):
    day = TODAY - dt.timedelta(days_ago)
    row, _made = SearchQuestion.objects.get_or_create(
        digest=digest_of(text),
        defaults={"text": text if known else "", "first_on": day, "last_on": day},
    )
    counts = counts or {"asked": 2, "zero": 2}
    QuestionDay.objects.create(question=row, day=day, **counts)
    return row


def listed():
    return [(t.text, t.asked, t.zero, t.abandoned) for t in questions.waiting()]


def test_what_found_nothing_comes_first_by_how_often():
    make_question("甲问题", asked=3, zero=1)
    make_question("乙问题", asked=9, zero=9)
    make_question("乙问题", days_ago=3, asked=1, zero=1)
    assert listed() == [("乙问题", 10, 10, 0), ("甲问题", 3, 1, 0)]


def test_results_that_most_did_not_open_are_on_the_list():
    make_question("甲问题", asked=8, told=6, opened=1)
    make_question("乙问题", asked=8, told=6, opened=5)
    assert listed() == [("甲问题", 8, 0, 5)]


def test_what_is_old_or_whose_words_are_not_known_is_not_listed():
    make_question("早先问的", days_ago=31)
    make_question("一个人问的", known=False)
    assert listed() == []


def test_what_was_settled_comes_again_when_it_is_asked_in_vain_later(people):
    row = make_question(days_ago=1)
    questions.settle(row, "synonym", people["officer"])
    assert listed() == []
    with time_machine.travel("2026-10-21T04:00:00Z", tick=False):
        QuestionDay.objects.create(
            question=row, day=TODAY + dt.timedelta(1), asked=1, zero=1
        )
        assert listed() == [("暂住证", 1, 1, 0)]
        questions.settle(row, "ignore", people["officer"])
    with time_machine.travel("2026-10-23T04:00:00Z", tick=False):
        QuestionDay.objects.create(
            question=row, day=TODAY + dt.timedelta(3), asked=1, zero=1
        )
        assert listed() == []


# on the desk


def page(client, **data):
    return client.get(reverse("gongkai_search_questions"), data).content.decode()


def settle(client, row, way):
    return client.post(reverse("gongkai_search_settle", args=[row.pk]), {"way": way})


@pytest.mark.parametrize(
    ("way", "leads"),
    [
        ("publish", "/admin/publish/?title="),
        ("synonym", "/admin/snippets/gongkai_search/synonym/add/?words="),
        ("bet", "/admin/snippets/gongkai_search/bestbet/add/?words="),
    ],
)
def test_each_way_out_leads_to_a_form_with_the_words_filled_in(officer, way, leads):
    row = make_question()
    assert "暂住证" in page(officer)
    answer = settle(officer, row, way)
    assert answer.url == f"{leads}%E6%9A%82%E4%BD%8F%E8%AF%81"
    assert (
        "暂住证</textarea>"
        in (text := officer.get(answer.url).content.decode()).replace("\n", "")
        or 'value="暂住证"' in text
    )
    assert "没有待办" in page(officer)
    assert "暂住证" in page(officer, state="settled")
    entry = ModelLogEntry.objects.get(action="gongkai.search_settle")
    assert (entry.user.username, entry.data["way"]) == ("officer", way)


def test_what_is_ignored_can_be_put_back(officer):
    row = make_question()
    assert settle(officer, row, "ignore").url == reverse("gongkai_search_questions")
    assert listed() == []
    settle(officer, row, "again")
    assert len(listed()) == 1
    assert ModelLogEntry.objects.filter(action="gongkai.search_again").exists()


def test_nonsense_changes_nothing(officer):
    row, unknown = make_question(), make_question("一个人问的", known=False)
    assert settle(officer, row, "delete").status_code == 400
    assert settle(officer, row, "").status_code == 400
    assert settle(officer, unknown, "ignore").status_code == 404
    address = reverse("gongkai_search_settle", args=[row.pk])
    assert officer.get(address).status_code == 405
    assert len(listed()) == 1


def test_the_inspector_reads_and_changes_nothing(client, people):
    row = make_question()
    client.force_login(make_attacker("inspector"))
    text = page(client)
    assert "暂住证" in text
    assert 'value="ignore"' not in text
    assert settle(client, row, "ignore").status_code in (302, 403)
    assert len(listed()) == 1
    client.force_login(people["clerk"])
    assert client.get(reverse("gongkai_search_questions")).status_code in (302, 403)


def test_a_question_is_shown_as_text(officer):
    make_question("<script>alert(1)</script>")
    assert "<script>alert(1)" not in page(officer)


def test_queries_do_not_grow_with_the_questions(officer, django_assert_max_num_queries):
    make_question()
    page(officer)
    with django_assert_max_num_queries(40) as few:
        page(officer)
    for number in range(20):
        make_question(f"问题{number}")
    with django_assert_max_num_queries(40) as many:
        page(officer)
    assert len(many) <= len(few)


# the test page


@pytest.fixture
def asked(officer, home_index):
    """Ask on the test page, over the site's own index."""

    def ask(text):
        states = public_states(public_keys()).values()
        engines.get("local").rebuild((1, build_document(state)) for state in states)
        return officer.get(reverse("gongkai_search_try"), {"q": text})

    return ask


def test_the_test_page_says_why_and_takes_judgements(officer, asked):
    item = make_item("低保公示", text="低保金已发放。")
    answer = asked("低保").content.decode()
    assert "低保（标题、正文）" in answer
    form = {"q": "ＬＯＷ 低保", "key": item.key, "good": "1"}
    assert officer.post(reverse("gongkai_search_judge"), form).status_code == 302
    row = SearchJudgement.objects.get()
    assert (row.question, row.key, row.source) == ("low 低保", item.key, "staff")
    officer.post(reverse("gongkai_search_judge"), form | {"good": "0"})
    assert not SearchJudgement.objects.exists()
    actions = ModelLogEntry.objects.filter(action__startswith="gongkai.search_")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "gongkai.search_judge",
        "gongkai.search_unjudge",
    ]


def test_judging_twice_is_judging_once(officer, asked):
    item = make_item("低保公示")
    form = {"q": "低保", "key": item.key, "good": "1"}
    for _time in range(2):
        officer.post(reverse("gongkai_search_judge"), form)
    assert SearchJudgement.objects.get().weight == 1
    assert "好答案</strong>" in asked("低保").content.decode()


def test_only_what_is_public_can_be_judged(officer):
    draft = make_item("草稿", live=False)
    form = {"q": "低保", "key": draft.key, "good": "1"}
    assert officer.post(reverse("gongkai_search_judge"), form).status_code == 400
    assert not SearchJudgement.objects.exists()


@pytest.mark.parametrize("key", ["x", "", "z" * 32, "-" * 32, "a.\0b", "\0" * 32])
@pytest.mark.parametrize("good", ["1", "0"])
def test_what_is_no_key_is_refused_with_a_sentence(officer, key, good):
    form = {"q": "低保", "key": key, "good": good}
    answer = officer.post(reverse("gongkai_search_judge"), form, follow=True)
    assert "没有这一条信息" in answer.content.decode()
    assert not SearchJudgement.objects.exists()


def test_the_inspector_does_not_judge(client, people, asked):
    item = make_item("低保公示")
    client.force_login(make_attacker("inspector"))
    assert "是好答案</button>" not in asked("低保").content.decode()
    form = {"q": "低保", "key": item.key, "good": "1"}
    client.force_login(make_attacker("inspector"))
    answer = client.post(reverse("gongkai_search_judge"), form)
    assert answer.status_code in (302, 403)
    assert not SearchJudgement.objects.exists()
