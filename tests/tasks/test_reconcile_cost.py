"""What a comparison reads and makes anew, and that it finds all that differs."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db.models import F
from django.db.models.functions import Now

from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.models.external import bucket_of
from disclosure_pages.public_state import public_states
from tasks import reconciliation
from tasks.models import OutboxEntry
from tasks.portal.protocol import Digest, Row
from tasks.reconciliation import KINDS, reconcile
from tests.factories import make_item, make_site
from tests.tasks.messages import new_key, state_of

pytestmark = pytest.mark.django_db
TARGET = "portal:city"


class Holding:
    """A portal that holds these rows and counts what it is asked."""

    def __init__(self, rows):
        self.rows = {row.key: row for row in rows}
        self.asked = 0

    def read_digest(self):
        self.asked += 1
        return Digest(sorted(self.rows.values())).buckets()

    def read_manifest(self, bucket):
        self.asked += 1
        return (row for row in self.rows.values() if bucket_of(row.key) == bucket)

    def change(self, key, **changes):
        self.rows[key] = self.rows[key]._replace(**changes)


@pytest.fixture
def items(settings):
    """Items in one bucket and one elsewhere; delivered, and compared just now."""
    settings.GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}
    make_site()
    items = [make_item(translation_key=uuid) for uuid in alike(4)]
    items.append(make_item())
    settle()
    return items


@pytest.fixture
def portal(items, monkeypatch):
    """The portal, holding everything; the only place of reading back."""
    rows = OutboxEntry.objects.filter(target=TARGET).values_list(
        "key", "wanted", "delivered_sha256"
    )
    portal = Holding(Row(*row, "published") for row in rows)
    only = SimpleNamespace(get=lambda name: portal)
    monkeypatch.setattr(reconciliation, "targets", only)
    return portal


@pytest.fixture
def made(portal, monkeypatch):
    """The keys whose texts are made anew."""
    keys = []

    def counting(asked):
        keys.extend(asked)
        return public_states(asked)

    monkeypatch.setattr(reconciliation, "public_states", counting)
    return keys


def alike(number):
    """Identifiers whose keys lie in the same bucket."""
    found = []
    while len(found) < number:
        uuid = uuid4()
        if not found or bucket_of(uuid.hex) == bucket_of(found[0].hex):
            found.append(uuid)
    return found


def settle():
    """What the drain and the sweep leave behind."""
    rows = OutboxEntry.objects.filter(target=TARGET)
    states = public_states(list(rows.values_list("key", flat=True)))
    for key, state in states.items():
        rows.filter(key=key).update(delivered_sha256=state.sha256)
    rows.update(delivered=F("wanted"), checked_at=Now())


def examine(**options):
    (report,) = reconcile(TARGET, trusting=True, **options)
    assert not report.error
    return report


def found(report):
    return {kind: report.keys(kind) for kind in KINDS if report.keys(kind)}


def test_equal_holdings_are_one_request_and_no_text(items, portal, made):
    report = examine()
    assert report.clean
    assert report.checked == len(items)
    assert (portal.asked, made) == (1, [])


def test_of_a_bucket_that_differs_only_what_differs_is_made_anew(items, portal, made):
    portal.change(items[0].key, sha256="0" * 64)
    assert found(examine()) == {"stale": [items[0].key]}
    assert made == [items[0].key]
    assert portal.asked == 3


def test_what_differs_is_healed_above_the_version_held(items, portal):
    portal.change(items[0].key, version=41)
    assert examine(heal=True).healed == 1
    row = OutboxEntry.objects.get(target=TARGET, key=items[0].key)
    assert (row.wanted, row.pending) == (42, True)
    others = OutboxEntry.objects.filter(target=TARGET).exclude(pk=row.pk)
    assert not others.pending().exists()


def test_each_kind_is_found_by_the_quick_way(items, portal):
    stray = state_of(new_key())
    portal.rows[stray.key] = Row(stray.key, 3, stray.sha256, "published")
    portal.change(items[0].key, sha256="0" * 64)
    del portal.rows[items[1].key]
    DisclosureItemPage.objects.filter(pk=items[4].pk).update(live=False)
    assert found(examine()) == {
        "missing": [items[1].key],
        "extra": [stray.key],
        "stale": [items[0].key],
        "visible_but_withdrawn": [items[4].key],
    }


def test_the_second_look_takes_nothing_on_trust(items, portal):
    """The portal is right and what we noted of it is wrong: nothing differs."""
    rows = OutboxEntry.objects.filter(target=TARGET, key=items[0].key)
    rows.update(delivered_sha256="0" * 64)
    assert examine().clean
    assert portal.asked == 3


def test_what_has_no_form_of_a_key_is_a_stranger(items, portal):
    portal.rows["a\0b"] = Row("a\0b", 1, "0" * 64, "published")
    assert found(examine()) == {"extra": ["a\0b"]}


@pytest.mark.parametrize("trusting", [True, False])
def test_all_keys_are_read_once_however_many_looks(
    items, portal, monkeypatch, trusting
):
    reads = []
    read = reconciliation.public_keys
    monkeypatch.setattr(
        reconciliation, "public_keys", lambda: reads.append(1) or read()
    )
    portal.change(items[0].key, sha256="0" * 64)
    (report,) = reconcile(TARGET, trusting=trusting)
    assert found(report) == {"stale": [items[0].key]}
    assert len(reads) == 1


def test_queries_do_not_grow_with_the_items(
    items, portal, django_assert_max_num_queries
):
    portal.change(items[0].key, sha256="0" * 64)
    examine()  # what a process asks once
    with django_assert_max_num_queries(40) as few:
        examine()
    for _item in range(10):
        make_item()
    settle()
    rows = OutboxEntry.objects.filter(target=TARGET).exclude(key__in=portal.rows)
    for key, version, sha256 in rows.values_list("key", "wanted", "delivered_sha256"):
        portal.rows[key] = Row(key, version, sha256, "published")
    with django_assert_max_num_queries(len(few)) as many:
        report = examine()
    assert found(report) == {"stale": [items[0].key]}
    assert report.checked == len(items) + 10
    assert len(many) == len(few)
