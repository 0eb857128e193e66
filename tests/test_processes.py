"""Compose starts what the tests start: one process list, compared."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.services import IN_CI
from tests.sites import PROCESSES, clean_environment, production_environment

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
REQUIRED = {
    "SECRET_KEY": "x",
    "ALLOWED_HOSTS": "gongkai.example.cn",
    "POSTGRES_PASSWORD": "x",
    "GONGKAI_BASE_URL": "https://gongkai.example.cn",
}
# Set by the tests because they run without TLS and with the demo; never in compose.
REHEARSAL_ONLY = {"GONGKAI_REHEARSAL", "GONGKAI_INSECURE_HTTP", "GONGKAI_DEMO_PASSWORD"}
PLACES = {"GONGKAI_STATIC", "PORT"}  # in the image, at the published port


def command_of(service):
    command = service["command"]
    return command if isinstance(command, str) else command[-1]


@pytest.mark.parametrize("name", PROCESSES)
def test_compose_runs_the_command_of_the_process_list(name):
    assert command_of(SERVICES[name]) == PROCESSES[name]["command"]


def test_compose_runs_nothing_else_but_the_three_stores():
    assert set(SERVICES) - set(PROCESSES) == {"postgres", "redis", "elasticsearch"}


@pytest.mark.parametrize("name", PROCESSES)
def test_compose_sets_the_variables_that_the_tests_set(name, tmp_path):
    tested = production_environment(tmp_path, 8000).keys() - clean_environment().keys()
    tested |= {"DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL"}
    wanted = tested - REHEARSAL_ONLY - PLACES
    assert wanted - SERVICES[name]["environment"].keys() == set()
    assert REHEARSAL_ONLY.isdisjoint(SERVICES[name]["environment"])


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"setup"}))
def test_every_lasting_service_has_a_health_check(name):
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", [n for n in PROCESSES if n != "setup"])
def test_nothing_starts_before_the_databases_are_set_up(name):
    conditions = {n: c["condition"] for n, c in SERVICES[name]["depends_on"].items()}
    assert conditions == {
        "setup": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "elasticsearch": "service_healthy",
    }


def test_the_image_starts_the_web_process():
    last = (ROOT / "Dockerfile").read_text().strip().splitlines()[-1]
    assert yaml.safe_load(last.removeprefix("CMD ")) == (
        PROCESSES["web"]["command"].split()
    )


def test_compose_itself_accepts_the_file():
    if not shutil.which("docker-compose"):
        missing = "docker-compose (its parser; needs no engine) is not installed"
        pytest.fail(missing) if IN_CI else pytest.skip(missing)
    done = subprocess.run(
        ["docker-compose", "-f", "docker-compose.yml", "config"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **REQUIRED},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    resolved = yaml.safe_load(done.stdout)["services"]
    assert command_of(resolved["web"]) == PROCESSES["web"]["command"]


def test_compose_refuses_to_start_without_a_secret():
    for name in REQUIRED:
        used = (ROOT / "docker-compose.yml").read_text()
        assert f"${{{name}:?" in used
