"""What a first view costs on every kind of page, and how many queries an answer."""

import gzip
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders

from disclosure_pages.models import DisclosureItemPage
from search import kept
from tests.copies import add_items
from tests.disclosure_pages.page_kinds import addresses, every_kind  # noqa: F401
from tests.disclosure_pages.test_public_browser import HOST, Served

pytestmark = pytest.mark.django_db
MAX_REQUESTS, MAX_BYTES, MAX_CSS, MAX_JS = 8, 120_000, 12_000, 20_000
MANY = 10_000


@pytest.fixture
def served(browser_page, client):
    return Served(browser_page, client)


def weight_of(urls, suffix):
    """Bytes as they travel of the static files of one kind."""
    files = {
        finders.find(urlsplit(url).path.removeprefix("/static/"))
        for url in urls
        if urlsplit(url).path.endswith(suffix)
    }
    return sum(len(gzip.compress(open(file, "rb").read())) for file in files)


@pytest.mark.browser
@pytest.mark.usefixtures("browser", "every_kind")
@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_first_view_of_every_kind_is_within_budget(served, mode):
    for name, path, status in addresses():
        address = f"{path}{'&' if '?' in path else '?'}mode={mode}"
        page = served.open(address)
        assert served.status == status, name
        urls = list(served.requests)
        assert len(urls) <= MAX_REQUESTS, (name, urls)
        assert [url for url in urls if not url.startswith(HOST)] == [], name
        assert served.sent <= MAX_BYTES, name
        assert weight_of(urls, ".css") <= MAX_CSS, name
        assert weight_of(urls, ".js") <= MAX_JS, name
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    assert served.complaints == []


@pytest.mark.usefixtures("every_kind")
def test_queries_are_the_same_for_a_hundred_and_ten_thousand_items(
    client, django_assert_max_num_queries, monkeypatch
):
    # what a process reads again after some seconds is read once, before the counting
    monkeypatch.setattr(kept, "time", SimpleNamespace(monotonic=lambda: 0.0))
    add_items(100 - DisclosureItemPage.objects.count())
    paths = [(name, path) for name, path, _status in addresses()]
    paths += [
        *(("rss", "/feeds/latest.rss"), ("atom", "/feeds/category/work.atom")),
        *(("index", "/sitemap.xml"), ("part", "/sitemap-items-1.xml")),
        *(("csv", "/lists/items.csv"), ("json", "/lists/items.json?category=work")),
    ]
    for _name, path in paths:  # what a process asks once
        answer(client, path)
    few = {name: queries(client, path, django_assert_max_num_queries)
           for name, path in paths}  # fmt: skip
    before = DisclosureItemPage.objects.count()

    add_items(MANY - before)
    assert DisclosureItemPage.objects.count() >= MANY
    answer(client, "/")  # the site's roots, forgotten with each publication
    many = {name: queries(client, path, django_assert_max_num_queries)
            for name, path in paths}  # fmt: skip
    assert many == few


def queries(client, path, limit):
    """How many queries a fresh answer costs."""
    with limit(12, info=path) as asked:
        answer(client, path)
    return len(asked)


def answer(client, path):
    """Ask anew for a page, a feed or an export and read it to its end."""
    response = client.get(f"{path}{'&' if '?' in path else '?'}fresh=1")
    if response.streaming:
        for _piece in response.streaming_content:
            pass
