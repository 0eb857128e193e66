"""Every kind of difference between the pages and a search index, found and healed."""

import json

import pytest
from django.core.management import call_command

from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.public_state import public_states
from search import engines
from search.builder import build_document
from tasks import sweeping
from tasks.drain import drain
from tasks.models import OutboxEntry
from tasks.reconciliation import KINDS, reconcile
from tests.factories import make_guide, make_item, make_reading_point
from tests.stores import delete_indexes
from tests.tasks.messages import new_key, state_of, withdrawal_of

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["local", pytest.param("es", marks=pytest.mark.elasticsearch)])
def index(request, settings, tmp_path):
    """An empty index of its own, the only target; gives its engine."""
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_ES_PREFIX = f"reconcile-{new_key()[:8]}"
    settings.GONGKAI_INDEXES = [request.param]
    settings.GONGKAI_PORTALS = {}
    yield engines.get(request.param)
    if request.param == "es":
        delete_indexes(settings.ELASTICSEARCH_URL, settings.GONGKAI_ES_PREFIX)


@pytest.fixture
def items(index):
    """Three items, found in the index, beside the guide and a reading point."""
    items = [make_item() for _ in range(3)]
    make_guide()
    make_reading_point()
    deliver()
    return items


def deliver():
    OutboxEntry.objects.all().retry()
    return drain()


def examine(**options):
    (report,) = reconcile("index", **options)
    assert not report.error
    return report


def found(report):
    return {kind: report.keys(kind) for kind in KINDS if report.keys(kind)}


def heal():
    """Heal, deliver, and return what is then left."""
    assert examine(heal=True).healed
    deliver()
    return found(examine())


def put(index, state, version):
    """Put something into the index past the outbox."""
    (answer,) = index.put_many([(version, build_document(state))])
    assert answer.version == version


def withdraw_silently(page):
    DisclosureItemPage.objects.filter(pk=page.pk).update(live=False)


def test_what_was_indexed_is_equal(index, items):
    report = examine()
    assert report.clean
    assert report.checked == 5


def test_an_empty_site_and_an_empty_index_are_equal(index):
    assert examine().clean


def test_a_withdrawn_item_is_equal_once_its_tombstone_is_there(index, items):
    items[0].unpublish()
    assert found(examine()) == {"visible_but_withdrawn": [items[0].key]}
    deliver()
    assert examine().clean


def test_missing(index, items):
    page = make_item()
    OutboxEntry.objects.filter(key=page.key).delete()
    assert found(examine()) == {"missing": [page.key]}
    assert heal() == {}


def test_missing_because_the_index_holds_a_tombstone(index, items):
    put(index, withdrawal_of(items[0].key), 50)
    assert found(examine()) == {"missing": [items[0].key]}
    assert heal() == {}


def test_everything_is_missing_from_an_index_that_was_lost(index, items):
    keys = sorted(OutboxEntry.objects.values_list("key", flat=True))
    index.rebuild([])
    assert found(examine()) == {"missing": keys}
    assert heal() == {}


def test_stale_content(index, items):
    DisclosureItemPage.objects.filter(pk=items[0].pk).update(summary="悄悄改过")
    assert found(examine()) == {"stale": [items[0].key]}
    assert heal() == {}


def test_stale_version(index, items):
    put(index, public_states([items[0].key])[items[0].key], 90)
    assert found(examine()) == {"stale": [items[0].key]}
    assert heal() == {}
    assert OutboxEntry.objects.get(key=items[0].key).wanted == 91


def test_extra(index, items):
    stray = state_of(new_key())
    put(index, stray, 3)
    assert found(examine()) == {"extra": [stray.key]}
    assert heal() == {}


def test_visible_though_withdrawn(index, items):
    withdraw_silently(items[0])
    assert found(examine()) == {"visible_but_withdrawn": [items[0].key]}
    assert heal() == {}


def test_what_was_compared_lately_is_not_made_anew(
    index, items, django_assert_max_num_queries
):
    sweeping.compare(None)
    with django_assert_max_num_queries(12):
        report = examine(trusting=True)
    assert report.clean
    assert report.checked == examine().checked
    assert report.as_json()["trusting"]


def test_trusting_still_finds_what_the_index_lost_or_shows_wrongly(index, items):
    sweeping.compare(None)
    withdraw_silently(items[0])
    put(index, public_states([items[1].key])[items[1].key], 99)
    assert found(examine(trusting=True)) == {
        "visible_but_withdrawn": [items[0].key],
        "stale": [items[1].key],
    }


def test_what_changed_since_it_was_compared_is_not_trusted(index, items):
    sweeping.compare(None)
    OutboxEntry.objects.filter(key=items[0].key).update(checked_at=None)
    DisclosureItemPage.objects.filter(pk=items[0].pk).update(title="没有信号")
    assert found(examine(trusting=True)) == {"stale": [items[0].key]}


def test_all_targets_are_named_without_a_choice(index, items, capsys):
    call_command("reconcile", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert [each["target"] for each in shown] == [f"index:{index.name}", "portal"]
    assert shown[1]["configured"] is False
    for kind in KINDS:
        assert shown[0][kind] == []


def test_an_index_that_cannot_be_read_is_no_equality(settings):
    settings.GONGKAI_INDEXES = ["es"]
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    (report,) = reconcile("index")
    assert not report.clean
    assert report.error
