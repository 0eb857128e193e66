"""Sitemaps, list pages and Guangdong's interface, with what pages say of themselves."""

import json
import time
from datetime import date, timedelta

import pytest
from django.utils import timezone

from disclosure_pages.harvest import values
from disclosure_pages.harvest.listing import cdata, read
from disclosure_pages.harvest.pages import read as page_of
from disclosure_pages.harvest.profiles import defaults
from disclosure_pages.harvest.web import Answer
from disclosure_pages.models import ExternalItem, HarvestedLink

PAGE = """<!doctype html><html><head><title>{title} - 市民政局</title>
<meta name="ArticleTitle" content="{title}">
<meta name="PubDate" content="2026-11-03 09:30">
<meta name="ContentSource" content="宁澜市民政局">
<meta name="ColumnName" content="通知">
</head><body><nav>首页</nav><div id="zoom"><p>宁民发[2026]  012 号</p><p>{text}</p>
<script>alert(1)</script><img src=x onerror=alert(1)></div></body></html>"""
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
SHAPES = {"match": ["/art/{n}.html"], "next": ["下一页"]}
WEEK = timedelta(days=8)


def page(superior, path, title, text="正文", **more):
    superior.put(path, PAGE.format(title=title, text=text), **more)


def urlset(superior, path, entries, **more):
    rows = "".join(
        f"<url><loc>{superior.url}{p}</loc><lastmod>{day}</lastmod></url>"
        for p, day in entries
    )
    superior.put(path, f"<urlset {NS}>{rows}</urlset>", "application/xml", **more)


@pytest.fixture
def mapped(superior):
    """A site of an index with two maps and three pages."""
    parts = "".join(
        f"<sitemap><loc>{superior.url}/map{n}.xml</loc></sitemap>" for n in (1, 2)
    )
    body = f"<sitemapindex {NS}>{parts}</sitemapindex>"
    superior.put("/sitemap.xml", body, "application/xml")
    urlset(
        superior, "/map1.xml", [("/a", "2026-11-01"), ("/b", "2026-11-01")], etag='"1"'
    )
    urlset(superior, "/map2.xml", [("/c", "2026-11-01")], etag='"2"')
    for path in "abc":
        page(superior, f"/{path}", f"关于{path}的通知", etag=f'"{path}"')
    superior.show()
    return superior


@pytest.mark.django_db
def test_a_page_tells_title_day_number_and_publisher(mapped, source, run):
    done = run(source("sitemap", "/sitemap.xml"))
    assert (done.error, done.counts.new) == ("", 3)
    item = ExternalItem.objects.get(title="关于a的通知")
    assert item.publisher == "宁澜市民政局"
    assert item.document_number == "宁民发〔2026〕12号"
    assert item.date_published == date(2026, 11, 3)
    assert "正文" in item.payload["html"]
    assert not any(w in item.payload["html"] for w in ("script", "onerror", "首页"))


@pytest.mark.django_db
def test_a_second_run_reads_the_index_and_no_page(mapped, source, run):
    feed = source("sitemap", "/sitemap.xml")
    run(feed)
    mapped.show()
    done = run(feed)
    assert mapped.asked() == [
        ("/sitemap.xml", 200),
        ("/map1.xml", 304),
        ("/map2.xml", 304),
    ]
    assert (done.counts.new, done.counts.changed, done.counts.gone) == (0, 0, 0)


@pytest.mark.django_db
def test_another_lastmod_is_fetched_and_only_that(mapped, source, run):
    feed = source("sitemap", "/sitemap.xml")
    run(feed)
    urlset(
        mapped, "/map1.xml", [("/a", "2026-11-09"), ("/b", "2026-11-09")], etag='"9"'
    )
    page(mapped, "/a", "关于a的通知", "改过的正文", etag='"a2"')
    mapped.show()
    done = run(feed)
    assert (done.counts.changed, done.counts.same) == (1, 1)
    assert ("/a", 200) in mapped.asked()
    assert ("/b", 304) in mapped.asked()
    assert ("/c", 200) not in mapped.asked()
    assert ExternalItem.objects.get(title="关于a的通知").version == 2


