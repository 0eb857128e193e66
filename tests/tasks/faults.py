"""Drives a township of killable processes beside a real portal."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection

from tests.sites import copy_database
from tests.tasks.processes import ROOT

LEASE_S = 2.0
KILLED = -signal.SIGKILL


@dataclass
class Township:
    """One township home; ``order`` runs one act in a process of its own."""

    home: Path
    environment: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None

    def start(self, origin):
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GONGKAI_", "DATABASE_", "ELASTIC", "REDIS"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.township"],
            cwd=ROOT,
            env={
                **inherited,
                "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
                "GONGKAI_HOME": str(self.home),
                "GONGKAI_LEASE_S": str(LEASE_S),
                **self.environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.home / "township.log").open("a"),
            text=True,
        )
        self._answer()
        self.do("found", origin=origin)
        return self

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(timeout=30)
            self.process.stdout.close()
            self.process = None

    def order(self, act, *, failpoint="", **arguments):
        """Run one act; returns exit status (negative: the signal) and value."""
        order = {"act": act, "failpoint": failpoint, "with": arguments}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        return answer["status"], answer["value"]

    def do(self, act, **arguments):
        """Run one act that must succeed; returns its value."""
        status, value = self.order(act, **arguments)
        if status != 0:
            raise RuntimeError(f"{act} ended with {status}; {self.log()}")
        return value

    def kill_drain(self, failpoint, limit_s=15.0):
        """Drain until the failpoint killed a process; returns whether it did."""
        ends = time.monotonic() + limit_s
        while time.monotonic() < ends:
            status, _value = self.order("drain", failpoint=failpoint)
            if status == KILLED:
                return True
            time.sleep(0.1)
        return False

    def settle(self, limit_s=60.0):
        """Drain until no target lacks anything; returns the seconds it took."""
        began = time.monotonic()
        while time.monotonic() < began + limit_s:
            self.order("drain")
            if self.do("behind") == 0:
                return time.monotonic() - began
            time.sleep(0.1)
        raise TimeoutError(f"rows are left after {limit_s} s; {self.log()}")

    def log(self):
        return (self.home / "township.log").read_text()[-3000:]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the township ended; {self.log()}")
        return json.loads(line)


__all__ = ["KILLED", "LEASE_S", "Township"]


def paired_home(portal, folder: Path, blocker) -> tuple[dict[str, str], str]:
    """Fill a township's home with the tables of the tests, paired with a real portal.

    Returns the variables of its processes, and the origin that it sends under.
    """
    if connection.vendor != "sqlite":
        pytest.skip("has its own SQLite home; bench/faults.py does it on PostgreSQL")
    with blocker.unblock():
        copy_database(connection.settings_dict["NAME"], folder / "gongkai.sqlite3")
    origin = portal.unused.pop()
    variables = {
        "GONGKAI_PORTALS": f"city={portal.url}",
        "GONGKAI_PORTAL_KEYS": f"city={portal.pairs[origin]}",
    }
    return variables, origin
