"""What a first view costs on every kind of page, and how many queries an answer."""

import datetime as dt
import gzip
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from wagtail.models import Page

from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from search import kept
from tests.disclosure_pages.page_kinds import addresses, every_kind  # noqa: F401
from tests.disclosure_pages.test_public_browser import HOST, Served
from tests.factories import make_item
from tests.snapshots import number_after

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


def add_items(number):
    """Public items, many at once: copies of one."""
    parent = OfficeIndexPage.objects.get(office__code="civil-affairs")
    item = make_item(summary="概述")
    day = dt.date(2020, 1, 1)
    last_pk = Page.objects.order_by("-pk").values_list("pk", flat=True).first()
    base = Page._str2int(item.path[-Page.steplen :])
    pages, items = [], []
    for index in range(1, number + 1):
        step = Page._int2str(base + index).rjust(Page.steplen, "0")
        pages.append({
            "id": last_pk + index, "title": f"第{index}件", "draft_title": "草",
            "slug": f"many-{base + index}", "path": parent.path + step,
            "url_path": f"{parent.url_path}many-{base + index}/",
            "translation_key": uuid4(), "latest_revision": None, "live_revision": None,
        })  # fmt: skip
        items.append({
            "page_ptr": last_pk + index, "date_made": day,
            "date_published": day + dt.timedelta(days=index % 2000),
            "index_number": f"11330099MB1A2B3C4D/2020-{base + index:05d}",
        })  # fmt: skip
    copy_row(Page, item.pk, pages)
    copy_row(DisclosureItemPage, item.pk, items)
    Page.objects.filter(pk=parent.pk).update(numchild=parent.numchild + number + 1)


def copy_row(model, pk, changes):
    """Write copies of a row into the table of the model, each with changes of its own.

    ``bulk_create`` refuses a model with a parent table.
    """
    meta, quote = model._meta, connection.ops.quote_name
    changed = [meta.get_field(name) for name in changes[0]]
    kept = [quote(f.column) for f in meta.local_concrete_fields if f not in changed]
    names = ", ".join([*(quote(field.column) for field in changed), *kept])
    values = ", ".join([*(["%s"] * len(changed)), *kept])
    table, key = quote(meta.db_table), quote(meta.pk.column)
    rows = [
        [f.get_db_prep_save(change[f.name], connection) for f in changed] + [pk]
        for change in changes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}"
            f" WHERE {key} = %s",
            rows,
        )
        number_after(cursor, [meta.db_table])


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
