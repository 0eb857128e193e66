"""One site of ours harvests another, which runs as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from django.db import connection

from disclosure_pages.harvest.running import run_source
from disclosure_pages.models import ExternalItem, HarvestSource
from tests.tasks.processes import ROOT, PortalProcess, copied_database

MAKE = """
from tests.factories import make_item, make_site
make_site()
for number in range(5):
    make_item(f"关于第{number}件事的通知", text=f"第{number}件的正文。",
              document_number=f"宁民〔2026〕{number + 1}号")
"""
CHANGE = """
from disclosure_pages.models import DisclosureItemPage
page = DisclosureItemPage.objects.get(title="关于第1件事的通知")
page.title = "关于第1件事的通知（修改）"
page.save()
print(DisclosureItemPage.objects.get(title="关于第2件事的通知").index_number)
"""


class Township(PortalProcess):
    """A township on a database of its own."""

    @property
    def environment(self):
        own = {"GONGKAI_ROLE": "township", "GONGKAI_LINK_CHECK_PRIVATE": "1"}
        return super().environment | own


@pytest.fixture(scope="module")
def county(tmp_path_factory, django_db_setup, django_db_blocker):
    """The superior: items made, published and numbered by its own jobs."""
    home = tmp_path_factory.mktemp("county")
    with django_db_blocker.unblock(), copied_database(connection, home) as variables:
        site = Township(home, {}, database=variables)
        site.manage("shell", "-c", MAKE)
        try:
            yield site.start()
        finally:
            site.stop()


def until(found, timeout_s=60):
    """Wait for the other site's jobs."""
    deadline = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def changes(site):
    return json.loads(site.get("/api/v1/changes?limit=500")[2])["changes"]


@pytest.mark.django_db
def test_what_a_superior_publishes_changes_and_withdraws_arrives(county, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    until(lambda: sum("index_number" in row for row in changes(county)) == 5)
    source = HarvestSource.objects.create(
        name="县", url=county.url, kind="gongkai", publisher="县政府", pause_s=0
    )
    run = run_source(source, budget_s=60)
    assert (run.error, run.counts.refused) == ("", 0)
    items = ExternalItem.objects.filter(relation="superior")
    item = items.get(title="关于第1件事的通知")
    assert item.document_number == "宁民〔2026〕2号"
    assert "第1件的正文。" in item.payload["html"]
    assert item.url.startswith(county.url)
    assert items.filter(index_number__gt="").count() == 5
    source.refresh_from_db()
    again = run_source(source, budget_s=60)
    assert (again.counts.new, again.counts.asked) == (0, 1)
    number = county.manage("shell", "-c", CHANGE).stdout.split()[-1]
    county.manage("withdraw", number, "--reason", "公开有误")
    until(lambda: any(row["state"] == "withdrawn" for row in changes(county)))
    until(lambda: any("（修改）" in row.get("title", "") for row in changes(county)))
    source.refresh_from_db()
    run = run_source(source, budget_s=60)
    assert (run.counts.changed, run.counts.gone) == (1, 1)
    item.refresh_from_db()
    assert (item.title, item.version) == ("关于第1件事的通知（修改）", 2)
    gone = items.get(title="关于第2件事的通知")
    assert (gone.state, gone.link_detail) == ("withdrawn", "来源已撤回：公开有误")


@pytest.mark.django_db
def test_a_harvester_that_is_killed_goes_on_and_asks_nothing_twice(
    county, tmp_path, django_db_blocker
):
    """``kill -9`` while the real command runs; the next one finishes the work."""
    until(lambda: sum("index_number" in row for row in changes(county)) >= 4)
    with copied_database(connection, tmp_path) as variables:
        reader = Township(tmp_path, {}, database=variables)
        make = (
            "from disclosure_pages.models import HarvestSource as S;"
            f"S.objects.create(name='县', url='{county.url}', kind='gongkai',"
            " publisher='县', pause_s=1, is_active=True)"
        )
        reader.manage("shell", "-c", make)
        log = county.home / "access.log"
        before = len(_item_requests(log))
        process = subprocess.Popen(
            [sys.executable, "manage.py", "harvest"], cwd=ROOT, env=reader.environment
        )
        until(lambda: len(_item_requests(log)) >= before + 2)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        free = (
            "from disclosure_pages.models import HarvestSource as S;"
            "S.objects.update(lease_until=None, pause_s=0)"
        )
        reader.manage("shell", "-c", free)
        reader.manage("harvest")
        count = (
            "from disclosure_pages.models import ExternalItem as E;"
            "print(E.objects.filter(state='published', index_number__gt='').count())"
        )
        held = int(reader.manage("shell", "-c", count).stdout.split()[-1])
    live = sum(
        "index_number" in r and r["state"] == "published" for r in changes(county)
    )
    asked = _item_requests(log)[before:]
    assert held == live
    assert live <= len(asked) <= live + 1  # at most the one that was on its way


def _item_requests(log):
    lines = []
    with suppress(FileNotFoundError):
        lines = log.read_text().splitlines()
    return [line for line in lines if "/api/v1/item?" in line]
