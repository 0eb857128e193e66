import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from cms.approval import publication_approved
from disclosure_pages.services.publishing import publish_scheduled
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
