"""A superior's site as a process of its own, and a source that points to it."""

import base64
import contextlib
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from disclosure_pages.harvest.running import run_source
from disclosure_pages.models import HarvestSource
from tests.tasks.processes import free_port, wait_until_answers


@dataclass
class Superior:
    """The site; ``pages`` is what it shows."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    pages: dict = field(default_factory=dict)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        script = Path(__file__).with_name("superior_server.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(self.port)])
        wait_until_answers(f"{self.url}/__asked", self.process)
        return self

    def stop(self):
        self.process.kill()
        self.process.wait()

    def show(self):
        """Tell the process what it shows; forgets what was asked."""
        body = json.dumps(self.pages).encode()
        request = urllib.request.Request(f"{self.url}/__set", data=body)
        urllib.request.urlopen(request, timeout=5).close()

    def put(self, path, body="", kind="text/html; charset=utf-8", **more):
        """Set one page; text is sent as UTF-8."""
        body = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": kind, **more.pop("headers", {})}
        self.pages[path] = {
            "body": base64.b64encode(body).decode(),
            "headers": headers,
            **more,
        }

    def asked(self):
        """Return (path, status) of each request since ``show``, without robots.txt."""
        return [
            (row["path"], row["status"])
            for row in self.requests()
            if row["path"] != "/robots.txt"
        ]

    def requests(self):
        with urllib.request.urlopen(f"{self.url}/__asked", timeout=5) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def process():
    running = Superior().start()
    yield running
    with contextlib.suppress(ProcessLookupError):
        running.stop()


@pytest.fixture
def superior(process, settings):
    """The site, empty; private addresses may be asked here, as in no office."""
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    process.pages = {}
    process.show()
    return process


@pytest.fixture
def source(db, superior):
    """Return a function that makes a source of the site."""

    def make(kind, path="/", **values):
        defaults = {"name": f"市民政局 {kind}", "publisher": "宁澜市民政局"}
        defaults |= {"is_active": True, "pause_s": 0}
        return HarvestSource.objects.create(
            kind=kind, url=f"{superior.url}{path}", **(defaults | values)
        )

    return make


@pytest.fixture
def run():
    """Return a function that runs a source once, as it stands in the database."""

    def once(source, **values):
        done = run_source(HarvestSource.objects.get(pk=source.pk), **values)
        source.refresh_from_db()
        return done

    return once
