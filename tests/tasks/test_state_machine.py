"""Random histories of edits, approvals, deliveries and faults; then all is equal.

``GONGKAI_STATE_RUNS`` says how many, 30 unless set. A history that fails is made as
short as possible and printed as steps, with a line that repeats it.
"""

import os

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.tasks.state_machine import Sync
from tests.tasks.state_world import World

RUNS = int(os.environ.get("GONGKAI_STATE_RUNS", "30"))
STEPS = 14
# The same thirty histories each time; more of them are new ones each time.
PROFILE = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    derandomize=RUNS <= 30,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def test_whatever_happens_site_index_and_portal_become_equal(
    quiet_city, fault_server, settings, monkeypatch, tmp_path
):
    if connection.vendor != "sqlite":
        pytest.skip("puts back the rows of a portal on SQLite")
    monkeypatch.setattr(
        Sync, "world", World(quiet_city, fault_server, settings, monkeypatch, tmp_path)
    )
    run_state_machine_as_test(Sync, settings=PROFILE)
