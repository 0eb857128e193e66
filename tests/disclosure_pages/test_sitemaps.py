"""The sitemap: an index of parts for machines, a tree for people."""

import datetime as dt

import pytest
from defusedxml import ElementTree
from django.utils import timezone
from wagtail.models import PageViewRestriction

from disclosure_pages import sitemaps
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.test_feeds import received  # noqa: F401
from tests.factories import make_guide, make_item, make_reading_point, make_site

pytestmark = pytest.mark.django_db
HOST = "http://127.0.0.1:8000"
NAME = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def entries(client, path):
    response = client.get(path)
    assert response.status_code == 200, path
    assert response["Content-Type"].startswith("application/xml")
    return {
        element.findtext(f"{NAME}loc").removeprefix(HOST): element.findtext(
            f"{NAME}lastmod"
        )
        for element in ElementTree.fromstring(response.content)
    }


def every_address(client):
    found = {}
    for part in entries(client, "/sitemap.xml"):
        found |= entries(client, part)
    return found


def address(page):
    return page.url_path.removeprefix("/home")


def test_the_index_names_every_part_with_its_last_change(client):
    item = make_item()
    make_guide()
    parts = entries(client, "/sitemap.xml")
    assert set(parts) == {f"/sitemap-{n}-1.xml" for n in ("columns", "texts", "items")}
    changed = dt.datetime.fromisoformat(parts["/sitemap-items-1.xml"])
    assert abs(changed - item.last_published_at) < dt.timedelta(seconds=1)


def test_every_public_page_is_named_and_answers(client):
    pages = [make_item(), make_guide(), make_reading_point()]
    found = every_address(client)
    assert {address(page) for page in pages} <= set(found)
    assert {"/", "/disclosure/", "/disclosure/work/", "/sitemap/"} <= set(found)
    assert found[address(pages[0])]
    for path in found:
        assert client.get(path).status_code == 200, path


def test_only_what_is_public_is_named(client):
    gone, draft = make_item(), make_item(live=False)
    private = make_item(disclosure_mode="withheld", disclosure_reason="秘密")
    expired, closed = make_item(), make_item()
    withdraw(gone, reason="有误")
    past = timezone.now() - dt.timedelta(days=1)
    DisclosureItemPage.objects.filter(pk=expired.pk).update(expire_at=past)
    PageViewRestriction.objects.create(page=closed, restriction_type="login")
    found = every_address(client)
    for item in (gone, draft, private, expired, closed):
        assert address(item) not in found
    assert not any(path.startswith("/sitemap-items") for path in found)


def test_a_part_holds_no_more_than_it_may(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "SECTION_SIZE", 2)
    items = [make_item() for _number in range(5)]
    parts = [p for p in entries(client, "/sitemap.xml") if "items" in p]
    assert parts == [f"/sitemap-items-{n}.xml" for n in (1, 2, 3)]
    listed = [path for part in parts for path in entries(client, part)]
    assert listed == [address(item) for item in items]
    for path in ("items-4", "items-0", "other-1", "received-1", "items-9999"):
        assert client.get(f"/sitemap-{path}.xml").status_code == 404


def test_the_portal_names_what_it_received(client, settings, received):  # noqa: F811
    settings.GONGKAI_ROLE = "portal"
    make_site()
    path = f"/external/{'1' * 18}/{'a' * 32}/"
    found = every_address(client)
    assert path in found
    assert not any("b" * 32 in name or "c" * 32 in name for name in found)


def test_people_get_a_tree_with_numbers(client):
    make_item("低保公示")
    make_guide()
    make_reading_point()
    text = client.get("/sitemap/").content.decode()
    for title in ("政府信息公开指南", "工作信息", "民政和社会事务办公室", "查阅点"):
        assert title in text
    assert '工作信息</a> <span class="num meta">1</span>' in text
    assert "低保公示" not in text  # items are a number here
    assert text.count("<h1") == 1
    assert '<a href="/sitemap/">网站地图</a>' in client.get("/").content.decode()


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-items-1.xml", "/sitemap/"])
def test_queries_do_not_grow(client, django_assert_max_num_queries, path):
    make_item(), make_guide()
    client.get(path)
    with django_assert_max_num_queries(12) as few:
        client.get(path)
    for _number in range(3):
        make_item(), make_reading_point()
    client.get(path)
    with django_assert_max_num_queries(12) as more:
        client.get(path)
    assert len(more) == len(few)
