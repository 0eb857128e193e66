"""From the outbox to a real portal: faults end, and everything has arrived once."""

import random

import pytest

from disclosure_pages.models import ExternalItem
from tasks.drain import drain
from tasks.models import OutboxEntry, TargetState
from tasks.reconciliation import reconcile
from tests.factories import make_document, make_item
from tests.tasks import township
from tests.tasks.many_edits import edit_through_faults
from tests.tasks.messages import state_of

TARGET = "portal:city"

pytestmark = pytest.mark.django_db


def rows():
    return OutboxEntry.objects.filter(target=TARGET)


def drain_until_quiet(rounds=30):
    """Drain as the sweep does, without waiting for the backoff; rounds needed."""
    for number in range(rounds):
        if not rows().pending().exists():
            return number
        rows().retry()
        TargetState.try_now()
        drain(only=[TARGET])
    raise AssertionError(list(rows().pending().values("key", "last_error")))


def clean():
    (report,) = reconcile("portal")
    return report.clean


def test_every_change_arrives_once_though_answers_are_lost(lossy_city, settings):
    pages = [make_item() for _ in range(5)]
    drain_until_quiet()
    for page in random.sample(pages, 3):
        page.title += "（修改）"
        page.save()
    pages[0].unpublish()
    drain_until_quiet()
    settings.GONGKAI_PORTALS = {"city": lossy_city.portal.url}
    assert clean()
    for page in pages:
        held = lossy_city.read(page.key).data
        entry = rows().get(key=page.key)
        assert (held["version"], held["sha256"]) == (
            entry.delivered,
            entry.delivered_sha256,
        )


def test_a_portal_that_was_down_gets_everything_when_it_is_back(faulty, city, settings):
    settings.GONGKAI_PORTALS = {"city": faulty.url}
    faulty.misbehave("drop", all_broken=True)
    pages = [make_item() for _ in range(3)]
    assert drain(only=[TARGET]) == 0
    pages[0].unpublish()
    assert drain(only=[TARGET]) == 0
    assert not rows().filter(dead=True).exists()
    settings.GONGKAI_PORTALS = {"city": city.portal.url}
    drain_until_quiet()
    assert clean()
    assert city.page(pages[0].key)[0] == 410
    assert city.page(pages[1].key)[0] == 200


@pytest.mark.parametrize("fault", ["html", "drop", "redirect"])
def test_nothing_is_given_up_while_the_portal_talks_nonsense(faulty, fault):
    faulty.misbehave(fault, all_broken=True)
    make_item()
    rows().update(attempts=100, next_at="2026-01-01T00:00:00Z")
    drain(only=[TARGET])
    entry = rows().get()
    assert entry.attempts == 101
    assert not entry.dead
    assert entry.delivered == 0
    assert entry.last_error


def test_only_what_the_portal_confirmed_counts_as_delivered(city):
    page = make_item()
    assert drain(only=[TARGET]) == 1
    entry = rows().get(key=page.key)
    assert entry.delivered == entry.wanted
    assert entry.receipt["url"] == (
        f"{city.portal.url}/external/{city.origin}/{page.key}/"
    )
    assert not ExternalItem.objects.exists()  # it is the portal's, not ours


def test_a_newer_version_at_the_portal_is_left_to_a_person(city):
    page = make_item()
    city.put(state_of(page.key, title="来自恢复前的版本"), 90)
    drain(only=[TARGET])
    entry = rows().get(key=page.key)
    assert entry.dead
    assert entry.held_version == 90
    assert "版本 90" in entry.last_error


def test_a_withdrawal_wins_over_a_newer_version_at_the_portal(city):
    page = make_item()
    city.put(state_of(page.key), 90)
    page.unpublish()
    drain_until_quiet()
    assert city.page(page.key)[0] == 410


def test_attachments_arrive_with_the_item(city, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    document = make_document("名单.txt", b"one two three")
    page = make_item(documents=[document])
    drain_until_quiet()
    path = f"/external-files/{document.sha256}/x"
    assert city.portal.get(path)[2] == b"one two three"
    page.unpublish()
    drain_until_quiet()
    assert city.portal.get(path)[0] == 410


def test_many_items_edited_thrice_arrive_in_their_last_version(
    quiet_city, fault_server, settings
):
    """`bench/lossy_line.py` does it with 300 items and a township of its own."""
    settings.GONGKAI_LEASE_S = 1.5
    settings.GONGKAI_INDEXES = []
    settings.GONGKAI_PORTALS = {"city": fault_server.url}

    def do(act, **values):
        return getattr(township, f"do_{act}")(**values)

    found = edit_through_faults(
        do, quiet_city, fault_server, 40, timeout_s=1.0, hurry=True
    )
    assert (found.items, found.highest, found.fallen) == (40, 40, 0)
    assert sum(found.faults.values()) > found.puts * 0.2
    assert do("problems") == []
