import pytest
from django.db.models import F

from disclosure_pages.models import DisclosureItemPage
from tasks import backoff, sweeping
from tasks.choices import Lane
from tasks.drain import drain
from tasks.models import OutboxEntry
from tasks.models.outbox import from_now
from tests.factories import make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(world):
    item = make_item()
    drain()
    return item


def pending():
    return {
        (row.target, row.key): Lane(row.lane) for row in OutboxEntry.objects.pending()
    }


def test_nothing_is_done_when_all_is_well(item):
    assert sweeping.sweep() == 0
    assert pending() == {}


def test_a_change_without_any_signal_is_found(item):
    DisclosureItemPage.objects.update(title="改了标题")
    assert sweeping.sweep() == 2
    assert pending() == {
        ("index:local", item.key): Lane.BULK,
        ("portal:city", item.key): Lane.BULK,
    }


def test_what_vanished_without_any_signal_is_withdrawn(item):
    DisclosureItemPage.objects.update(live=False)
    sweeping.sweep()
    assert set(pending().values()) == {Lane.WITHDRAW}


def test_a_new_target_gets_everything_that_is_public(item, settings):
    settings.GONGKAI_PORTALS = {**settings.GONGKAI_PORTALS, "county": "http://x"}
    assert sweeping.enrol("portal:county") == 1
    assert pending() == {("portal:county", item.key): Lane.BULK}
    assert sweeping.enrol("portal:county") == 0


def test_rows_checked_longest_ago_come_first(item):
    make_item()
    drain()
    sweeping.compare(2)
    assert OutboxEntry.objects.filter(checked_at__isnull=True).count() == 2
    sweeping.compare(2)
    assert not OutboxEntry.objects.filter(checked_at__isnull=True).exists()


def test_differences_are_followed_beyond_the_limit(item):
    make_item()
    drain()
    DisclosureItemPage.objects.update(publisher="新机构")
    assert sweeping.compare(1) == 4


def give_up(**values):
    OutboxEntry.objects.filter(target="portal:city").update(
        wanted=F("delivered") + 1, dead=True, **values
    )


def test_what_was_given_up_after_many_attempts_is_tried_once_a_day(item):
    give_up(attempts=backoff.MAX_ATTEMPTS, next_at=from_now(-25 * 3600))
    assert sweeping.revive() == 1
    give_up(attempts=backoff.MAX_ATTEMPTS, next_at=from_now(-3600))
    assert sweeping.revive() == 0


def test_what_was_refused_for_good_waits_for_a_person(item):
    give_up(attempts=1, next_at=from_now(-25 * 3600))
    assert sweeping.revive() == 0
    give_up(
        attempts=backoff.MAX_ATTEMPTS, held_version=99, next_at=from_now(-25 * 3600)
    )
    assert sweeping.revive() == 0
