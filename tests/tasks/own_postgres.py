"""A PostgreSQL of its own, to be restarted while others use the shared one."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.tasks.processes import free_port

USER = "gongkai-services"  # made by ./test services


def binaries():
    """Where the newest PostgreSQL is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "missing: Debian package postgresql-15"
    return found[-1].parent


def as_owner(*command, **options):
    """Run a command as somebody who may run a server."""
    prefix = []
    if os.geteuid() == 0:
        prefix = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"]
    done = subprocess.run(
        [*prefix, *map(str, command)],
        cwd="/",
        capture_output=True,
        text=True,
        **options,
    )
    assert done.returncode == 0, done.stderr or done.stdout


@dataclass
class OwnPostgres:
    """One server; ``copy`` fills its database from another one's."""

    folder: Path
    port: int

    @property
    def url(self):
        return f"postgres://gongkai@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments):
        log = self.folder / "log"
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k ''"
        as_owner(
            *(binaries() / "pg_ctl", "-D", self.folder / "data", "-l", log),
            *("-w", "-o", options, *arguments),
        )

    def copy(self, url):
        """Copy a whole database."""
        dump = self.folder / "dump"
        run = {"check": True, "capture_output": True}
        plain = ("--format=custom", "--no-owner", f"--file={dump}", url)
        subprocess.run([binaries() / "pg_dump", *plain], **run)
        target = ("--no-owner", f"--dbname={self.url}", dump)
        subprocess.run([binaries() / "pg_restore", *target], **run)


@contextlib.contextmanager
def own_postgres():
    """A new server that runs until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="gongkai-pg-", dir="/var/tmp"))
    server = OwnPostgres(folder, free_port())
    if os.geteuid() == 0:
        owner = pwd.getpwnam(USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        as_owner(
            *(binaries() / "initdb", "-D", folder / "data", "-U", "gongkai"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"),
        )
        server.control("start")
        try:
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
