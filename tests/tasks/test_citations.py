"""Citations are counted from what is public."""

import pytest

from search import site_ranking
from tasks.jobs.citations import count_citations
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db


def test_public_items_that_name_others_are_counted():
    make_site()
    named = make_item(title="柳市镇临时救助办法")
    make_item(title="关于执行的通知", summary="执行《柳市镇临时救助办法》。")
    make_item(title="草稿", summary="也提到《柳市镇临时救助办法》。", live=False)
    assert named.live
    assert count_citations() == 1
    [share] = site_ranking.current().citations.works.values()
    assert 0 < share < 0.25
