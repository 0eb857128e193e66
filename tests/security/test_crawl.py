"""Every address is walked by those who may see the least: no canary, no fault."""

import logging
from collections import Counter, defaultdict

import pytest
from django.db import transaction
from django.test import Client

from disclosure_pages.public_state import public_keys, public_states
from tests.security.addresses import ALL, addresses
from tests.security.matrix import ENTERS, SEES, place, read
from tests.security.world import make_world

sees, enters = read(SEES), read(ENTERS)
PEOPLE = ["anon", "other"]  # a stranger, and a clerk of the other office
OTHERS = {"other"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The one world of this module; gone with its transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def walked(world):
    """Every address of it."""
    return list(addresses(world))


class Log(logging.Handler):
    """Keeps what was logged."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture
def log():
    handler = Log()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


def role_of(person):
    return "clerk" if person in OTHERS else person


def office_of(person):
    return "other" if person in OTHERS else "own"


def browser_of(world, person):
    client = Client(raise_request_exception=False)
    if person in world.people:
        client.force_login(world.people[person])
    return client


def text_of(answer):
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.headers}\n{body.decode(errors='replace')}"


def met(world, text, asked=""):
    """Return the secrets whose canary is in the text and was not in the question."""
    if world.stem not in text:
        return []
    return [s for s in world.secrets if s.word in text and s.word not in asked]


def may_see(person, secret):
    cell = sees[secret.kind][role_of(person)]
    return cell == "✓" or (cell == "o" and secret.office == office_of(person))


def may_enter(person, address):
    cell = enters[place(address.route)][role_of(person)]
    mine = address.whose in ("site", office_of(person))
    return cell == "✓" or (cell == "o" and mine)


def test_every_route_has_its_place_and_its_addresses(walked):
    assert [route for route in ALL if place(route) is None] == []
    assert set(ALL) - {address.route for address in walked} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
def test_nobody_meets_what_is_not_his(world, walked, log, person):
    """GET, and HEAD where there was an answer, of everything."""
    client = browser_of(world, person)
    faults, leaks, intrusions = [], defaultdict(set), set()
    entered, seen = Counter(), set()
    for address in walked:
        if address.route == "admin/logout/":
            continue
        client.cookies.pop("messages", None)
        answer = client.get(address.path)
        if answer.status_code >= 500:
            faults.append(address.path)
        logged = "\n".join(log)
        log.clear()
        for secret in met(world, logged, address.path):
            leaks[f"log: {secret.kind}"].add(address.path)
        for secret in met(world, text_of(answer), address.path):
            if may_see(person, secret):
                seen.add(secret.kind)
            else:
                leaks[f"{secret.kind} of {secret.office}"].add(address.path)
        if answer.status_code == 200:
            if place(address.route) in ("public", "files"):
                head = client.head(address.path)
                assert head.status_code in (200, 405), address.path
                assert head.streaming or not head.content, address.path
            entered[place(address.route)] += 1
            if not may_enter(person, address):
                intrusions.add(f"{place(address.route)}: {address.path}")
    assert faults == []
    assert dict(leaks) == {}
    if person == "anon":
        assert sorted(intrusions) == []
    assert entered["public"]
    if person == "other":  # what hides must have been there to be met
        assert {"draft", "review", "file", "picture"} <= seen


def test_index_and_portal_are_told_nothing(world):
    told = str([vars(state) for state in public_states(list(public_keys())).values()])
    every = [page.specific.key for pages in world.pages.values() for page in pages]
    told += str([vars(state) for state in public_states(every).values()])
    assert "公开的信息" in told
    assert [s.kind for s in met(world, told)] == []
