"""`check_site`: passes on a whole site, and names each thing that is wrong."""

import functools
import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.urls import path

from cms.models import Authority
from disclosure_pages import site_checks, site_kinds
from disclosure_pages.management.commands import check_site as command
from disclosure_pages.models import ExternalItem, NoticePage
from disclosure_pages.site_checks import Outline, check_site
from search import engines
from tests.disclosure_pages.page_kinds import every_kind, fill_authority  # noqa: F401
from tests.disclosure_pages.test_feeds import received  # noqa: F401
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_links(monkeypatch):
    """The pages are read and their links left alone."""
    monkeypatch.setattr(site_checks, "MAX_LINKS", 0)


@pytest.fixture
def check_once(monkeypatch):
    """The check, done once: what is asked again in the test is answered from it."""
    once = functools.cache(check_site)
    monkeypatch.setattr(command, "check_site", once)
    return once


@pytest.fixture(scope="module", autouse=True)
def complete_index():
    """An index that has everything (nothing): without one, a feed asks to wait."""
    engines.get("local").rebuild([])
    yield
    shutil.rmtree(Path(settings.GONGKAI_HOME) / "index", ignore_errors=True)


@pytest.fixture(scope="module")
def whole(every_kind):  # noqa: F811
    """What the check finds on the whole site."""
    return check_site()


def run(capsys, *options):
    """Exit code and what stands on stdout."""
    try:
        call_command("check_site", *options)
        code = 0
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out


def faults(report):
    return {f.kind.name: f.faults for f in report.findings if f.faults}


# A site with little on it; these stand before what makes the module's whole site


def test_a_page_type_that_nobody_thought_of_fails(monkeypatch, no_links):
    make_site()
    monkeypatch.setattr(site_kinds, "COLUMNS", ())
    found = faults(check_site())
    assert "NoticeIndexPage" in found
    assert "CategoryIndexPage" in found


def test_a_route_that_nobody_thought_of_fails(monkeypatch, no_links):
    fill_authority()
    more = [*site_kinds.get_resolver().url_patterns, path("new/", print, name="new")]
    resolver = type("Resolver", (), {"url_patterns": more})
    monkeypatch.setattr(site_kinds, "get_resolver", resolver)
    assert list(faults(check_site())) == ["new"]


def test_an_empty_footer_and_a_dead_link_are_named(capsys, check_once):
    item = make_item()
    item.body = [("paragraph", '<p><a href="/gone/">看这里</a></p>')]
    type(item).objects.filter(pk=item.pk).update(body=item.body)
    Authority.objects.update(site_id_code="", icp_number="")
    code, text = run(capsys)
    assert code == 1
    assert "404 /gone/" in text
    assert "页脚缺“网站标识码”" in text
    assert faults(check_once())["HomePage"] == ["缺 meta SiteIDCode"]


def test_a_heavy_page_fails(monkeypatch, no_links):
    make_site()
    monkeypatch.setattr(site_checks, "MAX_BYTES", 5_000)
    monkeypatch.setattr(site_checks, "MAX_REQUESTS", 2)
    found = faults(check_site())
    assert any("字节" in fault for fault in found["HomePage"])
    assert any("请求" in fault for fault in found["HomePage"])


def test_a_kind_without_a_page_is_said_but_is_no_fault(no_links):
    make_site()
    NoticePage.objects.all().delete()
    report = check_site()
    missing = [f.kind.name for f in report.findings if f.missing]
    assert "NoticePage" in missing
    assert "NoticePage" not in faults(report)


# The whole site


def test_a_whole_site_passes(capsys, monkeypatch, whole):
    monkeypatch.setattr(command, "check_site", lambda: whole)
    code, text = run(capsys, "--json")
    answer = json.loads(text)
    assert [k["kind"] for k in answer["kinds"] if k["faults"]] == [], text
    assert answer["links"]["broken"] == {}
    assert answer["footer"] == []
    assert (code, answer["clean"]) == (0, True)
    assert answer["links"]["checked"] > 60
    assert [k["kind"] for k in answer["kinds"] if not k["exists"]] == []
    names = {kind["kind"] for kind in answer["kinds"]}
    assert {m.__name__ for m in site_kinds.page_models()} <= names
    assert {"search", "sitemap_page", "feedback", "missing", "tombstone"} <= names


def test_the_table_is_for_people(capsys, monkeypatch, whole):
    monkeypatch.setattr(command, "check_site", lambda: whole)
    code, text = run(capsys, "--complete")
    assert code == 0
    assert "全部通过" in text
    assert "年度报告" in text
    total = len(site_kinds.kinds())
    assert f"页面 {total} 类通过，共 {total} 类。" in text


@pytest.mark.usefixtures("every_kind")
def test_a_kind_without_a_page_is_never_called_passed(capsys, check_once):
    NoticePage.objects.all().delete()
    total = len(site_kinds.kinds())
    code, text = run(capsys)
    assert code == 0
    assert f"页面 {total - 1} 类通过，共 {total} 类。" in text
    assert "还没有页面、没有检查：通知公告。" in text
    assert "全部通过" not in text
    assert run(capsys, "--complete")[0] == 1


@pytest.mark.usefixtures("every_kind")
def test_the_portal_role_is_checked_too(settings, received):  # noqa: F811
    settings.GONGKAI_ROLE = "portal"
    cache.clear()  # no copy of a page that the township showed
    metadata = ExternalItem.objects.first().payload["metadata"] | {
        "url": "https://yunxi.example/1", "source_url": "", "publisher": "云溪镇",
        "date_published": "2026-11-20",
    }  # fmt: skip
    ExternalItem.objects.update(
        payload={"metadata": metadata, "html": "<p>正文</p>", "attachments": []}
    )
    report = check_site()
    assert faults(report) == {}
    assert report.broken == {}
    assert "external_item" in {f.kind.name for f in report.findings if f.kind.path}


def test_outline_reads_head_and_foot():
    page = Outline(
        '<html lang="zh"><link rel="canonical" href="/a"><meta name="X" content="1">'
        '<link rel="stylesheet" href="/s.css"><h1>甲</h1><a href="/b">乙</a>'
        "<footer>主办：<b>镇</b></footer>丙"
    )
    assert (page.canonical, page.language, page.h1) == ("/a", "zh", 1)
    assert (page.meta, page.links, page.files) == ({"X": "1"}, ["/b"], ["/s.css"])
    assert page.footer == "主办：镇"


def test_a_footer_that_lacks_something_on_one_page_is_told():
    whole = "主办 承办 电话 网站标识码 备案号 公安备案号 网站地图 我为政府网站找错"
    partly = whole.replace("电话", "")
    assert site_checks._missing_in([whole, whole]) == []
    assert site_checks._missing_in([whole, partly]) == ["页脚缺“电话”：1 类页面"]
