"""Real processes for the benchmarks: a township, its site or workers, and a portal."""

import base64
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.tasks.faults import LEASE_S, Township  # noqa: E402
from tests.tasks.processes import (  # noqa: E402
    PortalProcess,
    free_port,
    wait_until_answers,
)

ORIGIN = "11330099MB1A2B3C4D"


class Group:
    """One process with its children, to be killed together."""

    def __init__(self, command: list[str], environment: dict, log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.process: subprocess.Popen | None = None

    def start(self, answers_at: str = "") -> "Group":
        """Start it; returns once ``answers_at`` answers, if given."""
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdout=self.log.open("a"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if answers_at:
            wait_until_answers(answers_at, self.process)
        return self

    def kill(self) -> None:
        """kill -9 the process and everything it started."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


class Rig:
    """A township home paired with a portal; ``services`` adds the variables of theirs.

    ``site`` (embedded) or ``worker`` and ``beat`` (production) are ready to start.
    """

    def __init__(self, folder: Path, services: dict[str, str] | None = None) -> None:
        self.folder, self.services = folder, services or {}
        self.key = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        self.home = folder / "township"
        self.home.mkdir(parents=True)
        (folder / "portal").mkdir()
        self.portal = PortalProcess(folder / "portal", {ORIGIN: self.key})
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "PORT": str(port),  # part of every address, so the same for all
            "GONGKAI_PORTALS": f"city={self.portal.url}",
            "GONGKAI_PORTAL_KEYS": f"city={self.key}",
            **self.services,
        }
        self.township = Township(self.home, self.environment)
        self.site = self._group(["gunicorn", "cms.wsgi", "-c", "gunicorn.conf.py"])
        celery = ["celery", "-A", "tasks.celery"]
        quiet = ["--without-gossip", "--without-mingle", "--concurrency", "2"]
        self.worker = self._group([*celery, "worker", "-l", "INFO", *quiet])
        self.beat = self._group([*celery, "beat", "-l", "INFO", "--pidfile="])

    def start(self) -> "Rig":
        """Make both databases and start portal and township."""
        self._manage("migrate", "-v", "0")
        if self.services:
            self.portal.manage("migrate", "-v", "0")
        else:
            shutil.copy(self.home / "gongkai.sqlite3", self.folder / "portal")
        self.portal.start()
        self.township.start(ORIGIN)
        return self

    def serve(self) -> None:
        """Start the site so that its pages can be read, not only its API."""
        self._manage("collectstatic", "--no-input", "-v", "0")
        self.site.start(f"{self.url}/healthz")

    def inside(self, module: str, *arguments: str, at_portal: bool = False) -> str:
        """Run a module in the township's home, or the portal's; returns its output."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.portal.environment if at_portal else self._settings(),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def stop(self) -> None:
        """Stop everything that was started."""
        for group in (self.site, self.worker, self.beat):
            group.kill()
        self.township.stop()
        self.portal.stop()

    def wait_until_settled(self, limit_s: float = 120.0) -> float:
        """Wait for others to deliver everything; returns seconds."""
        began = time.monotonic()
        while self.township.do("behind"):
            if time.monotonic() > began + limit_s:
                raise TimeoutError(f"rows are left after {limit_s} s")
            time.sleep(0.1)
        return time.monotonic() - began

    def _settings(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GONGKAI_", "DATABASE_", "ELASTIC", "REDIS"))
        }
        return {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
            "GONGKAI_HOME": str(self.home),
            "GONGKAI_LEASE_S": str(LEASE_S),
            **self.environment,
        }

    def _group(self, module: list[str]) -> Group:
        return Group(
            [sys.executable, "-m", *module],
            self._settings(),
            self.home / f"{module[0]}.log",
        )

    def _manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._settings(),
            check=True,
        )
