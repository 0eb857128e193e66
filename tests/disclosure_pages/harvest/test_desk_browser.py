"""采集来源 on a desk and on a phone, in Chromium."""

import mimetypes

import pytest
from django.urls import reverse

from disclosure_pages.models import HarvestedLink
from tests.disclosure_pages import test_public_browser
from tests.disclosure_pages.test_public_browser import LONG, Served, width_of
from tests.factories import make_people, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.fixture
def served(browser_page, client, monkeypatch):
    for suffix in (".woff2", ".woff", ".png", ".ico"):
        kind = mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"
        monkeypatch.setitem(test_public_browser.TYPES, suffix, kind)
    make_site()
    client.force_login(make_people()["officer"])
    return Served(browser_page, client)


def test_an_officer_tries_and_looks_at_a_source_on_a_phone(
    served, superior, source, run
):
    entry = "<item><title>{t}</title><link>{u}/{n}</link></item>"
    entries = "".join(
        entry.format(t=f"{n}{LONG}", u=superior.url, n=n) for n in range(3)
    )
    body = f"<rss version='2.0'><channel>{entries}</channel></rss>"
    superior.put("/feed.rss", body, "text/xml")
    superior.show()
    feed = source("feed", "/feed.rss", name="宁澜市民政局通知公告")
    names = ("gongkai_harvest_trial", "gongkai_harvest_links")
    edit = "wagtailsnippets_disclosure_pages_harvestsource:edit"
    run(feed)
    HarvestedLink.objects.filter(address__endswith="/2").update(
        state="gone", detail="来源已撤回：公开有误"
    )
    for name in (*names, edit):
        for width in (390, 1280):
            page = served.open(reverse(name, args=[feed.pk]), width)
            assert served.status == 200
            assert width_of(page) <= width
            if name != edit:
                assert page.get_by_text(f"0{LONG}"[:20]).first.is_visible()
    page = served.open(reverse("gongkai_harvest_links", args=[feed.pk]), 390)
    assert page.get_by_role("button", name="现在取一次").is_visible()
    assert page.get_by_role("link", name="来源已撤下 1").is_visible()
