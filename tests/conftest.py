"""Fixtures of all packages, and the rule for servers that are missing here."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from tests import services, sites
from tests.browser import browser, browser_page  # noqa: F401
from tests.factories import make_people, make_site


def pytest_collection_modifyitems(config, items):
    services.sort_out(config, items)


def pytest_runtest_setup(item):
    services.insist(item)


def pytest_terminal_summary(terminalreporter):
    if services.left_out:
        terminalreporter.section("left out on this machine")
        for reason, count in services.left_out.items():
            terminalreporter.line(f"{count} tests: {reason}")


def pytest_unconfigure(config):
    home = Path(settings.GONGKAI_HOME) if settings.configured else Path()
    if home.name.startswith("gongkai-test-"):
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def home():
    """The GONGKAI_HOME of this test session; gone afterwards."""
    return Path(settings.GONGKAI_HOME)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Embedded mode as a newcomer has it: ``./run`` in a new home, demo loaded."""
    with sites.embedded(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def production_site(tmp_path_factory):
    """Production mode: the process list on PostgreSQL, Redis and Elasticsearch."""
    with sites.production(tmp_path_factory.mktemp("production")) as running:
        yield running


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
