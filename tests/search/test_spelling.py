"""Did you mean: only terms of this site, only when little is found, never figures."""

import pytest

from search import spelling
from search.models import SearchTerm

from .conftest import make_document

pytestmark = pytest.mark.django_db
TITLES = [
    "最低生活保障对象公示",
    "宅基地审批结果公示",
    "残疾人两项补贴发放办法",
    "城乡居民医疗保险通知",
    "施工许可公告",
]


@pytest.fixture
def terms():
    return spelling.learn(
        TITLES, ["竹里村", "政府信息公开指南", "x", "很长的名称不是一个词"]
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("最低生活保章", "最低生活保障"),  # sounds the same
        ("宅基弟审批", "宅基地审批"),
        ("政府信息公开指蓝", "政府信息公开指南"),  # l and n
        ("竹李村公示", "竹里村公示"),
        ("残疾入补贴", "残疾人补贴"),  # looks alike
        ("ｚ２０２６年公式", "z2026年公示"),
        ("宅基弟 -竹李村 “宅基弟”", "宅基地 -竹李村 “宅基弟”"),
        (f"宅基弟 {'x' * 60}", f"宅基地 {'x' * 60}"),
    ],
)
def test_one_wrong_character_is_put_right(terms, typed, meant):
    assert spelling.corrected(typed) == meant


@pytest.mark.parametrize(
    "typed", ["公示公告", "最低生活保障对象", "2026", "zfxxgk", "", "！？", "竹里村"]
)
def test_what_is_known_or_no_word_stays(terms, typed):
    assert spelling.corrected(typed) == ""


def test_terms_are_replaced_when_learned_again(terms):
    assert SearchTerm.objects.count() == terms
    assert spelling.learn(["新的标题"], []) == SearchTerm.objects.count()
    assert not SearchTerm.objects.filter(text="竹里村").exists()


def test_long_questions_cost_two_queries_more_than_none(
    terms, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3):
        spelling.corrected("没有这样的词" * 50)


# in the search


@pytest.fixture
def found(home_index, terms, monkeypatch):
    monkeypatch.setattr("search.services.publicly_visible", set)
    home_index.rebuild(
        [(1, make_document(n, title=title)) for n, title in enumerate(TITLES, 1)]
    )


def test_the_page_says_what_it_looked_for_instead(client, found):
    page = client.get("/search/", {"q": "宅基弟审批"}).content.decode()
    assert "已显示“宅基地审批”的结果" in page
    assert "宅基地审批结果公示" in page.replace("<mark>", "").replace("</mark>", "")
    assert "verbatim=1" in page


def test_what_shall_be_taken_as_typed_is(client, found):
    page = client.get("/search/", {"q": "宅基弟审批", "verbatim": "1"}).content.decode()
    assert "已显示" not in page


def test_one_item_with_the_meant_word_is_enough(client, home_index, monkeypatch):
    monkeypatch.setattr("search.services.publicly_visible", set)
    titles = ["竹里村低保公示", *(f"低保工作通知之{n}" for n in range(30))]
    home_index.rebuild(
        [(1, make_document(n, title=title)) for n, title in enumerate(titles, 1)]
    )
    spelling.learn(titles, ["竹里村"])
    answer = client.get("/api/v1/search", {"q": "竹李村 低保"}).json()
    assert answer["corrected"] == "竹里村 低保"
    assert answer["results"][0]["title"] == "竹里村低保公示"


def test_a_question_with_hits_is_answered_as_it_is(client, found, monkeypatch):
    monkeypatch.setattr(spelling, "corrected", lambda _text: pytest.fail("asked"))
    question = "宅基弟审批怎么办？公示、补贴和通知在哪里"
    answer = client.get("/api/v1/search", {"q": question}).json()
    assert answer["total"] >= 3


def test_the_api_says_so_too(client, found):
    answer = client.get("/api/v1/search", {"q": "宅基弟审批"}).json()
    assert (answer["corrected"], answer["total"]) == ("宅基地审批", 1)
    answer = client.get("/api/v1/search", {"q": "宅基地审批"}).json()
    assert (answer["corrected"], answer["total"]) == ("", 1)
