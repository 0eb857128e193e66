"""A withdrawal counts at a portal when it was read back; else people hear of it."""

import datetime as dt

import pytest
from django.utils import timezone

from cms.approval import publication_approved
from cms.context import base_url
from cms.models.notices import Notice
from disclosure_pages.services.withdrawal import withdraw
from tasks.confirmation import alarm, places
from tasks.drain import drain
from tasks.models import OutboxEntry
from tests.factories import make_item, make_people
from tests.tasks.messages import withdrawal_of

TARGET = "portal:city"

pytestmark = pytest.mark.django_db


def earlier(seconds):
    """Let what changed so far have changed so many seconds ago."""
    OutboxEntry.objects.update(
        changed_at=timezone.now() - dt.timedelta(seconds=seconds)
    )


def notices():
    return list(Notice.objects.order_by("user_id").values_list("user__username", "url"))


def test_a_withdrawal_is_confirmed_by_the_tombstone_that_was_read_back(city):
    item = make_item()
    drain(only=[TARGET])
    withdraw(item, reason="发布有误")
    (place,) = places(item)
    assert place.confirmed_at is None
    assert place.url.startswith(city.portal.url)
    assert drain(only=[TARGET]) == 1
    (place,) = places(item)
    assert place.confirmed_at is not None
    assert city.page(item.key)[0] == 410
    earlier(3600)
    assert alarm() == 0


def test_a_receipt_without_the_tombstone_confirms_nothing(faulty):
    item = make_item()
    withdraw(item, reason="发布有误")  # the server echoes, but answers a GET with 404
    drain(only=[TARGET])
    (place,) = places(item)
    assert place.confirmed_at is None
    assert place.problem


def test_after_a_minute_officers_and_the_withdrawer_hear_of_it_once(faulty):
    item = make_item("要撤的标题")
    people = make_people()
    faulty.misbehave("drop", all_broken=True)
    withdraw(item, user=people["clerk"], reason="发布有误")
    drain(only=[TARGET])
    earlier(50)
    assert alarm() == 0
    earlier(61)
    assert alarm() == 1
    assert alarm() == 0
    url = f"/admin/withdrawals/{item.pk}/"
    assert notices() == [
        (person.username, url)
        for person in sorted((people["clerk"], people["officer"]), key=lambda p: p.pk)
    ]
    assert "要撤的标题" in Notice.objects.first().text


def test_a_second_withdrawal_that_is_not_confirmed_is_alarmed_again(faulty):
    item = make_item()
    make_people()
    faulty.misbehave("drop", all_broken=True)
    withdraw(item, reason="发布有误")
    earlier(90)
    assert alarm() == 1
    OutboxEntry.objects.update(alarmed_at=timezone.now() - dt.timedelta(seconds=80))
    OutboxEntry.record([item.key], "withdraw", targets=[TARGET])
    assert alarm() == 0
    earlier(61)
    assert alarm() == 1


def test_no_alarm_for_what_is_public_again_or_was_only_published(faulty):
    again, published = make_item(), make_item()
    faulty.misbehave("drop", all_broken=True)
    OutboxEntry.record([again.key], "withdraw", targets=[TARGET])
    earlier(3600)
    assert alarm() == 0
    assert not Notice.objects.exists()
    assert not places(published)[0].confirmed_at


def test_the_desk_shows_what_the_portal_has_not_confirmed(client, city):
    item = make_item()
    drain(only=[TARGET])
    client.force_login(make_people()["officer"])
    client.post(
        f"/admin/withdraw/{item.pk}/", {"kind": "mistake", "reason": "发布有误"}
    )
    page = f"/admin/withdrawals/{item.pk}/"
    text = client.get(page).content.decode()
    assert "还没有确认" in text
    assert 'http-equiv="refresh"' in text
    assert city.portal.url in client.get(f"{page}note.html").content.decode()
    drain(only=[TARGET])
    text = client.get(page).content.decode()
    assert "已查过，确实撤下了" in text
    assert 'http-equiv="refresh"' not in text


def test_what_is_published_again_keeps_its_key_under_a_higher_version(city):
    item = make_item()
    drain(only=[TARGET])
    withdraw(item, reason="发布有误")
    drain(only=[TARGET])
    withdrawn = city.read(item.key).data
    item.refresh_from_db()
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    drain(only=[TARGET])
    again = city.read(item.key).data
    assert (withdrawn["state"], again["state"]) == ("withdrawn", "published")
    assert again["version"] > withdrawn["version"]
    assert city.page(item.key)[0] == 200


def test_the_portal_sends_readers_to_the_successor_too(city):
    old, new = make_item("旧的"), make_item("新的补助标准")
    withdraw(old, reason="合并", kind="merged", successor=new.index_number)
    drain(only=[TARGET])
    status, _headers, body = city.page(old.key)
    assert status == 410
    assert "新的补助标准" in body.decode()
    assert f'href="{base_url()}{new.url}"' in body.decode()
    withdraw(new, reason="发布有误")
    drain(only=[TARGET])
    assert "新的补助标准" not in city.page(old.key)[2].decode()


def test_a_portal_takes_no_successor_that_is_no_link(city):
    for wrong in ("http://x.example/", {"url": 1}, None):
        assert city.put(withdrawal_of("0" * 32, successor=wrong)).status == 422
