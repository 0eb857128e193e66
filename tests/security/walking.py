"""Walking the addresses of a world as somebody, and what the tables let him meet."""

import logging
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.test import Client
from wagtail.models import Page

from tests.security.addresses import Address
from tests.security.matrix import ENTERS, SEES, place, read
from tests.security.world import Secret, World

SEE, ENTER = read(SEES), read(ENTERS)
# Who has the role of another row, in the other office.
SECONDS = {"other": "clerk", "other-head": "head"}
# Whoever may take back what is public reads here what it is called, and whoever does a
# step of a bulk load what came of its items; no draft is named here.
NAMES = re.compile(r"/admin/(withdraw/\d+/|review/batch/[\w-]+/result/)$")
EVERY = {"review", "handing over", "hurrying", "taking back"}  # depends on the step
LEFT_OUT = {"admin/logout/"}  # ends the walk


class Log(logging.Handler):
    """Keeps what was logged."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())

    def taken(self) -> str:
        """Return what came since the last time."""
        lines, self.lines = self.lines, []
        return "\n".join(lines)


@dataclass
class Walk:
    """What somebody met on the way."""

    faults: list[str] = field(default_factory=list)
    leaks: dict[str, set] = field(default_factory=lambda: defaultdict(set))
    intrusions: set[str] = field(default_factory=set)
    entered: Counter = field(default_factory=Counter)
    seen: Counter = field(default_factory=Counter)
    published: list[str] = field(default_factory=list)


def role_of(person: str) -> str:
    return SECONDS.get(person, person)


def office_of(person: str) -> str:
    return "other" if person in SECONDS else "own"


def browser_of(world: World, person: str) -> Client:
    client = Client(raise_request_exception=False)
    if person in world.people:
        client.force_login(world.people[person])
    return client


def text_of(answer) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.headers}\n{body.decode(errors='replace')}"


def met(world: World, text: str, asked: str = "") -> list[Secret]:
    """Return the secrets whose canary is in the text and was not in the question."""
    if world.stem not in text:
        return []
    return [s for s in world.secrets if s.word in text and s.word not in asked]


def may_see(person: str, secret: Secret, path: str) -> bool:
    mine = secret.office == office_of(person)
    withdraws = {"secrecy": True, "leader": True, "head": mine}
    named = NAMES.match(path) and secret.kind != "draft"
    if named and withdraws.get(role_of(person)):
        return True
    cell = SEE[secret.kind][role_of(person)]
    return cell == "✓" or (cell == "o" and mine)


def may_enter(person: str, address: Address) -> bool:
    cell = ENTER[place(address.route)][role_of(person)]
    mine = address.whose in ("site", office_of(person))
    return cell == "✓" or (cell == "o" and mine)


def each_once(walked: list[Address]) -> list[Address]:
    """Return one address of each route and owner, but all of what is reviewed.

    What is left out differs only in the id of an equal thing, in a filter or in being
    missing; the stranger and the clerk of the other office walk that too.
    """
    found: dict[tuple, Address] = {}
    for address in walked:
        if address.whose == "missing":
            continue
        every = place(address.route) in EVERY
        which = address.path if every else ""
        found.setdefault((address.route, address.whose, which), address)
    return list({address.path: address for address in found.values()}.values())


def push(world: World, person: str, addresses: list[Address], log: Log) -> Walk:
    """POST an empty form everywhere; what it did is taken back each time.

    Where somebody may not enter, nothing is written; nothing becomes public anywhere.
    """
    client, found = browser_of(world, person), Walk()
    for address in addresses:
        if address.route in LEFT_OUT:
            continue
        client.cookies.pop("messages", None)
        with transaction.atomic():
            before, public = connection.connection.total_changes, public_now()
            answer = client.post(address.path)
            wrote = connection.connection.total_changes - before
            if public_now() - public:
                found.published.append(address.path)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            found.faults.append(address.path)
        if wrote and not may_enter(person, address) and not may_send(address):
            found.intrusions.add(address.path)
        told = log.taken() + text_of(answer)
        for secret in met(world, told, address.path):
            if not may_see(person, secret, address.path):
                found.leaks[f"{secret.kind} of {secret.office}"].add(address.path)
        found.entered[answer.status_code] += 1
    return found


def public_now() -> set[tuple[int, int]]:
    """Return every public page with the revision that is public."""
    return set(Page.objects.live().values_list("pk", "live_revision"))


def may_send(address: Address) -> bool:
    """Whether anybody may write there: signing in, a note to the site's keepers."""
    return place(address.route) in ("sign-in", "public")


def walk(world: World, person: str, addresses: list[Address], log: Log) -> Walk:
    """GET everything, and HEAD where a file or a public page answered."""
    client, found = browser_of(world, person), Walk()
    for address in addresses:
        if address.route in LEFT_OUT:
            continue
        client.cookies.pop("messages", None)
        answer = client.get(address.path)
        area = place(address.route)
        if answer.status_code >= 500:
            found.faults.append(address.path)
        for secret in met(world, log.taken(), address.path):
            found.leaks[f"log: {secret.kind}"].add(address.path)
        for secret in met(world, text_of(answer), address.path):
            if may_see(person, secret, address.path):
                found.seen[secret.kind] += 1
            else:
                found.leaks[f"{secret.kind} of {secret.office}"].add(address.path)
        if answer.status_code != 200:
            continue
        if area in ("public", "files"):
            head = client.head(address.path)
            assert head.status_code in (200, 405), address.path
            assert head.streaming or not head.content, address.path
        found.entered[area] += 1
        if not may_enter(person, address):
            found.intrusions.add(f"{area}: {address.path}")
    return found
