"""RSS and Atom from a real site."""

from datetime import date

import pytest

from disclosure_pages.models import ExternalItem, HarvestedLink

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>市民政局</title><link>{base}/</link>{items}</channel></rss>"""
ITEM = """<item><title>{title}</title><link>{link}</link>
<pubDate>Tue, 03 Nov 2026 23:30:00 GMT</pubDate><category>财政管理</category>
<content:encoded><![CDATA[<p>{text}</p><script>alert(1)</script>
<a href="/more.html" onclick="x()">更多</a><img src="http://evil.example/x.png">]]>
</content:encoded></item>"""


def rss(superior, *titles, etag='"1"', text="每户二百元。"):
    items = "".join(
        ITEM.format(title=t, link=f"{superior.url}/a/{t}.html", text=text)
        for t in titles
    )
    body = RSS.format(base=superior.url, items=items)
    superior.put("/feed.rss", body, "application/rss+xml", etag=etag)
    superior.show()


@pytest.mark.django_db
def test_each_entry_becomes_a_row_that_can_be_referred_to(superior, source, run):
    rss(superior, "one", "two")
    done = run(source("feed", "/feed.rss"))
    assert (done.error, done.counts.new) == ("", 2)
    item = ExternalItem.objects.get(title="one")
    assert (item.relation, item.state, item.version) == ("superior", "published", 1)
    assert item.url == f"{superior.url}/a/one.html"
    assert item.publisher == "宁澜市民政局"
    assert item.date_published == date(2026, 11, 4)  # in Beijing
    assert item.category == "finance"
    assert "每户二百元。" in item.payload["html"]


@pytest.mark.django_db
def test_nothing_harmful_is_kept(superior, source, run):
    rss(superior, "one")
    run(source("feed", "/feed.rss"))
    html = ExternalItem.objects.get().payload["html"]
    assert not any(bad in html for bad in ("script", "onclick", "img", "evil"))
    assert f'href="{superior.url}/more.html"' in html


@pytest.mark.django_db
def test_a_second_run_asks_once_and_changes_nothing(superior, source, run):
    feed = source("feed", "/feed.rss")
    rss(superior, "one", "two")
    run(feed)
    superior.show()
    done = run(feed)
    assert superior.asked() == [("/feed.rss", 304)]
    assert done.counts.told | {"asked": 0} == dict.fromkeys(done.counts.told, 0)
    assert set(ExternalItem.objects.values_list("version", flat=True)) == {1}


@pytest.mark.django_db
def test_only_what_changed_gets_a_new_version(superior, source, run):
    feed = source("feed", "/feed.rss")
    rss(superior, "one", "two")
    run(feed)
    rss(superior, "three", "two", etag='"2"')
    done = run(feed)
    assert (done.counts.new, done.counts.changed) == (1, 0)
    rss(superior, "two", etag='"3"', text="每户三百元。")
    done = run(feed)
    assert (done.counts.new, done.counts.changed) == (0, 1)
    versions = dict(ExternalItem.objects.values_list("title", "version"))
    assert versions == {"one": 1, "two": 2, "three": 1}  # out of the window: stays


@pytest.mark.django_db
def test_atom_is_read_too(superior, source, run):
    superior.put(
        "/feed.atom",
        f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry>
        <title type="html">&lt;b&gt;关于&lt;/b&gt;救助的通知</title>
        <link rel="self" href="{superior.url}/self"/><link href="/b/1.html#top"/>
        <author><name>宁澜市财政局</name></author>
        <updated>2026-11-05T01:00:00+08:00</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">正文</div>
        </content></entry></feed>""",
        "application/atom+xml",
    )
    superior.show()
    run(source("feed", "/feed.atom"))
    item = ExternalItem.objects.get()
    assert (item.title, item.publisher) == ("关于救助的通知", "宁澜市财政局")
    assert item.url == f"{superior.url}/b/1.html"
    assert item.date_published == date(2026, 11, 5)
    assert "正文" in item.payload["html"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><item>'
        "<title>&a;</title><link>http://x.example.cn/</link></item></channel></rss>",
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><rss>&b;</rss>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1/x.dtd"><rss/>',
    ],
)
def test_a_feed_with_a_dtd_is_refused_with_words(superior, source, run, body):
    superior.put("/feed.rss", body, "application/rss+xml")
    superior.show()
    done = run(source("feed", "/feed.rss"))
    assert "不安全" in done.error
    assert not HarvestedLink.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ["", "<html>", "<html/>", "{}", "<rss>", "<a>" * 50_000]
)
def test_what_is_no_feed_is_said_in_words(superior, source, run, body):
    superior.put("/feed.rss", body)
    superior.show()
    feed = source("feed", "/feed.rss")
    assert run(feed).error.endswith("。")
    assert feed.last_error == feed.state_in_words


@pytest.mark.django_db
def test_a_gbk_feed_is_read(superior, source, run):
    body = RSS.replace("utf-8", "GB2312").format(
        base=superior.url,
        items=ITEM.format(title="镕城通知", link=f"{superior.url}/1", text="正文"),
    )
    superior.put("/feed.rss", body.encode("gb18030"), "text/xml")
    superior.show()
    run(source("feed", "/feed.rss"))
    assert ExternalItem.objects.get().title == "镕城通知"
