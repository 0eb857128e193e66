"""What a first view costs on every kind of page, and how many queries an answer."""

import datetime as dt
import gzip
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.staticfiles import finders
from wagtail.models import Page

from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from tests.disclosure_pages.page_kinds import addresses, make_every_kind
from tests.disclosure_pages.test_public_browser import HOST, Served
from tests.factories import make_item

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


@pytest.mark.django_db
@pytest.mark.browser
@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_first_view_of_every_kind_is_within_budget(served, mode):
    make_every_kind()
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


def add_items(number):
    """Public items, many at once."""
    parent = OfficeIndexPage.objects.get(office__code="civil-affairs")
    model = make_item()
    day = dt.date(2020, 1, 1)
    first = Page.objects.child_of(parent).order_by("-path").first().path
    base = Page._str2int(first[-Page.steplen :])
    pages = [
        DisclosureItemPage(
            title=f"第{index}件", draft_title="草", slug=f"many-{base + index}",
            url_path=f"{parent.url_path}many-{base + index}/", depth=parent.depth + 1,
            path=parent.path + Page._int2str(base + index).rjust(Page.steplen, "0"),
            translation_key=uuid4(), locale_id=model.locale_id, live=True,
            content_type_id=model.content_type_id, category="work",
            first_published_at=model.first_published_at, summary="概述",
            last_published_at=model.last_published_at, date_made=day,
            date_published=day + dt.timedelta(days=index % 2000),
            index_number=f"11330099MB1A2B3C4D/2020-{base + index:05d}",
        )
        for index in range(1, number + 1)
    ]  # fmt: skip
    for start in range(0, number, 500):
        write_tables(pages[start : start + 500])
    Page.objects.filter(pk=parent.pk).update(numchild=parent.numchild + number + 1)


def write_tables(pages):
    """Write rows of a model with a parent table, which ``bulk_create`` refuses."""
    rows = []
    for page in pages:
        values = {f.attname: getattr(page, f.attname) for f in Page._meta.local_fields}
        rows.append(Page(**values))
    for page, row in zip(pages, Page.objects.bulk_create(rows), strict=True):
        page.pk = page.page_ptr_id = page.id = row.pk
    model = type(pages[0])
    local = model._meta.local_concrete_fields
    model._base_manager._insert(pages, fields=local, using="default")


@pytest.mark.django_db
def test_queries_are_the_same_for_a_hundred_and_ten_thousand_items(
    client, django_assert_max_num_queries
):
    make_every_kind()
    add_items(100 - DisclosureItemPage.objects.count())
    paths = [(name, path) for name, path, _status in addresses()]
    paths += [
        *(("rss", "/feeds/latest.rss"), ("atom", "/feeds/category/work.atom")),
        *(("index", "/sitemap.xml"), ("part", "/sitemap-items-1.xml")),
        *(("csv", "/lists/items.csv"), ("json", "/lists/items.json?category=work")),
    ]
    few = {name: queries(client, path, django_assert_max_num_queries)
           for name, path in paths}  # fmt: skip
    before = DisclosureItemPage.objects.count()

    add_items(MANY - before)
    assert DisclosureItemPage.objects.count() >= MANY
    many = {name: queries(client, path, django_assert_max_num_queries)
            for name, path in paths}  # fmt: skip
    assert many == few


def queries(client, path, limit):
    """How many queries a fresh answer costs, after one that warmed the site's roots."""
    fresh = f"{path}{'&' if '?' in path else '?'}fresh=1"
    consume(client.get(fresh))
    with limit(12, info=path) as asked:
        consume(client.get(fresh))
    return len(asked)


def consume(response):
    if response.streaming:
        for _piece in response.streaming_content:
            pass
