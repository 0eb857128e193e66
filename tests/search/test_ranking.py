"""The order of hits: one rule, whatever engine found them."""

from dataclasses import replace

import pytest

from search.citations import Citations, work_of
from search.documents import number_of
from search.query import make_query
from search.ranking import (
    BASE,
    QUESTIONS,
    Candidates,
    Evidence,
    Ranking,
    Rule,
    shares,
)

from .conftest import make_document

NOTHING = Evidence({}, {})


def candidates(*rows, **columns):
    """Candidates of (score, number); each is a work of its own."""
    numbers = [number for _score, number in rows]
    zeros = [0] * len(rows)
    given = {
        "number": numbers,
        "work": numbers,
        "section": zeros,
        "category": zeros,
        "day": zeros,
        "void": zeros,
    } | columns
    return Candidates.of([score for score, _number in rows], list(given.values()))


def places(ranking, found, evidence=NOTHING):
    return ranking.order(found, lambda _numbers: evidence)[1].tolist()


def test_what_is_named_often_comes_before_what_scores_a_little_better():
    known = Ranking(BASE, Citations({2: 1.0}, {}))
    assert places(known, candidates((10.0, 1), (8.0, 2))) == [1, 0]
    assert places(known, candidates((10.0, 1), (7.0, 2))) == [0, 1]


def test_the_prior_is_bounded():
    both = Citations({2: 1.0}, {2: 1.0})
    rule = replace(BASE, of_work=5.0, of_document=5.0)
    assert places(Ranking(rule, both), candidates((10.0, 1), (6.6, 2))) == [0, 1]
    assert places(Ranking(rule, both), candidates((10.0, 1), (6.7, 2))) == [1, 0]


def test_the_prior_can_be_switched_off_for_a_category():
    work = number_of("work")
    found = candidates((10.0, 1), (8.0, 2), category=[0, work])
    known = Ranking(BASE, Citations({2: 1.0}, {}), frozenset([work]))
    assert places(known, found) == [0, 1]


@pytest.mark.parametrize("rule", [BASE, QUESTIONS])
def test_what_is_void_counts_half(rule):
    found = candidates((10.0, 1), (6.0, 2), void=[1, 0])
    plain = replace(rule, weights=dict.fromkeys(rule.weights, 0.0) | {"bm25": 1.0})
    if not rule.weights:
        plain = rule
    assert places(Ranking(plain), found) == [1, 0]


def test_features_are_bounded_and_know_their_work_and_section():
    found = candidates(
        *((8.0, 1), (4.0, 2), (2.0, 3), (2.0, 4)),
        work=[7, 7, 7, 9],
        section=[1, 2, 2, 2],
    )
    evidence = Evidence({1: 1.0, 2: 4.0}, {1: 0.5})
    rows = Ranking(QUESTIONS, Citations({9: 1.0}, {2: 0.5})).features(
        found, lambda _numbers: evidence
    )
    assert rows[:, 1].tolist() == [0, 0, 0, 1]
    assert rows[:, 2].tolist() == [0, 0.5, 0, 0]
    assert rows[:, 3].tolist() == [0.25, 1, 0, 0]
    assert rows[:, 4].tolist() == [0.5, 0, 0, 0]
    assert rows[:, 5] == pytest.approx([14 / 24] * 3 + [2 / 24])
    assert rows[:, 6].tolist() == [1, 0.5, 0.5, 0.25]


def test_only_the_kept_are_weighed_and_none_is_lost():
    rule = Rule("few", fetch=4, keep=2, weights=QUESTIONS.weights)
    found = candidates((9.0, 1), (8.0, 2), (7.0, 3), (6.0, 4))
    asked = []

    def gather(numbers):
        asked.extend(numbers.tolist())
        return Evidence({2: 1.0}, {2: 1.0})

    order = Ranking(rule).order(found, gather)[1].tolist()
    assert (asked, order) == ([1, 2], [1, 0, 2, 3])


def test_shares_are_of_rarity():
    found = shares({"常见": 90, "少见": 1, "没有": 0}, 100)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["没有"] > found["少见"] > found["常见"]
    assert shares({}, 100) == {}


# with the engines


@pytest.fixture(
    params=["local", pytest.param("elastic", marks=pytest.mark.elasticsearch)]
)
def engine(request):
    return request.getfixturevalue(request.param)


def statutes(engine):
    texts = {
        "一": "申请救助应当向乡镇人民政府提出。",
        "二": "乡镇人民政府应当公示。",
        "三": "救助的申请和公示，由乡镇人民政府办理，费用由财政承担。",
    }
    documents = [
        make_document(number, title=f"救助法第{name}条", text=text, section="总则")
        for number, (name, text) in enumerate(texts.items(), 1)
    ]
    engine.put_many([(1, document) for document in documents])
    return documents


@pytest.mark.parametrize("rule", [BASE, QUESTIONS])
def test_pages_fit_together_under_each_rule(engine, rule):
    engine.put_many(
        [
            (1, make_document(n, text="救助 " * (n % 5 + 1), title=f"救助通知{n}"))
            for n in range(1, 41)
        ]
    )
    small = Ranking(replace(rule, fetch=20, keep=10))
    found = [
        hit.key
        for page in range(1, 7)
        for hit in engine.search(
            make_query("救助", page=page, page_size=7, ranking=small)
        ).hits
    ]
    assert len(found) == len(set(found)) == 40


def test_a_sentence_finds_what_holds_only_some_of_its_words(engine):
    documents = statutes(engine)
    question = make_query(
        "请问村里的老人想要申请救助，应该找谁提出来呢", ranking=Ranking(QUESTIONS)
    )
    result = engine.search(question)
    assert (result.total, result.relaxed) == (3, True)
    assert result.hits[0].key == documents[0].key


def test_its_own_number_comes_before_every_weight(engine):
    engine.put_many(
        [
            (
                1,
                make_document(1, title="公示", document_number="柳政发〔2026〕7号"),
            ),
            (1, make_document(2, title="柳政发〔2026〕7号 的 说明 " * 3)),
        ]
    )
    known = Ranking(QUESTIONS, Citations({work_of("公示"): 0.0}, {}))
    hits = engine.search(make_query("柳政发〔2026〕7号", ranking=known)).hits
    assert hits[0].document.title == "公示"


def test_headings_above_a_text_are_found(engine):
    statutes(engine)
    assert engine.search(make_query("总则")).total == 3
    assert engine.search(make_query("分则")).total == 0
