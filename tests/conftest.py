"""Fixtures of all packages, and the rule for servers that are missing here."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from pytest_django.plugin import blocking_manager_key
from wagtail.models import Page
from xdist.scheduler import LoadScopeScheduling

from tests import services
from tests.browser import browser, browser_page  # noqa: F401
from tests.factories import make_people, make_site
from tests.migrated import migrate_once
from tests.snapshots import number_after

WRITTEN = pytest.StashKey[str]()


def pytest_collection_modifyitems(config, items):
    services.sort_out(config, items)


class WholeFiles(LoadScopeScheduling):
    """Gives a worker whole files, and one of them all that look at running sites."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return services.RUNNING_SITES if services.starts_a_site(path) else path


def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False  # ours: `services.sort_out`
    return WholeFiles(config, log)


def pytest_xdist_setupnodes(specs):
    """Each worker has a home inside this session's, as it has a database."""
    for spec in specs:
        home = Path(settings.GONGKAI_HOME) / spec.id
        home.mkdir(exist_ok=True)
        spec.env["GONGKAI_HOME"] = str(home)


def pytest_runtest_setup(item):
    services.insist(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """After a test with real transactions, write again what the migrations wrote.

    It leaves an empty database, and the next file's tests need the root page. This
    happens also when the emptying itself failed, so that one test that ends badly is
    one failure and not those of all files after it.
    """
    marker = item.get_closest_marker("django_db")
    try:
        return (yield)
    finally:
        if nextitem and marker and marker.kwargs.get("transaction"):
            with item.config.stash[blocking_manager_key].unblock():
                write_again(item.config.stash[WRITTEN])


def write_again(written: str, tries: int = 5) -> None:
    """Empty the database and write what the migrations wrote, patient with locks."""
    for left in reversed(range(tries)):
        try:
            call_command(
                "flush", verbosity=0, interactive=False, inhibit_post_migrate=True
            )
            connection.creation.deserialize_db_from_string(written)
            with connection.cursor() as cursor:
                number_after(cursor, connection.introspection.table_names())
            break
        except DatabaseError:
            connections.close_all()
            if not left:
                raise
    ContentType.objects.clear_cache()
    assert Page.objects.exists(), "what the migrations wrote did not come back"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, worker_id):
    """Workers share what the migrations make."""
    if worker_id != "master" and connection.vendor == "sqlite":
        migrate_once(Path(settings.GONGKAI_HOME).parent / "migrated.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_setup):
    """Keep what the migrations wrote: a test may end with another connection."""
    written = getattr(connection, "_test_serialized_contents", "[]")
    request.config.stash[WRITTEN] = written


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if left_out := services.left_out(skipped):
        terminalreporter.section("left out on this machine")
        for reason, count in left_out.items():
            terminalreporter.line(f"{count} tests: {reason}")


def pytest_unconfigure(config):
    home = Path(settings.GONGKAI_HOME) if settings.configured else Path()
    if home.name.startswith("gongkai-test-"):
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def home():
    """The GONGKAI_HOME of this test session; gone afterwards."""
    return Path(settings.GONGKAI_HOME)


@pytest.fixture
def people():
    """A site and one person of every role."""
    make_site()
    return make_people()


@pytest.fixture
def clerk(client, people):
    """The browser of the clerk, logged in."""
    client.force_login(people["clerk"])
    return client
