"""Real sites as processes: the township, its city portal and, in production, workers.

``embedded`` is what ``./run`` makes; ``production`` starts ``ops/processes.toml`` on
real PostgreSQL, Redis and Elasticsearch, with a database, a key space and an index
prefix of its own. Both yield a ``RunningSite``.
"""

import base64
import contextlib
import os
import secrets
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from ops import net
from tests.stores import own_stores

ROOT = Path(__file__).resolve().parents[1]
PROCESSES = tomllib.loads((ROOT / "ops/processes.toml").read_text())
ORIGIN = "11330099MB1A2B3C4D"
PASSWORD = "e2e-鸣凤-2008"
PRIVATE = ("GONGKAI_", "DATABASE_", "ELASTICSEARCH_", "REDIS_", "DJANGO_")
START_TIMEOUT_S = 300


def clean_environment() -> dict[str, str]:
    """The environment without anything that configures a site."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PRIVATE) and name != "PORT"
    }


def two_ports() -> int:
    """Return a port that is free together with the next one."""
    while True:
        (port,) = net.pick(1)
        if net.is_free(port + 1):
            return port


@dataclass
class RunningSite:
    """A site that runs; ``processes`` maps a name to its main process id.

    Names: ``web`` and ``portal``, in production also ``worker`` and ``beat``.
    """

    url: str
    portal_url: str
    password: str
    home: Path
    environments: dict[str, dict[str, str]]
    commands: dict[str, list[str]] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    children: dict[str, subprocess.Popen] = field(default_factory=dict)
    supervised: bool = False  # ./run starts again what was killed

    def manage(self, *arguments: str, role: str = "web", check: bool = True) -> str:
        """Run ``manage.py`` beside the site (``role="portal"``: beside the portal).

        Returns stdout; fails loudly with stderr unless ``check`` is off.
        """
        return self._run("manage.py", *arguments, role=role, check=check)

    def prepare(self, *commands: str, role: str = "web") -> None:
        """Run several commands in one process, as ``./run`` does."""
        self._run("-m", "ops.prepare", *commands, role=role)

    def _run(self, *arguments: str, role: str, check: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environments[role],
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def address(self, name: str) -> str:
        """Return the base URL of ``web`` or ``portal``, '' for what has none."""
        return {"web": self.url, "portal": self.portal_url}.get(name, "")

    def sign_in(self, username: str) -> httpx.Client:
        """Return a client of the township's desk, signed in as one of its people."""
        desk = httpx.Client(base_url=self.url, follow_redirects=True, timeout=60)
        desk.get("/admin/login/")
        desk.headers["Referer"] = self.url
        form = {"username": username, "password": self.password}
        form["csrfmiddlewaretoken"] = desk.cookies["csrftoken"]
        assert desk.post("/admin/login/", data=form).url.path == "/admin/"
        return desk

    def kill(self, name: str) -> None:
        """``kill -9`` the process and its children, as a power cut would."""
        self.refresh()
        end_tree(self.processes[name], signal.SIGKILL)

    def start(self, name: str, **variables: str) -> None:
        """Start a process again, optionally with other variables; wait for it."""
        if self.supervised:
            if variables:
                raise AssertionError("./run starts its processes without variables")
        else:
            self._spawn(name, variables)
        if address := self.address(name):
            self._wait_for(name, f"{address}/healthz")
        self.refresh()

    def stop(self, name: str) -> None:
        """End one process politely (SIGTERM) and wait for it."""
        end_tree(self.processes[name], signal.SIGTERM)

    def refresh(self) -> None:
        """Read the ids of what ``./run`` supervises."""
        if self.supervised:
            _run, web, portal = (self.home / "run.pid").read_text().split()
            self.processes |= {"web": int(web), "portal": int(portal)}

    def resident_bytes(self) -> int:
        """Memory of all processes with their children (RSS)."""
        self.refresh()
        return sum(
            process.memory_info().rss
            for pid in self.processes.values()
            for process in tree(pid)
        )

    def log(self, name: str) -> str:
        """What the process wrote so far."""
        names = {"web": "township"} if self.supervised else {}
        return (self.home / "log" / f"{names.get(name, name)}.log").read_text()

    def _spawn(self, name: str, variables: dict[str, str]) -> None:
        log = self.home / "log" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        role = "portal" if name == "portal" else "web"
        with log.open("a") as out:
            child = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                env=self.environments[role] | variables,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.children[name], self.processes[name] = child, child.pid

    def _wait_for(self, name: str, url: str, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while not net.answers(url):
            ended = name in self.children and self.children[name].poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{url} does not answer\n{self.log(name)[-3000:]}")
            time.sleep(0.1)


def tree(pid: int) -> list[psutil.Process]:
    """Return the process and its descendants; empty when it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end_tree(pid: int, number: int, timeout_s: float = 30) -> None:
    """Send a signal to a process (KILL: to all its children too); wait for the end."""
    family = tree(pid)
    for process in family if number == signal.SIGKILL else family[:1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    _gone, left = psutil.wait_procs(family, timeout=timeout_s)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@contextlib.contextmanager
def embedded(
    home: Path, port: int | None = None, **variables: str
) -> Iterator[RunningSite]:
    """Run ``./run`` in a home, on free ports, until the block ends (Ctrl-C)."""
    port = port or two_ports()
    outer = clean_environment() | {
        "GONGKAI_HOME": str(home),
        "GONGKAI_DEMO_PASSWORD": PASSWORD,
        "PORT": str(port),
        **variables,
    }
    with (home / "run.log").open("w") as out:
        run = subprocess.Popen(
            ["./run"],
            cwd=ROOT,
            env=outer,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        )
    try:
        wait_for_run(run, home / "run.log")
        running = RunningSite(
            url=f"http://127.0.0.1:{port}",
            portal_url=f"http://127.0.0.1:{port + 1}",
            password=PASSWORD,
            home=home,
            environments=embedded_environments(outer, home, port),
            supervised=True,
        )
        running.refresh()
        yield running
    finally:
        interrupt(run)


def copy_home(source: Path, target: Path) -> None:
    """Copy the home of a running site, so that a second one starts in seconds."""
    shutil.copytree(
        source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sqlite3*")
    )
    for name in ("run.pid", "portal/run.pid"):
        (target / name).unlink(missing_ok=True)
    for name in ("gongkai.sqlite3", "portal/gongkai.sqlite3"):
        copy_database(source / name, target / name)


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database, in use or not."""
    with (
        contextlib.closing(sqlite3.connect(source)) as live,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)


def wait_for_run(run: subprocess.Popen, log: Path) -> None:
    """Wait until ``./run`` has printed addresses and accounts."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while "Ctrl-C" not in log.read_text():
        if run.poll() is not None or time.monotonic() > deadline:
            interrupt(run)
            raise AssertionError(f"./run did not start:\n{log.read_text()}")
        time.sleep(0.2)


def heed_interrupts() -> None:
    """Undo what a background job inherits: a shell can't trap an ignored signal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupt(run: subprocess.Popen) -> None:
    """Ctrl-C; what has not ended after 30 s is killed with all its children."""
    if run.poll() is None:
        run.send_signal(signal.SIGINT)
        try:
            run.wait(timeout=30)
        except subprocess.TimeoutExpired:
            end_tree(run.pid, signal.SIGKILL)


def embedded_environments(
    outer: dict[str, str], home: Path, port: int
) -> dict[str, dict[str, str]]:
    """The variables ``./run`` sets, for commands beside it."""
    lines = (home / "secrets.env").read_text().splitlines()
    key = dict(line.split("=", 1) for line in lines)["PAIR_KEY"]
    township = outer | {
        "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
        "GONGKAI_PORTALS": f"city=http://127.0.0.1:{port + 1}",
        "GONGKAI_PORTAL_KEYS": f"city={key}",
        "GONGKAI_STATIC": str(home / "static"),
    }
    return {"web": township, "portal": portal_environment(township, home, port, key)}


def portal_environment(
    township: dict[str, str], home: Path, port: int, key: str
) -> dict[str, str]:
    """The city portal: embedded mode in the portal's role, paired with the township."""
    inherited = {k: v for k, v in township.items() if not k.startswith(PRIVATE)}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "cms.settings.embedded",
        "GONGKAI_ROLE": "portal",
        "GONGKAI_HOME": str(home / "portal"),
        "GONGKAI_STATIC": township["GONGKAI_STATIC"],
        "GONGKAI_BASE_URL": f"http://127.0.0.1:{port + 1}",
        "GONGKAI_ORIGIN_KEYS": f"{ORIGIN}={key}",
        "PORT": str(port + 1),
    }


