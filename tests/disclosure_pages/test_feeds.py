"""Feeds: what a reader's program gets, and what it must never get."""

import datetime as dt
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
from defusedxml import ElementTree
from django.utils import timezone
from django.utils.http import http_date
from wagtail.models import PageViewRestriction

from cms.approval import publication_approved
from cms.models import Authority
from disclosure_pages.bulk.importing import Options, import_file
from disclosure_pages.choices import Category
from disclosure_pages.models import (
    CollectionPage,
    DisclosureItemPage,
    ExternalItem,
    Origin,
)
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.bulk_files import row, write_jsonl
from tests.factories import make_item, make_site, ready_site

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
HOST = "http://127.0.0.1:8000"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def rss_items(response):
    return ElementTree.fromstring(response.content).findall("channel/item")


def rss_titles(response):
    return [item.findtext("title") for item in rss_items(response)]


def make_collection(title="集合", slug="collection", **values):
    home = ready_site()
    page = CollectionPage(title=title, slug=slug, live=False, **values)
    home.add_child(instance=page)
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)
    return page


@pytest.fixture
def received(db):
    Origin.objects.create(credit_code="1" * 18, name="云溪镇人民政府")
    metadata = {"title": "低保公示", "validity": "valid", "summary": "新增 6 户。"}
    values = {"origin": "1" * 18, "version": 1, "kind": "item", "sha256": ""}
    values |= {"payload": {"metadata": metadata | {"keywords": ["低保"]}}}
    shown = ExternalItem.objects.create(
        key="a" * 32, state="published", title="低保公示", category="work",
        date_published=dt.date(2026, 11, 20), **values,
    )  # fmt: skip
    ExternalItem.objects.create(
        key="b" * 32, state="withdrawn", title="撤回的", category="work", **values
    )
    ExternalItem.objects.create(
        key="c" * 32, state="published", title="上级的", category="work",
        relation="superior", **values,
    )  # fmt: skip
    return shown


def test_rss_tells_title_link_date_and_a_lasting_name(client):
    item = make_item(
        "关于补助的通知", summary="每户 8000 元。", keywords="补助；住房",
        date_published=dt.date(2026, 9, 2),
    )  # fmt: skip
    response = client.get("/feeds/latest.rss")
    assert response["Content-Type"].startswith("application/rss+xml")
    [entry] = rss_items(response)
    assert entry.findtext("title") == "关于补助的通知"
    assert entry.findtext("description") == "每户 8000 元。"
    assert entry.findtext("link") == HOST + item.url_path.removeprefix("/home")
    assert entry.findtext("guid") == item.translation_key.urn
    assert entry.find("guid").get("isPermaLink") == "false"
    assert [c.text for c in entry.findall("category")] == ["工作信息", "补助", "住房"]
    shown = parsedate_to_datetime(entry.findtext("pubDate"))
    assert shown == dt.datetime(2026, 9, 2, tzinfo=SHANGHAI)
    assert entry.findtext("pubDate").endswith("+0800")


def test_atom_has_author_dates_and_its_own_address(client):
    item = make_item("关于补助的通知")
    response = client.get("/feeds/latest.atom?category=work")
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == f"{HOST}/feeds/latest.atom?category=work"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "云溪镇人民政府"
    [entry] = feed.findall(f"{ATOM}entry")
    updated = dt.datetime.fromisoformat(entry.findtext(f"{ATOM}updated"))
    assert abs(updated - item.last_published_at) < dt.timedelta(seconds=1)
    assert updated.utcoffset() == dt.timedelta(hours=8)


def test_feeds_follow_category_filters_and_collections(client):
    make_item("低保公示", document_number="云政〔2026〕9号")
    make_item("年度预算", category=Category.FINANCE, keywords="预算")
    make_item("旧办法", validity="repealed")
    make_collection(slug="money", category="finance", keyword="预算")
    for path, titles in {
        "/feeds/category/finance.rss": ["年度预算"],
        "/feeds/category/work.rss?validity=repealed": ["旧办法"],
        "/feeds/latest.rss?q=低保": ["低保公示"],
        "/feeds/latest.rss?office=civil-affairs&category=finance": ["年度预算"],
        "/feeds/latest.rss?office=nobody": [],
        "/feeds/latest.rss?year=2019": [],
        "/feeds/collection/money.rss": ["年度预算"],
    }.items():
        assert rss_titles(client.get(path)) == titles, path
    for path in ("category/other.rss", "collection/none.atom", "latest.pdf"):
        assert client.get(f"/feeds/{path}").status_code == 404


