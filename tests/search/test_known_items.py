"""Floors for what people ask most; `bench/known_items.py` prints the table."""

from collections import defaultdict

import pytest

from search import services, site_ranking, spelling

from . import known_items

pytestmark = pytest.mark.django_db
FLOORS = {
    **{"文号": 0.98, "索引号": 0.98, "标题": 0.95, "部分标题": 0.85, "错一字": 0.9},
    **{"繁体": 0.95, "全角": 0.95, "村名＋事项": 0.9},
}


@pytest.fixture
def filled(home_index, monkeypatch):
    """5,000 items in the site's own index, a hundred with files; words learned."""
    monkeypatch.setattr(services, "publicly_visible", set)
    home_index.rebuild((1, document) for document in known_items.with_files())
    spelling.learn((document.title for document in known_items.documents()), [])
    site_ranking.forget()


def test_the_right_answer_comes_first(filled):
    right, nothing, changed = defaultdict(list), [], []
    for question in known_items.questions():
        answer = services.find(services.Asked(question.text))
        hits = answer.hits
        right[question.kind].append(bool(hits) and question.right(hits[0].document))
        nothing.append(not hits)
        if question.kind != "错一字":
            changed.append(bool(answer.corrected))
    assert sum(map(len, right.values())) >= 300
    share = {kind: sum(found) / len(found) for kind, found in right.items()}
    assert {kind: s for kind, s in share.items() if s < FLOORS[kind]} == {}
    assert sum(nothing) / len(nothing) <= 0.02
    assert sum(changed) / len(changed) <= 0.01


def test_pinyin_suggests_the_title_that_is_meant(filled):
    found = [
        document.title in [hit.title for hit in services.suggest(typed)]
        for typed, document in known_items.spelled()
    ]
    assert sum(found) / len(found) >= 0.9
