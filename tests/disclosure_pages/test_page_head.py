"""What the head of a page tells: languages, feeds, data for machines."""

import json
import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.disclosure_pages.page_kinds import fill_authority, make_every_kind
from tests.factories import make_document, make_guide, make_item, make_people, make_site

pytestmark = pytest.mark.django_db
HOST = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def text_of(client, path, **extra):
    return client.get(path, **extra).content.decode()


def data_of(text):
    """The JSON-LD of a page by type."""
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    data = json.loads(block)
    assert data["@context"] == "https://schema.org"
    return {part["@type"]: part for part in data["@graph"]}


def address(page):
    return page.url_path.removeprefix("/home")


# Languages


def test_english_is_asked_for_in_the_address_and_kept(client):
    make_guide()
    assert '<html lang="zh-CN">' in text_of(client, "/guide/")
    answer = client.get("/guide/?lang=en")
    text = answer.content.decode()
    assert '<html lang="en">' in text
    assert "政府信息公开指南" in text  # what was published stays Chinese
    assert "Cookie" in answer["Vary"]
    assert 'href="/guide/?lang=zh"' in text
    assert '<html lang="en">' in text_of(client, "/guide/")
    client.get("/guide/?lang=zh")
    assert '<html lang="zh-CN">' in text_of(client, "/guide/")


def test_the_interface_is_translated(client):
    make_site()
    text = text_of(client, "/disclosure/work/?lang=en")
    assert "跳到正文" not in text
    assert "公开日期" not in text.split("<main")[1]


def test_a_kept_page_is_kept_per_language(client):
    item = make_item("低保公示")
    chinese = text_of(client, address(item))
    client.cookies["gongkai_lang"] = "en"
    assert '<html lang="en">' in text_of(client, address(item))
    assert '<html lang="en">' in text_of(client, address(item))  # the kept copy
    del client.cookies["gongkai_lang"]
    assert text_of(client, address(item)) == chinese


def test_other_languages_and_the_desk_are_left_alone(client):
    make_site()
    assert '<html lang="zh-CN">' in text_of(client, "/?lang=%00")
    assert not client.get("/?lang=fr").cookies
    client.force_login(make_people()["officer"])
    client.cookies["gongkai_lang"] = "en"
    assert 'lang="zh-hans"' in text_of(client, reverse("wagtailadmin_home"))


# Feeds


def test_heads_name_the_feeds_of_what_is_shown(client):
    make_every_kind()
    for path, feed in {
        "/": "/feeds/latest.rss",
        "/guide/": "/feeds/latest.atom",
        "/disclosure/work/?year=2026&page=1": (
            "/feeds/latest.rss?category=work&amp;year=2026"
        ),
        "/disclosure/?q=补助": "/feeds/latest.atom?q=%E8%A1%A5%E5%8A%A9",
        "/disclosure/office-civil-affairs/": "/feeds/latest.rss?office=civil-affairs",
        "/collection/": "/feeds/collection/collection.rss",
    }.items():  # fmt: skip
        assert f'href="{feed}">' in text_of(client, path), path
        assert client.get(feed.replace("&amp;", "&")).status_code == 200


# Data for machines


def test_an_item_is_a_document_with_its_files(client):
    fill_authority()
    document = make_document("办法.txt")
    item = make_item(
        "关于补助的通知", documents=[document], document_number="云政〔2026〕31号",
        summary="每户 8000 元。", keywords="补助；住房",
    )  # fmt: skip
    data = data_of(text_of(client, address(item)))
    found = data["DigitalDocument"]
    assert found["name"] == "关于补助的通知"
    assert found["url"] == HOST + address(item)
    assert found["identifier"] == [item.index_number, "云政〔2026〕31号"]
    assert found["keywords"] == ["补助", "住房"]
    assert found["dateCreated"] == "2026-08-24"
    assert found["encoding"][0]["contentUrl"] == HOST + document.url
    assert found["encoding"][0]["sha256"] == document.sha256
    assert found["publisher"]["@id"] == data["GovernmentOrganization"]["@id"]
    assert data["GovernmentOrganization"]["telephone"] == "0000-62001203"
    steps = [(s["position"], s["item"]) for s in
             data["BreadcrumbList"]["itemListElement"]]  # fmt: skip
    assert steps == [
        (1, f"{HOST}/"),
        (2, f"{HOST}/disclosure/"),
        (3, f"{HOST}/disclosure/work/"),
        (4, HOST + address(item)),
    ]


def test_kinds_have_types(client):
    make_every_kind()
    for path, kind in {
        "/": "WebSite",
        "/guide/": "Article",
        "/reading-points/": "CollectionPage",
        "/disclosure/work/": "Dataset",
        "/collection/": "Dataset",
        "/rules/rules-1/": "Article",
        "/annual-reports/annual-reports-1/": "Report",
        "/notices/notices-1/": "NewsArticle",
        "/no-such-page/": "GovernmentOrganization",
    }.items():
        assert kind in data_of(text_of(client, path)), path
    downloads = data_of(text_of(client, "/disclosure/work/"))["Dataset"]["distribution"]
    for download in downloads:
        path = download["contentUrl"].removeprefix(HOST)
        assert client.get(path).status_code == 200


def test_no_text_ends_the_block(client):
    attack = "</script><script>alert(1)</script><!-- & \u2028"
    item = make_item(attack, summary=attack, keywords=attack, publisher=attack)
    data = data_of(text_of(client, address(item)))
    assert data["DigitalDocument"]["name"] == attack


def test_a_tombstone_tells_machines_no_more_than_people(client):
    item = make_item("张三的名单", summary="张三")
    type(item).objects.filter(pk=item.pk).update(live=False, withdrawn_at="2026-11-01T00:00Z")  # noqa: E501  # fmt: skip
    answer = client.get(address(item))
    assert answer.status_code == 410
    assert "张三" not in answer.content.decode()
    assert set(data_of(answer.content.decode())) == {"GovernmentOrganization"}


# Frame


def test_without_masthead_the_tools_stand_in_the_footer(client, settings):
    make_site()
    settings.GONGKAI_MASTHEAD = False
    settings.GONGKAI_BADGE = ""
    text = text_of(client, "/")
    assert 'class="head"' not in text
    foot = text.split("<footer")[1]
    for fact in ("mode=elder", "lang=en", "/sitemap/", "/feedback/?page=/"):
        assert fact in foot
    assert "党政机关" not in text
    settings.GONGKAI_BADGE = "党政机关"
    assert "党政机关" in text_of(client, "/?again")
