"""Who names whom: names in 《》, plain names of laws, 第X条 and 文号."""

import pytest

from search import site_ranking
from search.citations import Citations, count, split_title, work_of
from search.models import CitationCount
from search.ranking import BASE, QUESTIONS

from .conftest import make_document


@pytest.mark.parametrize(
    ("title", "work", "article"),
    [
        ("中华人民共和国民法典第一百条", "民法典", "第一百条"),
        ("政府信息公开条例（2019年修订）", "政府信息公开条例", ""),
        ("關於印發救助辦法的通知", "关于印发救助办法的通知", ""),
        ("第三条", "第三条", ""),
        ("刑法第一百三十三条之一", "刑法", "第一百三十三条之一"),
    ],
)
def test_a_title_is_a_work_and_perhaps_an_article(title, work, article):
    assert split_title(title) == (work, article)


def laws(*texts):
    named = [
        make_document(1, title="中华人民共和国民法典第二条", text="本法第二条。"),
        make_document(2, title="中华人民共和国民法典第三条", text="见民法典第二条。"),
        make_document(
            3, title="救助办法", text="略", document_number="柳政发〔2026〕7号"
        ),
        make_document(4, title="通知", text="略"),
    ]
    others = [
        make_document(10 + n, title=f"乡镇工作细则之{n}", text=text)
        for n, text in enumerate(texts)
    ]
    return [*named, *others]


def counted(*texts):
    documents = laws(*texts)
    works, single = count(documents, documents)
    by_number = {document.number: document for document in documents}
    return (
        {name: works.get(work_of(name), 0) for name in ("民法典", "救助办法", "通知")},
        {by_number[number].title: found for number, found in single.items()},
    )


def test_a_document_counts_once_for_each_work_it_names():
    works, single = counted("依照《民法典》第二条、民法典第二条和《民法典》第三条。")
    assert works == {"民法典": 1, "救助办法": 0, "通知": 0}
    assert single == {
        "中华人民共和国民法典第二条": 1,
        "中华人民共和国民法典第三条": 1,
    }


def test_a_work_does_not_count_what_it_says_of_itself():
    assert counted() == ({"民法典": 0, "救助办法": 0, "通知": 0}, {})


def test_a_number_names_its_document():
    works, single = counted("根据柳政发[2026]7号文件。", "见《救助办法》。")
    assert works["救助办法"] == 2
    assert single == {"救助办法": 1}


def test_an_ordinary_title_is_named_only_in_quotes():
    assert counted("发出通知。")[0]["通知"] == 0
    assert counted("见《通知》。")[0]["通知"] == 1


def test_of_two_names_in_one_place_only_the_longer_is_named():
    documents = [
        make_document(1, title="诉讼法"),
        make_document(2, title="民事诉讼法"),
        make_document(3, title="细则", text="依照民事诉讼法办理。"),
    ]
    works, _single = count(documents, documents)
    assert works == {work_of("民事诉讼法"): 1}


def test_blanks_and_editions_in_a_title_do_not_matter():
    documents = [
        make_document(1, title="中华人民共和国　政府信息公开条例 （2019年修订）"),
        make_document(2, title="细则", text="依照 政府信息公开条例办理。"),
        make_document(3, title="办法", text="见《中华人民共和国政府信息公开条例》。"),
    ]
    works, _single = count(documents, documents)
    assert works == {work_of("政府信息公开条例"): 2}


def test_a_few_mentions_make_no_authority():
    assert Citations.of({1: 1}, {}).works[1] < 0.25
    assert Citations.of({1: 1_000, 2: 1}, {}).works[1] == 1.0


@pytest.mark.django_db
def test_counts_are_kept_and_read(settings):
    settings.GONGKAI_RANKING = "questions"
    settings.GONGKAI_NO_PRIOR = ["work"]
    site_ranking.save({7: 100, 8: 1}, {9: 20})
    ranking = site_ranking.current()
    assert ranking.rule is QUESTIONS
    assert ranking.citations.works[7] == 1.0
    assert ranking.citations.documents == {9: 1.0}
    assert len(ranking.no_prior) == 1
    site_ranking.save({}, {})
    assert CitationCount.objects.count() == 0
    settings.GONGKAI_RANKING = "base"
    site_ranking.forget()
    assert site_ranking.current().rule is BASE
