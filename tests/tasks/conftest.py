import base64
import contextlib
import secrets
from dataclasses import dataclass

import pytest
from django.db import connection

from cms.models import Authority
from tasks import targets
from tasks.portal.client import PortalClient
from tasks.portal.protocol import file_path, item_path
from tests.factories import make_site
from tests.tasks.messages import message_of
from tests.tasks.processes import FaultServer, PortalProcess, copied_database
from tests.tasks.recording import committed, world  # noqa: F401

TOWNSHIPS = 400


def _key():
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


@pytest.fixture(scope="session")
def portal_process(tmp_path_factory, django_db_setup, django_db_blocker):
    """A portal as a process of its own, with its own home, running jobs."""
    home = tmp_path_factory.mktemp("portal")
    pairs = {f"1133009900000{number:05d}": _key() for number in range(TOWNSHIPS)}
    portal = PortalProcess(home, pairs)
    with contextlib.ExitStack() as stack:
        with django_db_blocker.unblock():
            portal.database = stack.enter_context(copied_database(connection, home))
        stack.callback(portal.stop)
        yield portal.start()


@pytest.fixture(scope="session")
def fault_server():
    """A process that stands where a portal should be."""
    server = FaultServer()
    try:
        yield server.start()
    finally:
        server.stop()


@dataclass
class City:
    """This test's township at the portal: an origin that nobody used before."""

    portal: PortalProcess
    origin: str
    key: str

    @property
    def client(self):
        return PortalClient(self.portal.url, self.key)

    @property
    def target(self):
        return targets.get("portal:city")

    def put(self, state, version=1, **changes):
        message = message_of(state, version, **changes)
        return self.client.send_json("PUT", item_path(self.origin, state.key), message)

    def read(self, key):
        return self.client.request("GET", item_path(self.origin, key))

    def put_file(self, content, sha256):
        return self.client.request(
            "PUT", file_path(sha256), [content], size=len(content), sha256=sha256
        )

    def page(self, key):
        return self.portal.get(f"/external/{self.origin}/{key}/")


@pytest.fixture
def city(portal_process, settings, db):
    """The real portal, configured as ``portal:city`` of a township of its own."""
    origin = portal_process.unused.pop()
    key = portal_process.pairs[origin]
    settings.GONGKAI_PORTALS = {"city": portal_process.url}
    settings.GONGKAI_PORTAL_KEYS = {"city": key}
    act_as(origin)
    return City(portal_process, origin, key)


@pytest.fixture
def quiet_city(settings, db, tmp_path):
    """A portal that is this test's alone and runs no jobs: its rows may be put back."""
    origin, key, home = "11330099MB1A2B3C4D", _key(), tmp_path / "portal"
    home.mkdir()
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(copied_database(connection, home))
        jobless = {"DJANGO_SETTINGS_MODULE": "cms.settings.test"}
        portal = PortalProcess(home, {origin: key}, database=database | jobless)
        stack.callback(portal.stop)
        portal.start()
        settings.GONGKAI_PORTALS = {"city": portal.url}
        settings.GONGKAI_PORTAL_KEYS = {"city": key}
        act_as(origin)
        yield City(portal, origin, key)


@pytest.fixture
def lossy_city(city, fault_server, settings):
    """The same portal behind a line that loses three answers of ten."""
    fault_server.misbehave("lossy", upstream=f"127.0.0.1:{city.portal.port}")
    settings.GONGKAI_PORTALS = {"city": fault_server.url}
    return city


@pytest.fixture
def faulty(fault_server, settings, db):
    """The misbehaving server, configured as ``portal:city``; the target and it."""
    settings.GONGKAI_PORTALS = {"city": fault_server.url}
    settings.GONGKAI_PORTAL_KEYS = {"city": _key()}
    settings.GONGKAI_LEASE_S = 3.0  # so that a timeout takes two seconds
    act_as("11330099MB1A2B3C4D")
    fault_server.misbehave("good")
    return fault_server


def act_as(origin):
    """Be the township with this credit code."""
    make_site()  # before there is anything of this test's own: it is known already
    authority = Authority.load()
    authority.name, authority.credit_code = "云溪镇人民政府", origin
    authority.save()