def test_what_is_not_public_is_in_no_feed(client):
    make_item("草稿", live=False)
    make_item("不公开", disclosure_mode="withheld", disclosure_reason="秘密")
    expired = make_item("过期")
    past = timezone.now() - dt.timedelta(hours=1)
    DisclosureItemPage.objects.filter(pk=expired.pk).update(expire_at=past)
    withdraw(make_item("撤回的名单"), reason="有误")
    page = make_collection(slug="all")
    for path in ("latest", "category/work", "collection/all"):
        for form in ("rss", "atom"):
            text = client.get(f"/feeds/{path}.{form}").content.decode()
            for title in ("草稿", "不公开", "过期", "撤回的名单"):
                assert title not in text, path
    CollectionPage.objects.filter(pk=page.pk).update(live=False)
    assert client.get("/feeds/collection/all.rss").status_code == 404


def test_a_reader_that_holds_the_feed_gets_304_until_it_changes(client):
    item = make_item("甲")
    first = client.get("/feeds/latest.rss")
    held = {"If-None-Match": first["ETag"]}
    assert client.get("/feeds/latest.rss", headers=held).status_code == 304
    withdraw(item, reason="有误")
    assert rss_titles(client.get("/feeds/latest.rss", headers=held)) == []


@pytest.mark.parametrize("change", ["restricted", "renamed"])
def test_no_reader_is_told_that_nothing_changed_when_it_did(client, change):
    item = make_item("甲")
    first = client.get("/feeds/latest.rss")
    since = http_date((timezone.now() + dt.timedelta(minutes=1)).timestamp())
    if change == "restricted":
        PageViewRestriction.objects.create(page=item, restriction_type="login")
    else:
        Authority.objects.update(name="新的名称")
    for held in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": since}):
        response = client.get("/feeds/latest.rss", headers=held)
        assert response.status_code == 200
        assert response.content != first.content


def test_the_empty_feed_is_valid_and_steady(client):
    make_site()
    first, second = client.get("/feeds/latest.atom"), client.get("/feeds/latest.atom")
    assert first.status_code == 200
    assert first["ETag"] == second["ETag"]
    assert ElementTree.fromstring(first.content).findtext(f"{ATOM}updated")


def test_no_text_breaks_the_xml(client):
    attack = "]]><x>&\x0b\ufffe<script>\u202e"
    make_item(summary=attack, keywords=attack, publisher=attack)
    DisclosureItemPage.objects.update(title=attack)  # not even what cleaning refuses
    for form in ("rss", "atom"):
        response = client.get(f"/feeds/latest.{form}?q=%00%EF%BF%BF")
        assert response.status_code == 200
        assert ElementTree.fromstring(client.get(f"/feeds/latest.{form}").content)
    assert rss_titles(client.get("/feeds/latest.rss")) == ["]]><x>&<script>\u202e"]


def test_a_feed_holds_the_newest_fifty(client, tmp_path):
    make_site()
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(52)]
    rows = [
        row(title=f"第{number}件", date_made=day, date_published=day)
        for number, day in enumerate(days)
    ]
    path = write_jsonl(tmp_path / "items.jsonl", rows)
    import_file(path, Options(publish=True, reviewed_by="周敏"))
    assert DisclosureItemPage.objects.live().count() == 52
    titles = rss_titles(client.get("/feeds/latest.rss?page=2&sort=made-asc"))
    assert len(titles) == 50
    assert titles[0] == "第51件"


def test_the_portal_feeds_what_it_received(client, settings, received):
    settings.GONGKAI_ROLE = "portal"
    [entry] = rss_items(client.get("/feeds/latest.rss"))
    assert entry.findtext("title") == "低保公示"
    assert entry.findtext("link") == f"{HOST}/external/{'1' * 18}/{'a' * 32}/"
    assert entry.findtext("guid") == f"urn:gongkai:{'1' * 18}:{'a' * 32}"
    assert entry.findtext("description") == "新增 6 户。"
    for path, number in {
        "/feeds/category/work.atom": 1,
        "/feeds/category/finance.atom": 0,
        f"/feeds/latest.atom?origin={'1' * 18}": 1,
        f"/feeds/latest.atom?origin={'2' * 18}": 0,
    }.items():
        feed = ElementTree.fromstring(client.get(path).content)
        assert len(feed.findall(f"{ATOM}entry")) == number, path


def test_queries_do_not_grow_with_the_items(client, django_assert_max_num_queries):
    make_item()
    path = "/feeds/latest.rss?office=civil-affairs&q=通知"
    client.get(path)
    with django_assert_max_num_queries(12) as few:
        client.get(path)
    for _number in range(4):
        make_item()
    client.get(path)
    with django_assert_max_num_queries(12) as more:
        client.get(path)
    assert len(more) == len(few)


def test_only_reading_is_answered(client):
    assert client.post("/feeds/latest.rss").status_code == 405
    assert client.head("/feeds/latest.rss").status_code == 200
