"""The measures of a judged set, against values worked out by hand."""

import math

import pytest

from bench.search_quality import judgements
from search.learning.measures import COLUMNS, compared, judged, scores


def test_the_measures_of_one_question():
    ranked = ["x", "b", "y", "a"]
    found = scores(ranked, {"a": 1, "b": 1, "never": 1})
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    assert found["R@5"] == found["R@100"] == pytest.approx(200 / 3)
    assert found["MRR@10"] == 50
    assert found["nDCG@10"] == pytest.approx(100 * gained / ideal)


def test_what_lies_deep_counts_for_recall_alone():
    ranked = [f"x{n}" for n in range(10)] + ["a"]
    found = scores(ranked, {"a": 1})
    assert (found["R@10"], found["R@100"]) == (0, 100)
    assert (found["MRR@10"], found["nDCG@10"]) == (0, 0)


def test_a_better_answer_higher_up_is_worth_more():
    wanted = {"best": 3, "good": 1}
    first = scores(["best", "good"], wanted)["nDCG@10"]
    second = scores(["good", "best"], wanted)["nDCG@10"]
    assert first == 100 > second


def test_a_question_without_an_answer_counts_as_nothing():
    found = judged({"asked": ["a"]}, {"asked": {"a": 1}, "silent": {"b": 1}})
    assert set(found) == set(COLUMNS)
    assert found["MRR@10"] == [100, 0]


def test_judgements_with_a_head_and_in_the_four_columns_of_trec(tmp_path):
    plain, trec = tmp_path / "plain.tsv", tmp_path / "trec.tsv"
    plain.write_text("query_id\tdoc_id\trelevance\nq1\td1\t1\nq1\td2\t0\n")
    trec.write_text("q1\t0\td1\t1\n")
    assert judgements(plain) == judgements(trec) == {"q1": {"d1": 1}}


def test_only_a_difference_that_holds_is_marked():
    better = compared([0.0] * 50, [10.0] * 50)
    assert (better.mean, better.low, better.high) == (10, 10, 10)
    assert str(better).endswith("*")
    chance = compared([0.0, 10.0] * 25, [10.0, 0.0] * 25)
    assert chance.low < 0 < chance.high
    assert not str(chance).endswith("*")
