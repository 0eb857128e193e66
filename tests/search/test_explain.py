"""Why a hit stands where it stands, said alike for both engines."""

from dataclasses import replace

import pytest

from search import dictionary, explain, services, site_ranking
from search.citations import Citations
from search.documents import number_of
from search.fields import EXACT_SCORE, TITLE_SCORE
from search.ranking import BASE, FEATURES, QUESTIONS, Ranking

from .conftest import make_document

pytestmark = pytest.mark.django_db
DOCUMENTS = [
    make_document(1, title="低保对象公示", text="低保金已发放。低保名单见附件。"),
    make_document(2, title="救助通知", text="符合低保条件的可以申请。"),
    make_document(3, title="低保办法", text="低保的标准。", validity="repealed"),
    make_document(
        4, title="防汛通知", text="水库。", document_number="云政〔2026〕4号"
    ),
    make_document(5, title="最低生活保障标准", text="每月发放。"),
]


@pytest.fixture(
    params=["local", pytest.param("elastic", marks=pytest.mark.elasticsearch)]
)
def engine(request, monkeypatch):
    engine = request.getfixturevalue(request.param)
    engine.put_many([(1, document) for document in DOCUMENTS])
    monkeypatch.setattr(services, "_ask", engine.search)
    monkeypatch.setattr(services, "publicly_visible", set)
    dictionary.forget()
    return engine


@pytest.fixture
def ranked(monkeypatch):
    """Let the site rank by this."""

    def rank(ranking):
        monkeypatch.setattr(site_ranking, "current", lambda: ranking)

    rank(Ranking())
    return rank


def reasons(text):
    return {reason.document.title: reason for reason in explain.explain(text).reasons}


def test_the_order_and_the_scores_are_those_that_readers_get(engine, ranked):
    asked = services.find(services.Asked("低保", verbatim=True))
    told = explain.explain("低保")
    assert [r.document.key for r in told.reasons] == [
        hit.document.key for hit in asked.hits
    ]
    assert [r.score for r in told.reasons] == pytest.approx(
        [hit.score for hit in asked.hits]
    )
    assert [r.place for r in told.reasons] == [1, 2, 3, 4][: len(told.reasons)]


def test_the_parts_make_up_the_score(engine, ranked):
    works = {number_of("x"): 3}
    ranked(Ranking(citations=Citations.of(works, {DOCUMENTS[1].number: 4})))
    found = explain.explain("低保 发放")
    assert found.reasons
    for reason in found.reasons:
        parts = sum(value for _name, value in reason.parts)
        assert parts == pytest.approx(reason.bm25, rel=1e-3)
        whole = reason.bm25 * reason.prior * reason.validity + reason.pin
        assert whole == pytest.approx(reason.score, rel=1e-3)


def test_citations_raise_and_repeal_halves(engine, ranked):
    ranked(Ranking(citations=Citations.of({}, {DOCUMENTS[1].number: 4})))
    told = reasons("低保")
    assert told["救助通知"].prior > 1
    assert told["低保对象公示"].prior == 1
    assert told["低保办法"].validity == 0.5
    assert told["低保对象公示"].validity == 1


def test_a_number_and_a_whole_title_are_pinned(engine, ranked):
    pinned = reasons("云政〔2026〕4号")["防汛通知"]
    assert pinned.pin >= EXACT_SCORE
    assert pinned.place == 1
    assert reasons("低保对象公示")["低保对象公示"].pin == pytest.approx(TITLE_SCORE)
    assert reasons("低保")["低保对象公示"].pin == pytest.approx(0, abs=1e-6)


def test_the_place_before_is_that_of_the_words_alone(engine, ranked, monkeypatch):
    monkeypatch.setattr(Ranking, "for_words", lambda ranking: ranking)
    told = explain.explain("低保").reasons
    by_words = sorted(told, key=lambda reason: -reason.bm25)
    assert [r.before for r in by_words] == list(range(1, len(told) + 1))
    first = by_words[0].document
    ranked(Ranking(replace(BASE, most=99.0, of_document=99.0), Citations.of(
        {}, {told[-1].document.number: 4})))  # fmt: skip
    raised = next(
        r
        for r in explain.explain("低保").reasons
        if r.document.key == told[-1].document.key
    )
    assert (raised.place, raised.before) == (1, len(told))
    assert first.key != raised.document.key


def test_words_are_told_with_their_places(engine, ranked):
    told = reasons("低保 发放")["低保对象公示"]
    assert dict(told.matched) == {"低保": "标题、正文", "发放": "正文"}
    same = reasons("低保")["最低生活保障标准"]
    assert dict(same.matched) == {"低保": "", "最低生活保障": "标题"}
    assert same.missing == ("低保",)
    assert [name for name, _value in same.parts] == ["同义词"] or same.parts


def test_a_rule_with_weights_tells_what_each_adds(engine, ranked):
    ranked(Ranking(QUESTIONS))
    told = explain.explain("低保怎么申请？")
    assert told.rule == "questions"
    for reason in told.reasons:
        assert len(reason.features) == len(FEATURES)
        added = sum(value for _name, value in reason.features)
        assert added == pytest.approx(reason.score - reason.pin, abs=0.7)


def test_nothing_asked_and_nothing_found_have_no_reasons(engine, ranked):
    assert explain.explain("没有的东西").reasons == []
    assert explain.explain("？").reasons == []
