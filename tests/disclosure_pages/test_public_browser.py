"""Public pages in Chromium, as a villager on a phone has them.

The browser's requests are answered by Django's test client, in the test's transaction.
"""

import gzip
from contextvars import copy_context
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.db import transaction
from django.utils import timezone

from cms.models import Authority
from disclosure_pages.models import DisclosureItemPage
from tests.factories import (
    VillageFactory,
    make_document,
    make_guide,
    make_item,
    make_reading_point,
    make_site,
)

pytestmark = [pytest.mark.django_db, pytest.mark.browser]
HOST = "http://127.0.0.1:8000"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STATUS = {"tombstone": 410, "missing": 404}
LONG = "关于印发《云溪镇农村住房风貌提升补助资金管理办法（试行）》的通知" * 2


class Served:
    """What the browser asked for and what it was given."""

    def __init__(self, page, client):
        self.page, self.client = page, client
        self.requests, self.sent, self.complaints = [], 0, []
        # Playwright answers in another context, which would get a connection of its
        # own and so would not see the data of the test.
        self.context = copy_context()
        page.route("**/*", self.answer)
        page.on("console", self.listen)

    def answer(self, route):
        address = urlsplit(route.request.url)
        self.requests.append(route.request.url)
        if f"{address.scheme}://{address.netloc}" != HOST:
            route.abort()
            return
        if address.path.startswith("/static/"):
            file = Path(finders.find(address.path.removeprefix("/static/")))
            body, kind = file.read_bytes(), TYPES[file.suffix]
            route.fulfill(body=body, content_type=kind)
        else:
            cookie = route.request.header_value("cookie") or ""
            self.client.cookies.load(cookie)
            path = f"{address.path}?{address.query}"
            response = self.context.run(self.client.get, path)
            headers = {
                name: value
                for name, value in response.headers.items()
                if name not in ("Content-Length", "Cross-Origin-Opener-Policy")
            }
            if response.cookies:
                headers["Set-Cookie"] = response.cookies.output(header="", sep="\n")
            body = response.content
            route.fulfill(status=response.status_code, headers=headers, body=body)
        self.sent += len(gzip.compress(body))

    def listen(self, message):
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def open(self, path, width=390):
        """Load a page at one width, counting anew."""
        self.requests.clear()
        self.sent = 0
        self.page.set_viewport_size({"width": width, "height": 800})
        self.status = self.page.goto(f"{HOST}{path}").status
        return self.page


@pytest.fixture
def served(browser_page, client):
    return Served(browser_page, client)


@pytest.fixture(scope="module")
def paths(browser, django_db_setup, django_db_blocker):
    """One address of every page kind, with awkward content; made once a module.

    After the browser: its event loop gives Django another connection than before.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_paths()
        transaction.set_rollback(True)


def make_paths():
    make_site()
    Authority.objects.update(
        phone="0000-62001203",
        address="宁澜市云溪镇溪前路 1 号",
        host_unit="云溪镇人民政府",
    )
    for number in range(22):
        make_item(f"{LONG}{number}", summary=LONG, index_number=f"{'1' * 18}/{number}")
    item = make_item(
        LONG, documents=[make_document("很长的附件名称" * 8 + ".txt")], text="W" * 300
    )
    gone = make_item("撤回")
    DisclosureItemPage.objects.filter(pk=gone.pk).update(
        live=False, withdrawn_at=timezone.now(), withdrawn_reason="发布有误。"
    )
    point = make_reading_point(VillageFactory(name="溪口村", map_x=200, map_y=300))
    return {
        "home": "/",
        "index": "/disclosure/",
        "list": "/disclosure/work/",
        "empty": "/disclosure/work/?q=没有",
        "office": "/disclosure/office-civil-affairs/",
        "item": item.url_path.removeprefix("/home"),
        "tombstone": gone.url_path.removeprefix("/home"),
        "guide": make_guide().url_path.removeprefix("/home"),
        "points": "/reading-points/",
        "point": point.url_path.removeprefix("/home"),
        "missing": "/nowhere/",
    }


def width_of(page):
    return page.evaluate("document.documentElement.scrollWidth")


def test_no_page_scrolls_sideways_and_none_needs_more_than_it_may(served, paths):
    for kind, path in paths.items():
        for mode in ("normal", "elder"):
            address = f"{path}{'&' if '?' in path else '?'}mode={mode}"
            page = served.open(address, 320)
            assert served.status == STATUS.get(kind, 200), kind
            for width in (320, 390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert width_of(page) <= width, (kind, mode, width)
        assert len(served.requests) <= 8, kind
        assert all(url.startswith(HOST) for url in served.requests), kind
        assert served.sent <= 120_000, kind
    assert served.complaints == []  # nothing that the strict policy refuses


def test_every_control_has_a_name_and_is_big_enough_to_touch(served, paths):
    for kind, path in paths.items():
        page = served.open(path)
        unnamed = page.evaluate(
            """[...document.querySelectorAll("input:not([type=hidden]), select")]
            .filter(e => !e.labels?.length && !e.ariaLabel).length"""
        )
        assert unnamed == 0, kind
        small = page.evaluate(
            """[...document.querySelectorAll("input:not([type=hidden]), select, .btn,"
              + " .tools a, .foot .links a, .pager a")]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)
            .map(e => e.outerHTML)"""
        )
        assert small == [], kind


def test_large_type_stays_on_from_page_to_page(served, paths):
    page = served.open("/")
    page.get_by_role("link", name="大字版").click()
    assert page.locator("html").get_attribute("data-mode") == "elder"
    page.get_by_role("link", name="全部信息").click()
    assert page.url == f"{HOST}/disclosure/"
    assert page.locator("html").get_attribute("data-mode") == "elder"
    page.get_by_role("link", name="标准版").click()
    assert page.locator("html").get_attribute("data-mode") is None


def test_print_button_appears_only_where_scripts_run(served, paths, browser):
    page = served.open(paths["item"])
    assert page.get_by_role("button", name="打印本页").is_visible()
    context = browser.new_context(java_script_enabled=False)
    plain = Served(context.new_page(), served.client).open(paths["item"])
    assert not plain.get_by_role("button", name="打印本页").is_visible()
    assert plain.get_by_role("heading", level=1).inner_text() == LONG
    context.close()


def test_keyboard_reaches_the_text_first(served, paths):
    page = served.open(paths["item"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_paper_shows_the_record_the_text_and_where_it_comes_from(served, paths):
    page = served.open(paths["item"], 1280)
    page.emulate_media(media="print")
    assert page.locator(".record").is_visible()
    assert page.get_by_text(f"来源：{HOST}{paths['item']}").is_visible()
    assert not page.locator(".nav").is_visible()
    assert not page.locator(".head").is_visible()
