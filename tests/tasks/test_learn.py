"""What is learned once a day from what is public."""

import pytest

from search import site_ranking
from search.models import SearchTerm
from tasks.jobs.learn import learn
from tasks.locks import target_lock
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db


def test_public_items_that_name_others_are_counted():
    make_site()
    named = make_item(title="柳市镇临时救助办法")
    make_item(title="关于执行的通知", summary="执行《柳市镇临时救助办法》。")
    make_item(title="草稿", summary="也提到《柳市镇临时救助办法》。", live=False)
    assert named.live
    named, terms = learn()
    assert (named, terms) == (1, SearchTerm.objects.count())
    [share] = site_ranking.current().citations.works.values()
    assert 0 < share < 0.25


def test_only_one_process_learns_at_a_time():
    make_site()
    make_item()
    with target_lock("learn"):
        assert learn() == (0, 0)


def test_words_of_public_titles_and_names_of_this_place_are_learned():
    make_site()
    make_item(title="高龄老人津贴发放公示")
    make_item(title="尚未公开的蝴蝶标本", live=False)
    learn()
    terms = set(SearchTerm.objects.values_list("text", flat=True))
    assert {"津贴", "高龄", "公示"} <= terms
    assert not {"蝴蝶", "标本"} & terms
    learn()
    assert set(SearchTerm.objects.values_list("text", flat=True)) == terms
