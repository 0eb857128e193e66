"""What past questions teach, and that nothing of it ranks before it should."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from search import site_ranking
from search.citations import work_of
from search.documents import number_of
from search.learning import store
from search.learning.fit import L2, Asked, fitted
from search.learning.learn import NAMES, Classroom, Labelled, rule_of
from search.learning.measures import COLUMNS
from search.learning.memory import Memory, Past, telling
from search.models import LearnedRanking, SearchJudgement
from search.query import make_query
from search.ranking import BASE, QUESTIONS, Ranking
from search.tokens import PIPELINE_VERSION

from . import known_items
from .conftest import make_document

SUBJECTS = {
    "看病": "医疗救助对象可以申请救助金。",
    "盖房": "宅基地审批由乡镇人民政府办理。",
    "打工": "劳务派遣单位应当订立合同。",
    "种田": "耕地保护补贴按面积发放。",
    "养老": "特困人员供养标准每年公布。",
}
FIGURES = {
    "gains": dict.fromkeys(COLUMNS, (2.0, 1.0, 3.0)),
    "before": {},
    "after": {},
}


def collection():
    """Five answers in the law's words and forty documents in the askers' own."""
    answers = [
        make_document(number, title=f"{word}办法", text=f"村里的人：{text * 3}")
        for number, (word, text) in enumerate(
            [(f"第{n}号", text) for n, text in enumerate(SUBJECTS.values())], 1
        )
    ]
    words = list(SUBJECTS)
    others = [
        make_document(100 + n, title=f"通知{n}", text=f"村里{words[n % 5]}的人很多。")
        for n in range(40)
    ]
    return answers, [*answers, *others]


def questions(answers):
    asked = [
        f"村里的人{{}}{end}" for end in ("问谁？", "怎么办？", "有什么说法？", "呢？")
    ]
    return [
        Labelled(pattern.format(word), frozenset([answer.key]))
        for pattern in asked
        for word, answer in zip(SUBJECTS, answers, strict=True)
    ]


@pytest.fixture
def taught(local):
    """A classroom over the small collection."""
    answers, documents = collection()
    local.rebuild((1, document) for document in documents)
    return Classroom(questions(answers), documents, local, Ranking())


def test_answers_in_other_words_are_found_by_what_was_asked_before(taught):
    lesson = taught.lesson()
    assert lesson.before["MRR@10"] < 50 < lesson.after["MRR@10"]
    assert lesson.gains["MRR@10"].low > 0
    assert lesson.questions == 20


def test_no_question_is_ranked_by_a_memory_of_itself(taught):
    seen = []
    whole = taught.remember
    taught.remember = lambda asked: seen.append(list(asked)) or whole(seen[-1])
    for fold, name in enumerate(taught.folds):
        assert all(
            q.fold == fold for q in taught.questions if q.question in name.unseen
        )
    for asked in seen:
        assert len({q.fold for q in asked}) < 5


def test_fitted_weights_cannot_be_bettered_by_a_small_step():
    chance = np.random.default_rng(7)
    true = np.array([2.0, -1.0, 0.0])
    asked = []
    for count in chance.integers(5, 40, 50):
        rows = chance.normal(size=(count, 3)) * [1.0, 0.1, 5.0]
        order = np.argsort(-(rows / [1.0, 0.1, 5.0]) @ true)
        answers = np.isin(np.arange(count), order[:2])
        asked.append(Asked(list(range(count)), rows, answers))
    asked.append(Asked([0], np.ones((1, 3)), np.zeros(1, np.bool_)))  # unanswered
    weights = fitted(asked)
    assert weights[0] > 0 > weights[1]
    best = likelihood(asked, weights)
    for place, size in enumerate([1.0, 10.0, 0.2]):
        for change in (-0.05, 0.05):
            other = weights.copy()
            other[place] += change * size
            assert likelihood(asked, other) < best


def likelihood(asked, weights):
    """The mean log mass of the answers with L2, straight from its definition."""
    known = [one for one in asked if one.answers.any()]
    spread = np.vstack([one.rows for one in known]).std(0)
    value = 0.0
    for one in known:
        mass = np.exp(one.rows @ weights)
        value += np.log(mass[one.answers].sum() / mass.sum()) / len(known)
    return value - L2 * np.square(weights * spread).sum()


def test_what_is_no_sentence_teaches_nothing_and_keeps_its_order(taught, local):
    answers, documents = collection()
    room = Classroom([Labelled("低保", frozenset())], documents, local, Ranking())
    assert room.questions == []
    known = taught.lesson()
    ranking = Ranking(QUESTIONS).having(known.memory, known.rule)
    assert make_query("通知", ranking=ranking).ranking.rule is BASE
    assert make_query("通知在哪里？", ranking=ranking).ranking.rule is known.rule


def test_a_lesson_survives_being_kept(taught, db):
    lesson = taught.lesson()
    row = store.save(lesson)
    row.refresh_from_db()
    memory, rule = store.read(row.content)
    assert rule == replace(lesson.rule, weights=dict(lesson.rule.weights))
    asked = ("村里", "里看", "看病"), ("村里", "看病")
    assert memory.hints(*asked) == lesson.memory.hints(*asked)
    assert not row.active


def test_memory_knows_answers_works_and_their_words():
    number, work = number_of("a"), work_of("救助办法")
    memory = Memory(
        [Past(("看病",), ((number, work),)), Past(("盖房",), ((7, 8),))],
        {"看病": 2.0, "盖房": 2.0},
        5.0,
        {number: {"救助": 0.6, "医疗": 0.8}},
        {"看病": {"救助": 0.5}},
    )
    hints = memory.hints(["看病"], ["看病"])
    assert hints.documents == {number: pytest.approx(1.0)}
    assert hints.works == {work: pytest.approx(1.0)}
    assert hints.often == {number: pytest.approx(1 / 3), 7: pytest.approx(1 / 3)}
    assert hints.words[0] == pytest.approx({"医疗": 0.8, "救助": 0.6})
    assert hints.words[1] == {"救助": pytest.approx(1.0)}
    assert memory.hints(["种田"], []).documents == {}


def test_only_the_heaviest_words_tell():
    assert list(telling({"甲": 1.0, "乙": 3.0, "丙": 2.0}, most=2)) == ["乙", "丙"]


# which one ranks


@pytest.fixture
def kept(taught, db):
    """A lesson that may be switched on."""
    lesson = taught.lesson()
    site_ranking.forget()
    yield LearnedRanking.objects.create(
        pipeline=PIPELINE_VERSION,
        questions=store.FEWEST,
        figures=FIGURES,
        content=lesson.as_dict(),
    )
    site_ranking.forget()


def current():
    site_ranking.forget()
    return site_ranking.current()


def test_nothing_learned_ranks_before_it_is_switched_on(kept):
    assert current().memory is None
    call_command("learn_ranking", use=kept.pk)
    assert current().learned.name == "labelled"
    call_command("learn_ranking", off=True)
    assert current().memory is None


@pytest.mark.parametrize(
    "changed",
    [
        {"questions": store.FEWEST - 1},
        {"pipeline": PIPELINE_VERSION - 1},
        {"figures": {"gains": FIGURES["gains"] | {"nDCG@10": (2.0, -0.1, 4.0)}}},
        {"figures": {"gains": FIGURES["gains"] | {"R@100": (-0.5, -1.0, 0.2)}}},
    ],
)
def test_what_is_stale_worse_or_from_too_few_is_refused(kept, changed):
    LearnedRanking.objects.filter(pk=kept.pk).update(**changed)
    with pytest.raises(CommandError):
        call_command("learn_ranking", use=kept.pk)
    assert current().memory is None


@pytest.mark.parametrize(
    "changed",
    [{"pipeline": PIPELINE_VERSION - 1}, {"content": {"memory": {}, "weights": {}}}],
)
def test_a_lesson_that_became_stale_or_broken_is_left_aside(kept, changed):
    store.activate(kept)
    LearnedRanking.objects.filter(pk=kept.pk).update(**changed)
    assert current().memory is None


def test_staff_judgements_come_before_what_was_opened(db):
    sources = SearchJudgement.Source
    rows = [
        ("问一？", "a", sources.OPENED, 9.0),
        ("问一？", "b", sources.STAFF, 1.0),
        ("问二？", "c", sources.OPENED, 6.0),
        ("问二？", "d", sources.OPENED, 3.0),
        ("问二？", "e", sources.OPENED, 2.0),
    ]
    for question, key, source, weight in rows:
        SearchJudgement.objects.create(
            question=question, key=key, source=source, weight=weight
        )
    found = {q.question[1]: q.answers for q in store.judgements()}
    assert found == {"一": {"b"}, "二": {"c", "d"}}


def test_without_judgements_the_command_says_so(db):
    with pytest.raises(CommandError):
        call_command("learn_ranking")


@pytest.mark.elasticsearch
def test_both_engines_give_the_same_order_under_a_lesson(taught, local, elastic):
    _answers, documents = collection()
    elastic.rebuild((1, document) for document in documents)
    lesson = taught.lesson()
    ranking = Ranking().having(lesson.memory, lesson.rule)
    for question in taught.questions:
        query = make_query(question.question, ranking=ranking)
        first, second = (engine.search(query).hits for engine in (local, elastic))
        assert [hit.key for hit in first] == [hit.key for hit in second]
        for one, other in zip(first, second, strict=True):
            assert one.score == pytest.approx(other.score, rel=1e-3, abs=1e-3)


def test_every_feature_has_a_weight():
    with pytest.raises(KeyError):
        store.read({"memory": Memory().as_dict(), "weights": {}})
    weights = dict.fromkeys(NAMES, 1.0)
    _memory, rule = store.read({"memory": Memory().as_dict(), "weights": weights})
    assert rule == rule_of(weights)


def test_known_items_are_ordered_as_if_nothing_was_learned():
    known = Ranking(QUESTIONS).having(Memory(), rule_of(dict.fromkeys(NAMES, 1.0)))
    for question in known_items.questions():
        assert make_query(question.text, ranking=known).ranking.rule is BASE
