"""Who may do what in the demo, and how far its villages are covered."""

import pytest
from django.contrib.auth import get_user_model

from disclosure_pages.demo.loading import load_demo
from disclosure_pages.reading_point_coverage import read_coverage

pytestmark = pytest.mark.django_db
GROUPS = {
    "clerk": ["编辑·民政和社会事务办公室"],
    "head": ["负责人·民政和社会事务办公室"],
    "secrecy": ["保密审查"],
    "leader": ["领导"],
    "officer": ["信息管理员"],
    "village": ["查阅点·上云村", "查阅点管理员"],
    "admin": ["系统管理员"],
}


@pytest.fixture(autouse=True)
def demo_home(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path


def test_accounts_are_in_their_groups_and_every_village_has_a_point():
    for _time in range(2):
        load_demo()
        users = get_user_model().objects.prefetch_related("groups")
        found = {u.username: sorted(g.name for g in u.groups.all()) for u in users}
        assert found == GROUPS
        found = read_coverage()
        assert (found.complete, found.with_point, found.total) == (32, 35, 35)
