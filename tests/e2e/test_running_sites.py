"""The two ways a site runs: ``./run`` as promised, the process list on services."""

import json
import os
import signal
import stat
import subprocess
import time

import httpx
import psutil
import pytest

from tests import sites

ACCOUNTS = ["clerk", "head", "secrecy", "leader", "officer", "village", "admin"]


def run_beside(site, **variables):
    """A second ``./run`` in the environment of the first."""
    return subprocess.run(
        ["./run"],
        cwd=sites.ROOT,
        env=site.environments["web"] | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def answers(url):
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def equal(report):
    """Whether ``reconcile --json`` found no difference on any configured target."""
    lists = ("missing", "extra", "stale", "visible_but_withdrawn")
    rows = report if isinstance(report, list) else [report]
    return all(not row[name] for row in rows for name in lists)


def reconciled(site, timeout_s=60):
    """Wait until database, index and portal are equal; returns the last report."""
    deadline = time.monotonic() + timeout_s
    while True:
        report = json.loads(site.manage("reconcile", "--json", check=False))
        if equal(report) or time.monotonic() > deadline:
            return report
        time.sleep(1)


def test_run_serves_the_township_and_its_portal(site):
    assert answers(site.url)
    assert answers(site.portal_url)
    assert httpx.get(f"{site.url}/disclosure/", follow_redirects=True).is_success


def test_run_prints_addresses_accounts_and_password(site):
    printed = (site.home / "run.log").read_text()
    assert all(account in printed for account in ACCOUNTS)
    for text in (site.url, site.portal_url, site.password):
        assert text in printed


@pytest.mark.parametrize("name", ["demo-password", "secrets.env", "gongkai.sqlite3"])
def test_only_the_owner_reads_what_is_secret(site, name):
    assert stat.S_IMODE((site.home / name).stat().st_mode) == 0o600


def test_a_second_run_in_the_same_home_is_refused(site):
    done = run_beside(site)
    assert done.returncode == 1
    assert "已经在运行" in done.stderr
    assert answers(site.url)


def test_a_taken_port_is_named(site, tmp_path):
    port = site.environments["web"]["PORT"]
    done = run_beside(site, GONGKAI_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"端口 {port} 已被别的程序占用" in done.stderr


def test_a_killed_process_comes_back(site):
    for name in ("web", "portal"):
        site.kill(name)
        site.start(name)
        assert answers(site.address(name))


def test_after_a_killed_run_the_next_start_serves_the_same(site, tmp_path):
    sites.copy_home(site.home, tmp_path)
    with sites.embedded(tmp_path) as first:
        os.kill(int((tmp_path / "run.pid").read_text().split()[0]), signal.SIGKILL)
        assert answers(first.url)  # the processes outlive their shell
        left = list(first.processes.values())
        with sites.embedded(tmp_path, int(first.environments["web"]["PORT"])) as second:
            printed = (tmp_path / "run.log").read_text()
            assert "停止遗留的进程" in printed
            assert answers(second.url)
            assert not any(psutil.pid_exists(pid) for pid in left)
    assert not answers(second.url)
    assert not (tmp_path / "run.pid").exists()


@pytest.mark.services
def test_production_serves_and_delivers(production_site):
    assert answers(production_site.url)
    assert set(production_site.processes) == {"web", "portal", "worker", "beat"}
    assert equal(reconciled(production_site))


@pytest.mark.services
def test_production_delivers_after_worker_and_web_were_killed(production_site):
    for name in ("worker", "web"):
        production_site.kill(name)
    production_site.start("web")
    production_site.start("worker")
    assert answers(production_site.url)
    assert equal(reconciled(production_site))
