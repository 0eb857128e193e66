"""What an editor reads beside a page of its way to each target."""

import pytest
from django.urls import reverse

from disclosure_pages.services.withdrawal import withdraw
from tasks.drain import drain
from tasks.models import Mode, OutboxEntry, TargetState
from tasks.standing import standings
from tasks.targets import TargetDown, TargetError
from tests.factories import make_item, make_people

pytestmark = pytest.mark.django_db
CITY = "portal:city"


@pytest.fixture
def item(world):
    return make_item("低保公示")


def at_city(item):
    (found,) = [row for row in standings(item) if "city" in row.label]
    return found


def test_a_draft_stands_nowhere(world):
    assert standings(make_item(live=False)) == []


def test_what_arrived_says_when_and_by_which_receipt(item):
    drain()
    found = at_city(item)
    row = OutboxEntry.objects.get(target=CITY, key=item.key)
    assert (found.state, found.since) == ("已送达", row.delivered_at)
    assert row.delivered_sha256[:12] in found.receipt
    assert not found.trouble


def test_what_is_on_its_way_needs_nobody(item):
    found = at_city(item)
    assert found.waits
    assert "不用您做什么" in found.advice


def test_a_portal_that_is_down_is_named_with_its_error(item, world):
    world.answers[CITY] = TargetDown("连接不上门户。")
    drain()
    found = at_city(item)
    assert "连接不上门户。" in found.error
    assert "自动再试" in found.advice


def test_what_was_refused_says_why_and_what_to_do(item, world):
    world.answers[CITY, item.key] = TargetError("门户没有这个栏目", retryable=False)
    drain()
    found = at_city(item)
    assert (found.trouble, found.error) == (True, "门户没有这个栏目")
    assert "改好" in found.advice
    OutboxEntry.objects.filter(target=CITY).skip(by="王芳", reason="说好不报")
    found = at_city(item)
    assert not found.trouble
    assert "说好不报" in found.state


def test_a_pause_is_told_with_its_reason(item):
    TargetState.decide(CITY, Mode.PAUSED, by="王芳", reason="门户升级到周五")
    assert "门户升级到周五" in at_city(item).advice


def test_a_withdrawal_that_nobody_saw_is_not_called_done(item):
    drain()
    withdraw(item, reason="发布有误")
    drain()
    found = at_city(item)
    assert (found.state, found.trouble) == ("已撤下", True)
    OutboxEntry.objects.filter(target=CITY).update(receipt={"read_back": True})
    assert not at_city(item).trouble


def test_the_editor_shows_it(client, item):
    drain()
    client.force_login(make_people()["officer"])
    address = reverse("wagtailadmin_pages:edit", args=[item.pk])
    text = client.get(address).content.decode()
    assert "门户网站（city）" in text
    assert at_city(item).receipt in text


def test_it_takes_two_queries(item, django_assert_num_queries):
    with django_assert_num_queries(2):
        standings(item)
