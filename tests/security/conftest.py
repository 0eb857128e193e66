import logging

import pytest
from django.db import transaction

from tests.security.addresses import addresses
from tests.security.walking import Log
from tests.security.world import make_world


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The one world of a module; gone with its transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


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
