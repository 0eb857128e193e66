"""A target in memory that behaves as told and keeps what it was sent."""

import pytest
from django.db import connection

from tasks import targets
from tasks.models import OutboxEntry
from tasks.targets import Receipt, TargetDown, TargetError

KEY = "0123456789abcdef0123456789abcdef"


class World:
    """What all recording targets hold and how they behave, for one test."""

    def __init__(self):
        self.sent = []  # (target, key, version) in order
        self.calls = []  # (target, size)
        self.held = {}  # (target, key) -> (version, sha256)
        self.answers = {}  # target or (target, key) -> outcome, exception or callable

    def answer(self, target, version, state):
        told = self.answers.get((target, state.key))
        if callable(told):
            told = told(version, state)
        if isinstance(told, Exception):
            raise told
        if told is not None:
            return told
        held, sha256 = self.held.get((target, state.key), (0, ""))
        if held > version or (held == version and sha256 != state.sha256):
            return TargetError("目标持有更高版本", retryable=False, stale=held)
        self.held[target, state.key] = (version, state.sha256)
        self.sent.append((target, state.key, version))
        return Receipt(state.key, version, state.sha256)


class RecordingTarget:
    world = World()
    kind = ""
    batch_size = 500

    def __init__(self, name):
        self.name = f"{self.kind}:{name}"

    def put_many(self, items):
        self.world.calls.append((self.name, len(items)))
        told = self.world.answers.get(self.name)
        if isinstance(told, Exception):
            raise told
        return [self.world.answer(self.name, *item) for item in items]


class RecordingIndex(RecordingTarget):
    kind = "index"


class RecordingPortal(RecordingTarget):
    kind = "portal"
    batch_size = 2


@pytest.fixture
def world(monkeypatch, settings):
    """Targets ``index:local`` and ``portal:city``, both recording."""
    settings.GONGKAI_INDEXES = ["local"]
    settings.GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}
    fresh = World()
    monkeypatch.setattr(RecordingTarget, "world", fresh)
    module = "tests.tasks.recording"
    monkeypatch.setitem(targets.CLASSES, "index", f"{module}.RecordingIndex")
    monkeypatch.setitem(targets.CLASSES, "portal", f"{module}.RecordingPortal")
    targets.get.cache_clear()
    yield fresh
    targets.get.cache_clear()


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Really committed outbox rows, for threads; deleted afterwards.

    Not a transactional test: those empty every table, with what migrations put there.
    """
    with django_db_blocker.unblock():
        OutboxEntry.objects.all().delete()
        yield
        OutboxEntry.objects.all().delete()
        connection.close()


__all__ = ["KEY", "TargetDown", "World", "committed", "world"]
