"""What the state machine runs in: a township in this process, a portal beside it.

Everything is real but time and death: the clock is moved on, and who is killed is an
exception that no code of ours catches. Each run begins with the same state: the
database by a savepoint, the home (index, heads of the audit chain) as a copy, the
portal by its rows.
"""

import contextlib
import shutil
import sqlite3
from datetime import timedelta
from types import SimpleNamespace

from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from disclosure_pages.models import DisclosureItemPage, ExternalItem, OfficeIndexPage
from disclosure_pages.services import site
from search import engines
from search import services as search_services
from tasks import backoff, delivery, drain, rebuild, rebuild_contents
from tasks.drain import drain as deliver
from tasks.models import ChangedKey, OutboxEntry, TargetState
from tasks.models import outbox as outbox_module
from tests.factories import OfficeFactory, make_item, make_people, make_site

PORTAL = "portal:city"
INDEX = "index:local"
TARGETS = (INDEX, PORTAL)
FAILPOINTS = ("after_claim", "before_send", "after_send", "before_confirm", "mid_bulk")
MODULES_WITH_FAILPOINTS = (drain, delivery, outbox_module, rebuild, rebuild_contents)


class Killed(BaseException):
    """The process is dead: no `except Exception` of the product sees this."""


class Failpoints:
    """Stands for ``failpoint``: does once what was told, at the nth passing."""

    def __init__(self):
        self.told = {}

    def __call__(self, name):
        if name not in self.told:
            return
        left, act = self.told.pop(name)
        if left > 1:
            self.told[name] = (left - 1, act)
        else:
            act()

    def kill(self, name, nth=1):
        self.told[name] = (nth, self._die)

    def once(self, name, act):
        self.told[name] = (1, act)

    @staticmethod
    def _die():
        raise Killed


class World:
    """A site with two offices and four items, all settled; `begin` returns to it."""

    def __init__(self, city, line, settings, monkeypatch, folder):
        self.city, self.line = city, line
        self.home, self.kept_home = folder / "home", folder / "kept"
        self.home.mkdir()
        settings.GONGKAI_HOME = self.home
        settings.GONGKAI_PORTALS = {"city": line.url}
        self.failpoints, self.offset = Failpoints(), timedelta(0)
        for module in MODULES_WITH_FAILPOINTS:
            monkeypatch.setattr(module, "failpoint", self.failpoints)
        longest = SimpleNamespace(uniform=lambda low, high: high)
        monkeypatch.setattr(backoff, "random", longest)
        real_now = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: real_now() + self.offset)
        self._clear_line()
        self._found()

    def _found(self):
        make_site()
        office = OfficeFactory(code="agriculture", name="农业农村办公室")
        site.setup_site()
        self.people = make_people()
        office.refresh_from_db()
        self.people["head"].groups.add(office.head_group)
        self.sections = list(OfficeIndexPage.objects.order_by("office__code"))
        self.first_items = [
            make_item("低保名单", user=self.people["clerk"]),
            make_item("防汛预案", user=self.people["clerk"]),
            make_item("种粮补贴", user=self.people["clerk"], office="agriculture"),
            make_item("草稿", user=self.people["clerk"], live=False),
        ]
        rebuild.rebuild(INDEX)
        deliver()
        assert not OutboxEntry.objects.pending().exists()
        shutil.copytree(self.home, self.kept_home)
        self.portal_at_first = self.portal_backup()

    # each run

    def begin(self):
        """Return to the beginning."""
        self._savepoint = transaction.savepoint()
        self.offset = timedelta(0)
        self.failpoints.told.clear()
        self._clear_line()
        shutil.rmtree(self.home)
        shutil.copytree(self.kept_home, self.home)
        self.portal_restore(self.portal_at_first)
        self._forget()

    def end(self):
        """Undo whatever the run did to the database."""
        transaction.savepoint_rollback(self._savepoint)

    def _forget(self):
        cache.clear()
        engines._make.cache_clear()
        search_services._avoid_until.clear()
        self.be_patient()

    # the line to the portal

    def plan(self, *faults):
        """What the next PUTs meet on the line."""
        self.line.plan(faults)

    def _clear_line(self):
        upstream = f"127.0.0.1:{self.city.portal.port}"
        self.line.misbehave("line", upstream=upstream)

    # time

    def minutes_pass(self):
        """Leases run out; who waits is due; who rested or was asked to wait, too."""
        held = OutboxEntry.objects.exclude(claim="")
        held.update(lease_until=outbox_module.from_now(-1))
        OutboxEntry.objects.pending().update(next_at=Now())
        TargetState.try_now()
        self.be_patient()

    def be_patient(self):
        """What the portal asked us to wait for is over."""
        TargetState.objects.update(asked_until=None)

    def hours_pass(self):
        """The wall clock moves on by more than what anybody planned ahead."""
        self.offset += timedelta(hours=2)

    # workers

    def work(self, only=None):
        """One worker delivers until it has nothing more to do, or dies."""
        with contextlib.suppress(Killed):
            return deliver(only=only)
        return None

    def other_host_delivers(self, act):
        """While a worker hangs: its lease runs out, something happens, another works.

        The lock of this host does not keep off the other host, its lease must.
        """
        OutboxEntry.objects.exclude(claim="").update(
            lease_until=outbox_module.from_now(-1)
        )
        act()
        mine = drain.target_place
        drain.target_place = lambda name, most: contextlib.nullcontext(0)
        try:
            deliver(only=[PORTAL])
        finally:
            drain.target_place = mine

    # what targets hold

    def portal_rows(self):
        """(version, state, title, sha256) of each key at the portal."""
        table = ExternalItem._meta.db_table
        with self._portal_database() as database:
            rows = database.execute(
                f"SELECT key, version, state, title, sha256 FROM {table}"
                " WHERE origin = ?",
                [self.city.origin],
            )
            return {key: tuple(rest) for key, *rest in rows}

    def index_rows(self):
        """(version, state, title, sha256) of each key in the index."""
        engine = engines.get("local")
        return {
            entry.key: (entry.version, entry.state, entry.sha256)
            for entry in engine.entries("", 100)
        }

    def lose_index(self):
        """Somebody deletes the folder."""
        shutil.rmtree(self.home / "index", ignore_errors=True)

    def portal_backup(self):
        """All rows that came from us, as in a backup of the portal's database."""
        with self._portal_database() as database:
            return {
                table: database.execute(f"SELECT * FROM {table} {where}").fetchall()
                for table, where in self._portal_tables()
            }

    def portal_restore(self, backup):
        """Put the portal back to a backup of its own."""
        with self._portal_database() as database:
            for table, where in self._portal_tables():
                database.execute(f"DELETE FROM {table} {where}")
                for row in backup[table]:
                    marks = ",".join("?" * len(row))
                    database.execute(f"INSERT INTO {table} VALUES ({marks})", row)

    def _portal_tables(self):
        ours = self.city.origin
        yield ExternalItem._meta.db_table, f"WHERE origin = '{ours}'"
        for model in (OutboxEntry, ChangedKey):
            yield model._meta.db_table, f"WHERE key LIKE '{ours}.%'"

    @contextlib.contextmanager
    def _portal_database(self):
        path = self.city.portal.home / "gongkai.sqlite3"
        database = sqlite3.connect(path, timeout=20)
        database.execute("PRAGMA synchronous=OFF")
        with contextlib.closing(database), database:
            yield database


def page_of(key):
    """The page with this key, freshly read; None if it was deleted."""
    return DisclosureItemPage.objects.filter(translation_key=key).first()
