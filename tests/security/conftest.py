import logging
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from disclosure_pages.public_state import public_keys, public_states
from search import engines
from search.builder import build_documents
from tests.security.addresses import addresses
from tests.security.walking import Log
from tests.security.world import make_world


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The one world of a module, searched too; gone with its transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_world()
        public = public_states(public_keys()).values()
        rows = [(1, document) for document in build_documents(public)]
        engines.get("local").rebuild(rows)
        yield made
        transaction.set_rollback(True)
    shutil.rmtree(Path(settings.GONGKAI_HOME) / "index", ignore_errors=True)


@pytest.fixture(scope="module")
def walked(world):
    """Every address of it."""
    return list(addresses(world))


@pytest.fixture
def log():
    handler = Log()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