@pytest.mark.django_db
def test_what_two_complete_maps_leave_out_is_gone(mapped, source, run):
    feed = source("sitemap", "/sitemap.xml")
    run(feed)
    urlset(mapped, "/map1.xml", [("/a", "2026-11-01")], etag='"9"')
    mapped.show()
    assert run(feed).counts.gone == 0
    assert run(feed).counts.gone == 1
    assert run(feed).counts.gone == 0
    states = dict(ExternalItem.objects.values_list("title", "state"))
    assert states["关于b的通知"] == "withdrawn"
    assert states["关于c的通知"] == "published"  # its map did not change


@pytest.mark.django_db
@pytest.mark.parametrize("code", [404, 410])
def test_a_page_that_is_not_there_twice_is_gone(mapped, source, run, code):
    feed = source("sitemap", "/sitemap.xml")
    run(feed)
    mapped.put("/b", status=code)
    mapped.show()
    HarvestedLink.objects.update(checked_at=timezone.now() - WEEK)
    assert run(feed).counts.gone == 0
    assert run(feed).counts.gone == 0  # the second look comes an hour later
    HarvestedLink.objects.filter(misses=1).update(next_at=timezone.now())
    assert run(feed).counts.gone == 1
    item = ExternalItem.objects.get(state="withdrawn")
    assert (item.title, item.link_status) == ("关于b的通知", "gone")
    assert str(code) in item.link_detail


@pytest.mark.django_db
def test_a_page_that_was_missing_once_stays(mapped, source, run):
    feed = source("sitemap", "/sitemap.xml")
    run(feed)
    kept = mapped.pages["/b"]
    mapped.put("/b", status=404)
    mapped.show()
    HarvestedLink.objects.update(checked_at=timezone.now() - WEEK)
    run(feed)
    mapped.pages["/b"] = kept
    mapped.show()
    HarvestedLink.objects.filter(misses=1).update(next_at=timezone.now())
    run(feed)
    assert not HarvestedLink.objects.exclude(misses=0, state="held").exists()


@pytest.mark.django_db
def test_only_addresses_of_the_wanted_shape_are_fetched(mapped, source, run):
    run(source("sitemap", "/sitemap.xml", profile={"match": ["/b", "/art/*"]}))
    assert [item.title for item in ExternalItem.objects.all()] == ["关于b的通知"]


@pytest.mark.django_db
def test_the_sites_own_words_are_mapped_to_our_categories(mapped, source, run):
    run(source("sitemap", "/sitemap.xml", profile={"categories": {"通知": "decision"}}))
    assert set(ExternalItem.objects.values_list("category", flat=True)) == {"decision"}


@pytest.mark.django_db
def test_linked_data_is_read_where_there_are_no_tags(superior, source, run):
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "GovernmentOrganization", "@id": "#a", "name": "宁澜市教育局"},
            {
                "@type": "DigitalDocument",
                "name": "关于开学的通知",
                "publisher": {"@id": "#a"},
                "identifier": ["113300-02-2026-1", "宁教〔2026〕3号"],
                "datePublished": "2026-08-30",
            },
        ],
    }
    superior.put(
        "/a",
        '<html><script type="application/ld+json">[</script><script '
        f'type="application/ld+json">{json.dumps(data)}</script><body><main>正文</main>',
    )
    urlset(superior, "/sitemap.xml", [("/a", "1")])
    superior.show()
    run(source("sitemap", "/sitemap.xml"))
    item = ExternalItem.objects.get()
    assert (item.title, item.publisher) == ("关于开学的通知", "宁澜市教育局")
    assert (item.document_number, item.index_number) == (
        "宁教〔2026〕3号",
        "113300-02-2026-1",
    )
    assert item.date_published == date(2026, 8, 30)


