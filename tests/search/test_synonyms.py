"""Words that mean the same: who types one finds the others, a little lower."""

import re

import pytest
from django.core.exceptions import ValidationError

from search import dictionary, highlight, services
from search.models import Synonym
from search.query import make_query, parse

from .conftest import make_document

SAME = {"低保": ("最低生活保障",), "最低生活保障": ("低保",)}


@pytest.fixture(
    params=["local", pytest.param("elastic", marks=pytest.mark.elasticsearch)]
)
def engine(request):
    engine = request.getfixturevalue(request.param)
    titles = ["低保对象公示", "最低生活保障对象公示", "对象公示", "农村最低水位"]
    engine.put_many(
        [(1, make_document(n, title=title)) for n, title in enumerate(titles, 1)]
    )
    return engine


def titles(engine, text, synonyms):
    query = make_query(parsed=parse(text, synonyms))
    return [hit.document.title for hit in engine.search(query).hits]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("低保", ["低保对象公示", "最低生活保障对象公示"]),
        ("最低生活保障", ["最低生活保障对象公示", "低保对象公示"]),
        ("最低生活保障公示 对象", ["最低生活保障对象公示", "低保对象公示"]),
    ],
)
def test_what_was_typed_comes_first_and_the_others_follow(engine, typed, found):
    assert titles(engine, typed, SAME)[:2] == found
    assert found[1] not in titles(engine, typed, {})[:1]


def test_minus_and_quotes_mean_what_they_say(engine):
    without = titles(engine, "公示 -低保", SAME)
    assert sorted(without) == ["对象公示", "最低生活保障对象公示"]
    assert titles(engine, "“低保”", SAME) == ["低保对象公示"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("低保", "至少写两个词"),
        ("低、最低生活保障", "不是 2 到 12 字的词"),
        ("救济、<b>x</b>", "不是 2 到 12 字的词"),
        ("救济、救濟", "至少写两个词"),
        ("低保、救济", "已在另一行"),
    ],
)
@pytest.mark.django_db
def test_rows_that_say_nothing_are_refused(words, reason):
    Synonym.objects.all().delete()
    Synonym.objects.create(words="低保、最低生活保障")
    with pytest.raises(ValidationError) as refused:
        Synonym(words=words).full_clean()
    assert reason in str(refused.value)


@pytest.mark.django_db
def test_everyday_words_are_there_and_can_be_switched_off(home_index, monkeypatch):
    monkeypatch.setattr(services, "publicly_visible", set)
    home_index.rebuild([(1, make_document(1, title="最低生活保障对象公示"))])
    dictionary.forget()
    [hit] = services.find(services.Asked("低保")).hits
    assert "<mark>最低生活保障</mark>" in hit.title
    Synonym.objects.filter(words__contains="低保").update(enabled=False)
    dictionary.forget()
    assert services.find(services.Asked("低保", verbatim=True)).hits == []


def test_of_what_means_the_same_only_whole_words_are_marked():
    parsed = parse("低保", SAME)
    text = "低保家庭的日常生活用电由最低生活保障资金支付"
    marked = highlight.snippet(text, parsed)
    assert marked.count("<mark>") == 2
    assert "<mark>最低生活保障</mark>" in marked


@pytest.mark.django_db
def test_the_officer_keeps_them_and_a_clerk_does_not(client, people):
    add = "/admin/snippets/gongkai_search/synonym/add/"
    client.force_login(people["officer"])
    answer = client.post(add, {"words": "孤老、孤寡老人", "enabled": "on"})
    assert answer.status_code == 302
    assert Synonym.others()["孤老"] == ("孤寡老人",)
    listed = client.get("/admin/snippets/gongkai_search/synonym/").content.decode()
    assert "孤老、孤寡老人" in listed
    assert "icon-success" in listed
    assert ">True<" not in re.sub(r"\s+", "", listed)
    client.force_login(people["clerk"])
    assert client.get(add).status_code in (302, 403)
    assert client.post(add, {"words": "甲乙、丙丁"}).status_code in (302, 403)
    assert "甲乙" not in Synonym.others()


@pytest.fixture
def tried(home_index, monkeypatch, client, people):
    """Press 试一试 as the officer; returns the row's page."""
    monkeypatch.setattr(services, "publicly_visible", set)
    titles = ["暂住证办理", "居住证办理", "居住证换领"]
    home_index.rebuild(
        (1, make_document(n, title=title)) for n, title in enumerate(titles, 1)
    )
    dictionary.forget()
    client.force_login(people["officer"])

    def press(words, pk=None):
        base = "/admin/snippets/gongkai_search/synonym/"
        address = f"{base}edit/{pk}/" if pk else f"{base}add/"
        form = {"words": words, "enabled": "on", "action-try": "1"}
        return client.post(address, form)

    yield press
    dictionary.forget()


@pytest.mark.django_db
def test_a_row_can_be_tried_before_it_is_saved(tried):
    before = list(Synonym.objects.values_list("pk", "words"))
    answer = tried("暂住证、居住证")
    assert answer.status_code == 200
    [first, second] = answer.context["tried"]
    assert (first.word, first.before, first.after) == ("暂住证", 1, 3)
    assert first.rows == [
        ("暂住证办理", False),
        ("居住证办理", True),
        ("居住证换领", True),
    ]
    assert (second.before, second.after) == (2, 3)
    text = answer.content.decode()
    assert "试的结果（还没有保存）" in text
    assert 'value="暂住证、居住证"' in text
    assert list(Synonym.objects.values_list("pk", "words")) == before
    assert "暂住证" not in dictionary.synonyms()


@pytest.mark.django_db
def test_a_saved_row_is_tried_against_what_it_says_now(tried):
    row = Synonym.objects.create(words="暂住证、居住证")
    dictionary.forget()
    [first, second] = tried("暂住证、身份牌", row.pk).context["tried"]
    assert (first.word, first.before, first.after) == ("暂住证", 3, 1)
    assert (second.before, second.after) == (0, 1)
    row.refresh_from_db()
    assert row.words == "暂住证、居住证"


@pytest.mark.django_db
def test_words_that_would_be_refused_are_not_tried(tried):
    answer = tried("暂")
    assert answer.status_code == 200
    assert answer.context["tried"] is None
    assert "至少写两个词" in answer.content.decode() or "不是 2 到 12 字的词" in (
        answer.content.decode()
    )
