import datetime as dt

import pytest
from django.core.cache import cache
from django.utils import timezone
from wagtail.models import PageViewRestriction

from cms.approval import publication_approved
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_item, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def test_a_second_reader_costs_one_query(client, django_assert_num_queries):
    item = make_item("云溪镇低保名单")
    first = client.get(item.url)
    with django_assert_num_queries(1):
        second = client.get(item.url)
    assert second.content == first.content
    assert "云溪镇低保名单" in second.content.decode()
    assert second["Content-Security-Policy"] == first["Content-Security-Policy"]


def test_a_withdrawal_shows_at_once(client):
    item = make_item()
    client.get(item.url)
    withdraw(item, reason="发布有误")
    assert client.get(item.url).status_code == 410


def test_a_new_version_shows_at_once(client):
    item = make_item("旧标题")
    client.get(item.url)
    item.title = "新标题"
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    assert "新标题" in client.get(item.url).content.decode()


def test_what_expired_is_not_shown_before_the_scheduler_ran(client):
    item = make_item()
    client.get(item.url)
    past = timezone.now() - dt.timedelta(seconds=1)
    type(item).objects.filter(pk=item.pk).update(expire_at=past)
    assert client.get(item.url).status_code == 404


def test_a_restriction_on_a_parent_counts_at_once(client):
    item = make_item()
    client.get(item.url)
    PageViewRestriction.objects.create(
        page=item.get_parent(), restriction_type=PageViewRestriction.LOGIN
    )
    assert client.get(item.url).status_code == 302


def test_large_type_is_a_copy_of_its_own(client):
    item = make_item()
    client.get(item.url)
    client.cookies["gongkai_mode"] = "elder"
    assert 'data-mode="elder"' in client.get(item.url).content.decode()


def test_who_is_signed_in_gets_no_copy(client):
    item = make_item()
    client.get(item.url)
    client.force_login(make_people()["clerk"])
    assert client.get(item.url).status_code == 200
