import datetime as dt

import pytest
import time_machine
from django.utils import timezone
from wagtail.models import PageLogEntry

from cms.approval import publication_approved
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.publishing import publish_scheduled
from disclosure_pages.services.withdrawal import withdraw
from disclosure_pages.signals import page_withdrawn
from tests.factories import make_item

pytestmark = pytest.mark.django_db


def scheduled(**later):
    item = make_item(live=False)
    item.go_live_at = timezone.now() + dt.timedelta(**later)
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    item.refresh_from_db()
    return item


def test_an_approved_page_waits_for_its_time(client):
    item = scheduled(hours=1)
    assert not item.live
    assert publish_scheduled() == 0
    assert client.get(item.url).status_code == 404
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert publish_scheduled() == 1
        assert publish_scheduled() == 0
    item.refresh_from_db()
    assert item.live


def test_what_expired_becomes_a_tombstone():
    item = make_item(expire_at=timezone.now() + dt.timedelta(hours=1))
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert publish_scheduled() == 1
        assert publish_scheduled() == 0
    item.refresh_from_db()
    assert not item.live
    assert item.expired
    assert item.withdrawn_reason


def test_a_withdrawn_schedule_does_not_publish():
    item = scheduled(hours=1)
    item.revisions.update(approved_go_live_at=None)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert publish_scheduled() == 0


def test_the_date_of_publication_is_filled_in_once():
    item = make_item(live=False)
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    item.refresh_from_db()
    first = item.date_published
    assert first == timezone.localdate()
    with time_machine.travel(timezone.now() + dt.timedelta(days=3)):
        with publication_approved("test"):
            item.save_revision().publish(skip_permission_checks=True)
        item.refresh_from_db()
    assert item.date_published == first


def later(**span):
    return time_machine.travel(timezone.now() + dt.timedelta(**span))


def test_a_withdrawal_just_before_the_schedule_stops_it(client):
    item = scheduled(hours=1)
    assert withdraw(item, reason="不能公开")
    with later(hours=2):
        assert publish_scheduled() == 0
    item.refresh_from_db()
    assert not item.live
    assert client.get(item.url).status_code == 404  # it never was public: no tombstone
    assert not withdraw(item, reason="不能公开")


def test_a_withdrawal_just_after_the_schedule_takes_it_back(client):
    item = scheduled(hours=1)
    with later(hours=2):
        assert publish_scheduled() == 1
        assert withdraw(item, reason="不能公开")
        assert publish_scheduled() == 0
    assert client.get(item.url).status_code == 410


def test_a_withdrawal_also_stops_the_next_version(client):
    item = make_item()
    item.go_live_at = timezone.now() + dt.timedelta(hours=1)
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    withdraw(item, reason="不能公开")
    with later(hours=2):
        assert publish_scheduled() == 0
    assert client.get(item.url).status_code == 410


def test_one_whose_expiry_was_put_off_meanwhile_stays(client):
    soon = timezone.now() + dt.timedelta(hours=1)
    first, second = make_item(expire_at=soon), make_item(expire_at=soon)

    def put_off(sender, instance, **kwargs):
        rows = DisclosureItemPage.objects.filter(pk__in=[first.pk, second.pk])
        rows.exclude(pk=instance.pk).update(expire_at=soon + dt.timedelta(days=9))

    page_withdrawn.connect(put_off)
    try:
        with later(hours=2):
            assert publish_scheduled() == 1
    finally:
        page_withdrawn.disconnect(put_off)
    assert DisclosureItemPage.objects.live().count() == 1


def test_a_clock_that_jumps_ahead_over_both_dates_leaves_a_tombstone(client):
    item = make_item(live=False, expire_at=timezone.now() + dt.timedelta(hours=2))
    item.go_live_at = timezone.now() + dt.timedelta(hours=1)
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    with later(days=1):
        publish_scheduled()
        item.refresh_from_db()
        assert not item.live
        assert client.get(item.url).status_code in (404, 410)
        assert publish_scheduled() == 0


def test_a_clock_that_jumps_back_brings_nothing_back(client):
    coming, going = (
        scheduled(hours=1),
        make_item(expire_at=timezone.now() + dt.timedelta(hours=1)),
    )
    with later(hours=2):
        assert publish_scheduled() == 2
    assert publish_scheduled() == 0
    assert client.get(coming.url).status_code == 200
    assert client.get(going.url).status_code == 410


def test_a_clock_that_is_behind_waits_and_is_named_once(monkeypatch, caplog):
    item = scheduled(minutes=5)
    right = timezone.now() + dt.timedelta(minutes=10)
    monkeypatch.setattr(
        "disclosure_pages.services.publishing.database_now", lambda: right
    )
    for _round in range(2):
        assert publish_scheduled() == 0
    (line,) = [line for line in caplog.messages if "clock of this machine" in line]
    assert "600 s behind" in line
    planned = PageLogEntry.objects.filter(
        page=item.pk, action="wagtail.publish.schedule"
    )
    assert planned.count() == 1
    with time_machine.travel(right):
        assert publish_scheduled() == 1
    item.refresh_from_db()
    assert item.live