@contextlib.contextmanager
def production(home: Path, migrated: Path, **variables: str) -> Iterator[RunningSite]:
    """Set up and run the process list in production mode, beside a city portal.

    Static files that are in the home already are collected anew, not compressed anew.

    Args:
        migrated: an SQLite database, with all tables if there is one, for the portal.
    """
    port = two_ports()
    with contextlib.ExitStack() as stack:
        stores = stack.enter_context(own_stores())
        township = production_environment(home, port) | stores | variables
        key = township["GONGKAI_PORTAL_KEYS"].partition("=")[2]
        running = RunningSite(
            url=township["GONGKAI_BASE_URL"],
            portal_url=f"http://127.0.0.1:{port + 1}",
            password=PASSWORD,
            home=home,
            environments={
                "web": township,
                "portal": portal_environment(township, home, port, key),
            },
            commands=commands(),
        )
        prepare(running, migrated)
        stack.callback(end_all, running)
        for name in ("portal", "web", "worker", "beat"):
            running.start(name)
        yield running


def commands() -> dict[str, list[str]]:
    """The process list as arguments of this interpreter; the portal is one more web."""
    lines = {
        name: [sys.executable, *shlex.split(process["command"])[1:]]
        for name, process in PROCESSES.items()
        if not process.get("once")
    }
    return lines | {"portal": lines["web"]}


def production_environment(home: Path, port: int) -> dict[str, str]:
    """What an operator would set, plus the two switches that a rehearsal needs."""
    return clean_environment() | {
        "DJANGO_SETTINGS_MODULE": "cms.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "GONGKAI_HOME": str(home),
        "GONGKAI_STATIC": str(home / "static"),
        "GONGKAI_BASE_URL": f"http://127.0.0.1:{port}",
        "GONGKAI_PORTALS": f"city=http://127.0.0.1:{port + 1}",
        "GONGKAI_PORTAL_KEYS": f"city={signing_key()}",
        "GONGKAI_DEMO_PASSWORD": PASSWORD,
        "GONGKAI_REHEARSAL": "1",
        "GONGKAI_INSECURE_HTTP": "1",
        "PORT": str(port),
    }


def signing_key() -> str:
    """A Standard Webhooks secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def prepare(running: RunningSite, migrated: Path) -> None:
    """Databases, static files and the demo township; the portal's beside it."""
    (running.home / "portal").mkdir()
    copy_database(migrated, running.home / "portal/gongkai.sqlite3")
    running.manage("collectstatic", "--no-input", "-v", "0")
    running.prepare("migrate", "setup_site")
    running.manage("load_demo", "--size", "small")
    running.prepare("migrate", "setup_site", role="portal")


def end_all(running: RunningSite) -> None:
    """Stop whatever of the site still runs."""
    for pid in running.processes.values():
        end_tree(pid, signal.SIGTERM)