@pytest.mark.django_db
def test_a_list_in_gbk_with_entries_inside_a_script_is_read(superior, source, run):
    record = (
        "<record><![CDATA[<li><a href='/art/2026/11/{n}/art_123_{n}.html' "
        "title='关于{n}的公告'>关于{n}…</a><b>x</b></li>]]></record>"
    )
    entries = "".join(record.format(n=n) for n in (1, 2))
    body = f"""<html><head><meta charset="gb2312"></head><body>
    <a href="/art/2026/10/31/art_123_3.html">关于3的公告</a>
    <a href="/about.html">关于</a>
    <a href="index_2.html">下一页</a>
    <script type="text/xml"><datastore>{entries}</datastore></script></body></html>"""
    superior.put("/col/col123/index.html", body.encode("gb18030"), "text/html")
    more = """<a href="/art/2026/9/1/art_123_9.html">关于9的公告</a>
    <a href="javascript:x">下一页</a>"""
    superior.put("/col/col123/index_2.html", more)
    for n in (1, 2, 3, 9):
        month, day = {1: (11, 1), 2: (11, 2), 3: (10, 31), 9: (9, 1)}[n]
        body = (
            f"<body><h1>关于{n}的公告</h1><div class='a article-content'>正文{n}</div>"
        )
        path = f"/art/2026/{month}/{day}/art_123_{n}.html"
        superior.put(path, body.encode("gbk"), "text/html; charset=GBK")
    superior.show()
    feed = source("list", "/col/col123/index.html")
    done = run(feed)
    assert (done.error, done.counts.new) == ("", 4)
    days = dict(ExternalItem.objects.values_list("title", "date_published"))
    assert days["关于1的公告"] == date(2026, 11, 1)
    assert days["关于9的公告"] == date(2026, 9, 1)
    superior.show()
    run(feed)
    assert superior.asked() == [("/col/col123/index.html", 200)]


@pytest.mark.django_db
def test_a_list_without_fitting_addresses_says_so(superior, source, run):
    superior.put("/list", "<a href='/x'>x</a>")
    superior.show()
    feed = source("list", "/list")
    run(feed)
    assert "没有找到符合写法的网址" in feed.last_error


def article(superior, number, **values):
    return {
        "title": f"关于{number}的意见",
        "identifier": f"00694{number}/2026-1",
        "document_number": f"粤府〔2026〕{number}号",
        "publisher": "省民政厅",
        "date": "2026-10-01",
        "display_publish_time": 1793750400,
        "classify_main_name": "财政管理",
        "url": f"{superior.url}/gkmlpt/content/{number}.html",
        **values,
    }


@pytest.mark.django_db
def test_guangdongs_interface_is_read_until_nothing_is_new(superior, source, run):
    path = "/gkmlpt/api/all/5?sid=200&page={n}"
    first = {"articles": [article(superior, n) for n in (1, 2)]}
    first["articles"][1]["is_abolished"] = 1
    second = {"articles": [article(superior, 3), {"title": "没有网址"}, 7]}
    for n, told in ((1, first), (2, second), (3, {"articles": []})):
        superior.put(path.format(n=n), json.dumps(told), "application/json")
    for n in (1, 2, 3):
        page(superior, f"/gkmlpt/content/{n}.html", f"网页上的标题{n}")
    superior.show()
    feed = source("gkmlpt", "/gkmlpt/api/all/5?sid=200")
    done = run(feed)
    assert (done.error, done.counts.new) == ("", 3)
    item = ExternalItem.objects.get(document_number="粤府〔2026〕2号")
    assert (item.title, item.publisher) == ("关于2的意见", "省民政厅")
    assert item.date_published == date(2026, 11, 4)
    assert item.date_made == date(2026, 10, 1)
    assert item.category == "finance"
    assert item.payload["metadata"]["validity"] == "repealed"
    assert "正文" in item.payload["html"]
    superior.show()
    run(feed)
    assert superior.asked() == [(path.format(n=1), 200)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "told", ["[]", '{"articles": {}}', '{"articles": [{}]}', "<a>"]
)
def test_an_interface_of_another_shape_is_said_in_words(superior, source, run, told):
    superior.put("/gkmlpt/api/all/5?page=1", told, "application/json")
    superior.show()
    feed = source("gkmlpt", "/gkmlpt/api/all/5")
    assert "请核对" in run(feed).error


