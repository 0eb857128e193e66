"""What tests that run side by side must not share."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection


@pytest.fixture
def beside_others(worker_id):
    return worker_id != "master"


def test_a_worker_has_a_home_of_its_own(worker_id, beside_others):
    assert (Path(settings.GONGKAI_HOME).name == worker_id) == beside_others


@pytest.mark.django_db
def test_a_worker_has_a_database_of_its_own(worker_id, beside_others):
    name = str(connection.settings_dict["NAME"])
    assert name.endswith(f"_{worker_id}") == beside_others
