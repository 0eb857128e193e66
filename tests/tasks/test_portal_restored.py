"""The portal comes back from an old backup: what it lost is found and sent again."""

import sqlite3

import pytest
from django.db import connection

from tasks.reconciliation import reconcile
from tests.factories import make_item
from tests.tasks.conftest import City, act_as
from tests.tasks.processes import PortalProcess, copied_database
from tests.tasks.test_portal_delivery import drain_until_quiet

ORIGIN = "11330099MB1A2B3C4D"
KEY = "whsec_b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXk="
pytestmark = pytest.mark.django_db


def copied(source, copy):
    with sqlite3.connect(source) as old, sqlite3.connect(copy) as new:
        old.backup(new)


@pytest.fixture
def own_city(tmp_path, settings):
    """A portal of this test alone, which it may stop and set back."""
    home = tmp_path / "portal"
    home.mkdir()
    portal = PortalProcess(home, {ORIGIN: KEY})
    settings.GONGKAI_PORTALS = {"city": portal.url}
    settings.GONGKAI_PORTAL_KEYS = {"city": KEY}
    act_as(ORIGIN)
    with copied_database(connection, home):
        try:
            yield City(portal.start(), ORIGIN, KEY)
        finally:
            portal.stop()


def test_a_portal_set_back_to_an_old_backup_is_put_right(own_city, tmp_path):
    portal, held = own_city.portal, own_city.portal.home / "gongkai.sqlite3"
    changed, withdrawn = make_item(), make_item()
    drain_until_quiet()
    copied(held, tmp_path / "backup.sqlite3")
    changed.title += "（修改）"
    changed.save()
    withdrawn.unpublish()
    new = make_item()
    drain_until_quiet()
    assert own_city.page(withdrawn.key)[0] == 410

    portal.stop()
    copied(tmp_path / "backup.sqlite3", held)
    portal.start()
    assert own_city.page(withdrawn.key)[0] == 200  # it shows again what it must not

    (report,) = reconcile("portal", heal=True)
    assert report.keys("stale") == [changed.key]
    assert report.keys("missing") == [new.key]
    assert report.keys("visible_but_withdrawn") == [withdrawn.key]
    drain_until_quiet()
    (report,) = reconcile("portal")
    assert report.clean
    assert own_city.page(withdrawn.key)[0] == 410
    assert changed.title in own_city.page(changed.key)[2].decode()
    assert own_city.page(new.key)[0] == 200