@pytest.mark.django_db
def test_a_page_that_is_no_page_is_kept_by_what_the_list_told(superior, source, run):
    urlset(superior, "/sitemap.xml", [("/a.pdf", "1"), ("/empty", "1")])
    superior.put("/a.pdf", b"%PDF-1.7", "application/pdf")
    superior.put("/empty", "")
    superior.show()
    done = run(source("sitemap", "/sitemap.xml"))
    assert (done.error, done.counts.refused) == ("", 2)  # nothing tells a title


@pytest.mark.django_db
def test_a_canonical_address_of_another_host_is_not_believed(superior, source, run):
    superior.put(
        "/a",
        '<head><link rel="canonical" href="https://evil.example/x"></head>'
        "<h1>关于甲的通知</h1><main>正文</main>",
    )
    urlset(superior, "/sitemap.xml", [("/a", "1")])
    superior.show()
    run(source("sitemap", "/sitemap.xml"))
    assert ExternalItem.objects.get().url == f"{superior.url}/a"


@pytest.mark.parametrize(
    "body",
    [
        "<![CDATA[" * 500_000,
        "<![CDATA[" * 200_000 + "]]>" * 300_000,
        "<ul>" + "<a href='/art/1.html'>甲</a>" * 50_000,
        "<ul>"
        + "".join(f"<a href='/art/{n}.html'>甲{'乙' * 400}</a>" for n in range(2500)),
    ],
)
def test_no_list_is_slow_to_read(body):
    started = time.monotonic()
    read(Answer(200, "https://x.example.cn/", body.encode()), SHAPES)
    assert time.monotonic() - started < 4


def test_what_stands_in_cdata_is_found_wherever_it_closes():
    text = f"<![CDATA[{'x' * 30_000}<![CDATA[甲]]>]]><![CDATA[]]> <![CDATA[\n乙]]>"
    assert [*cdata(text), *cdata("<![CDATA[x")] == ["甲", "\n乙"]


@pytest.mark.parametrize(
    "written",
    [
        *("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", 10**400),
        *("Mon, 31 Dec 9999 23:59:59 -0800", "Fri, 1 Jan 0001 00:00:00 +0800"),
        *(float("inf"), float("nan"), "9" * 13, "\ud83d", ["x"], {}, True, "0 0 0"),
    ],
)
def test_what_is_no_day_is_none(written):
    found = values.day(written)
    assert found is None or found.year >= values.EARLIEST


@pytest.mark.parametrize("told", [["a"], {"x": 1}, 7, None, True, [["a"]]])
def test_linked_data_with_odd_names_is_read(told):
    data = [
        {"@id": told, "name": "某局"},
        {"@type": "Article", "headline": "关于甲的通知", "publisher": {"@id": told}},
    ]
    script = f'<script type="application/ld+json">{json.dumps(data)}</script><h1>x</h1>'
    answer = Answer(200, "https://x.example.cn/a", script.encode())
    assert page_of(answer, defaults("sitemap")).title == "关于甲的通知"


def test_nothing_is_kept_that_no_database_keeps():
    assert values.text("关于\x00甲\ud83d的通知") == "关于甲的通知"
    assert values.kept("<p>\x00甲\udc00</p>") == "<p>甲</p>"
    assert values.address("", "http://x.example.cn/\ud83d") == ""
    assert values.address("", "http://x.example.cn/甲") == "http://x.example.cn/甲"
