"""The running sites: started once for this package, ended with its last test."""

import shutil
from pathlib import Path

import pytest
from django.db import connection

from tests import sites


@pytest.fixture(scope="package")
def site(tmp_path_factory):
    """Embedded mode as a newcomer has it: ``./run`` in a new home, demo loaded."""
    with sites.embedded(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="package")
def production_site(tmp_path_factory, django_db_setup):
    """Production mode: the process list on PostgreSQL, Redis and Elasticsearch."""
    home, migrated = tmp_path_factory.mktemp("production"), connection.settings_dict
    for collected in tmp_path_factory.getbasetemp().glob("site*/static"):
        shutil.copytree(collected, home / "static", dirs_exist_ok=True)
    with sites.production(home, Path(migrated["NAME"])) as running:
        yield running
