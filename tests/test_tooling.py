"""What must hold of the repository itself: settings, migrations, commands, pins."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.sites import clean_environment

ROOT = Path(__file__).resolve().parents[1]
SHELL = ["run", "test", "ops/environment.sh", "ops/serve.sh", "ops/services.sh"]


def production(**variables):
    """The environment of a production site whose servers nobody contacts."""
    return clean_environment() | {
        "DJANGO_SETTINGS_MODULE": "cms.settings.production",
        "SECRET_KEY": "".join(chr(33 + n % 90) for n in range(7, 2000, 23)),
        "ALLOWED_HOSTS": "gongkai.example.cn",
        "DATABASE_URL": "postgres://gongkai:secret@127.0.0.1:9/gongkai",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "ELASTICSEARCH_URL": "http://127.0.0.1:9",
        "GONGKAI_BASE_URL": "https://gongkai.example.cn",
        **variables,
    }


def manage(environment, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "works"),
    [
        ("", False),
        ("consolemail://", False),
        ("dummymail://", False),
        ("smtp://mail.example.cn:25", True),
    ],
)
def test_letters_leave_only_by_a_mail_server(address, works):
    code = "from django.conf import settings; print(settings.GONGKAI_MAIL)"
    environment = production(EMAIL_URL=address) if address else production()
    asked = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (asked.stdout.strip(), asked.stderr) == (str(works), "")


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_production_settings_pass_the_deployment_check(tmp_path):
    environment = production(GONGKAI_HOME=str(tmp_path))
    done = manage(environment, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_production_has_no_default_for(name, tmp_path):
    environment = production(GONGKAI_HOME=str(tmp_path))
    del environment[name]
    done = manage(environment, "check")
    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize(
    "name",
    ["GONGKAI_DEMO_PASSWORD", "GONGKAI_FAILPOINT", "GONGKAI_LINK_CHECK_PRIVATE"],
)
def test_production_refuses_what_is_for_demos_and_tests(name, tmp_path):
    done = manage(production(GONGKAI_HOME=str(tmp_path), **{name: "1"}), "check")
    assert done.returncode != 0
    assert f"{name} is refused in production" in done.stderr


@pytest.mark.parametrize("script", SHELL)
def test_shell_scripts_are_posix(script):
    done = subprocess.run(
        ["sh", "-n", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_run_command_stays_short():
    assert len((ROOT / "run").read_text().splitlines()) <= 80


@pytest.mark.parametrize("script", ["run", "test", ".ci/run", "manage.py"])
def test_commands_are_executable(script):
    assert os.access(ROOT / script, os.X_OK)


def test_every_variable_is_documented():
    sources = [*sorted((ROOT / "cms/settings").glob("*.py")), ROOT / "gunicorn.conf.py"]
    call = re.compile(
        r"(?:\benv(?:\.\w+)?\(|environ\.get\(|environ\[)\s*\"([A-Z][A-Z_]+)\""
    )
    read = {name for path in sources for name in call.findall(path.read_text())}
    example = (ROOT / ".env.example").read_text()
    documented = set(re.findall(r"^#?\s?([A-Z][A-Z_]+)=", example, re.MULTILINE))
    internal = {"GONGKAI_TEST_DB", "GONGKAI_TEST_DATABASE"}  # docs/development.md
    assert read - internal - documented == set()


@pytest.mark.parametrize(
    ("name", "extra"), [("requirements.txt", ""), ("requirements-dev.txt", "dev")]
)
def test_requirements_are_compiled_from_the_pins(name, extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = [*project["dependencies"]]
    if extra:
        pins += project["optional-dependencies"][extra]
    wanted = {re.sub(r"\[.*?\]", "", pin) for pin in pins}
    text = (ROOT / name).read_text()
    compiled = set(re.findall(r"^([\w.-]+)(?:\[.*?\])?(==[\w.]+)", text, re.MULTILINE))
    assert wanted - {"".join(pin) for pin in compiled} == set()


def test_every_requirement_has_its_hash():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        blocks = re.split(r"^(?=[\w.-]+(?:\[.*?\])?==)", text, flags=re.MULTILINE)[1:]
        assert [b.split()[0] for b in blocks if "--hash=sha256:" not in b] == []
