"""Clocks that are ten minutes off: nothing goes out early, and the reason is named.

`libfaketime` moves the clock of whole processes; the database and the portal keep the
right one.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import own_stores
from tests.tasks.faults import Township, paired_home
from tests.tasks.processes import ROOT

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
CITY = "portal:city"


def off_by(minutes):
    """Variables under which a process has a clock that is off; waits are not."""
    assert FAKETIME.exists(), "missing: Debian package faketime"
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"{minutes:+d}m",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


needs_faketime = pytest.mark.skipif(
    not FAKETIME.exists() and not os.environ.get("CI"),
    reason="Debian package faketime is not installed",
)


@pytest.fixture(scope="module")
def home(portal_process, tmp_path_factory, django_db_setup, django_db_blocker):
    """A township's home and variables, paired with the real portal."""
    folder = tmp_path_factory.mktemp("clocks")
    variables, origin = paired_home(portal_process, folder, django_db_blocker)
    return folder, variables, origin


@needs_faketime
@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "told"), [(10, "快 10 分钟"), (-10, "慢 10 分钟")])
def test_a_wrong_clock_is_named_and_all_arrives_once_it_is_right(home, minutes, told):
    folder, variables, origin = home
    wrong = Township(folder, variables | off_by(minutes))
    try:
        wrong.start(origin)
        (key,) = wrong.do("publish")
        wrong.order("drain")
        why = wrong.do("why", target=CITY, key=key)
    finally:
        wrong.stop()
    assert "时钟" in why
    assert told in why
    right = Township(folder, variables)
    try:
        right.start(origin)
        right.do("try_now")
        right.settle()
        assert right.do("problems") == []
    finally:
        right.stop()


SCHEDULE = """
import django, datetime as dt, sys
django.setup()
from django.core.management import call_command
from django.utils import timezone
from django.db import connection
from cms.approval import publication_approved
from disclosure_pages.models import DisclosureItemPage
from tests.factories import make_item, make_site
make_site()
item = make_item(live=False)
item.go_live_at = timezone.now() + dt.timedelta(minutes=5)
item.expire_at = timezone.now() + dt.timedelta(minutes=6)
with publication_approved("test"):
    item.save_revision().publish(skip_permission_checks=True)
"""
LOOK = """
import django
django.setup()
from django.utils import timezone
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.publishing import publish_scheduled
print("changed", publish_scheduled(), timezone.now().isoformat())
print("live", DisclosureItemPage.objects.live().count())
"""


def run(code, environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@needs_faketime
@pytest.mark.services
def test_a_worker_whose_clock_is_ahead_publishes_nothing_early(tmp_path):
    with own_stores() as stores:
        environment = {
            **{n: v for n, v in os.environ.items() if not n.startswith("GONGKAI_")},
            **stores,
            "DJANGO_SETTINGS_MODULE": "cms.settings.production",
            "SECRET_KEY": "x" * 50,
            "ALLOWED_HOSTS": "127.0.0.1",
            "GONGKAI_HOME": str(tmp_path),
        }
        migrate = "import django; django.setup(); from django.core.management import "
        run(f"{migrate}call_command; call_command('migrate', verbosity=0)", environment)
        run(SCHEDULE, environment)
        early = run(LOOK, environment | off_by(10))
        ahead = re.search(r"changed 0 (\S+)", early)
        assert ahead, early
        assert "live 0" in early
