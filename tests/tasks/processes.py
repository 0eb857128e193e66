"""Real processes for the portal tests: a portal, and a server that misbehaves."""

import contextlib
import json
import os
import secrets
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60


def free_port():
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_answers(url, process):
    """Return once the URL answers anything at all."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{url}: the process ended"
        with contextlib.suppress(OSError):  # refused, or slow to start
            try:
                context = ssl._create_unverified_context()
                urllib.request.urlopen(url, timeout=5, context=context).close()
            except urllib.error.HTTPError:
                return
            return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@contextlib.contextmanager
def copied_database(connection, home):
    """A copy of the migrated test database; gives the variables that name it."""
    if connection.vendor == "sqlite":
        with (
            sqlite3.connect(connection.settings_dict["NAME"]) as source,
            sqlite3.connect(home / "gongkai.sqlite3") as copy,
        ):
            source.backup(copy)
        yield {}
        return
    template = connection.settings_dict["NAME"]
    name = f"gongkai_portal_{secrets.token_hex(4)}"
    server = urlsplit(os.environ["DATABASE_URL"])
    connection.close()  # a template must have no guests
    postgres = urlunsplit(server._replace(path="/postgres"))
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield {
                "GONGKAI_TEST_DATABASE": "postgresql",
                "DATABASE_URL": urlunsplit(server._replace(path=f"/{name}")),
            }
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class PortalProcess:
    """A portal of its own home, paired with as many townships as tests ask for."""

    home: Path
    pairs: dict  # origin → whsec_ key
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    unused: list = field(default_factory=list)
    database: dict = field(default_factory=dict)  # of the environment; SQLite if empty

    def __post_init__(self):
        self.unused = list(self.pairs)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self):
        keys = ",".join(f"{origin}={key}" for origin, key in self.pairs.items())
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GONGKAI_", "DATABASE_", "ELASTIC", "REDIS"))
        }
        return {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "tests.tasks.portal_settings",
            "GONGKAI_HOME": str(self.home),
            "GONGKAI_ROLE": "portal",
            "GONGKAI_ORIGIN_KEYS": keys,
            "GONGKAI_BASE_URL": self.url,
            "PORT": str(self.port),
            **self.database,
        }

    def manage(self, *arguments, check=True):
        """Run a management command in the portal's home."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
        )

    def start(self):
        log = (self.home / "portal.log").open("a")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "cms.wsgi"),
                *("--bind", f"127.0.0.1:{self.port}", "--threads", "8"),
                *("--access-logfile", str(self.home / "access.log")),
                *("--access-logformat", "%(r)s %(s)s"),
            ],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        wait_until_answers(f"{self.url}/portal/v1/digest/{'0' * 18}", self.process)
        return self

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
            self.process = None

    def requests(self):
        """The request lines served so far, with their status.

        A line is written after its answer: one request more shows that it is there.
        """
        log, mark = self.home / "access.log", f"/healthz?{time.monotonic_ns()}"
        self.get(mark)
        while mark not in log.read_text():
            time.sleep(0.05)
        lines = log.read_text().splitlines()
        return [line for line in lines if "/portal/v1/" in line]

    def get(self, path):
        """Anonymous GET: status, headers, body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


class SiteProcess(PortalProcess):
    """A township's site of its own home, running jobs; nothing is paired with it."""

    @property
    def environment(self):
        return super().environment | {"GONGKAI_ROLE": "township"}


@dataclass
class StandIn:
    """A script beside this one as a process that stands for a server.

    ``pem``: a file of certificate and key, to speak TLS.
    """

    script: ClassVar[str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    pem: Path | None = None

    @property
    def root(self):
        scheme = "https" if self.pem else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def open(self, path, data=None):
        """One request of the test's own, whatever the certificate."""
        context = ssl._create_unverified_context() if self.pem else None
        url = f"{self.root}{path}"
        return urllib.request.urlopen(url, data, timeout=20, context=context)

    def start(self):
        script = Path(__file__).with_name(self.script)
        options = [str(self.port), *([str(self.pem)] if self.pem else [])]
        self.process = subprocess.Popen([sys.executable, str(script), *options])
        wait_until_answers(f"{self.root}/__asked", self.process)
        return self

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class FaultServer(StandIn):
    """A server that answers as told; counts what it was asked."""

    script = "fault_server.py"

    @property
    def url(self):
        return self.root

    def misbehave(self, mode, **details):
        """Answer in this mode from now on; forgets what was asked."""
        self._tell("fault", {"mode": mode, **details})

    def plan(self, faults):
        """What the next PUTs on the line meet; what it keeps back stays there."""
        self._tell("plan", faults)

    def asked(self):
        """Method and path of each request since the mode was set."""
        return self._told("asked")

    def met(self):
        """What each request on the line met since the mode was set; "": nothing."""
        return self._told("met")

    def most_at_once(self):
        """The most requests that were being answered at one instant since then."""
        return self._told("most")

    def send_late(self):
        """Let what the line keeps back arrive now; the portal's statuses."""
        return self._tell("late", {})

    def _tell(self, what, details):
        with self.open(f"/__{what}", json.dumps(details).encode()) as response:
            return json.load(response)

    def _told(self, what):
        with self.open(f"/__{what}") as response:
            return json.load(response)
