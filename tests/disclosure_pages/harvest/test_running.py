"""One run after another: beside each other, killed, failing, beside what was typed."""

import threading
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from cms.models import Notice
from disclosure_pages.harvest import running, sitemap
from disclosure_pages.harvest.running import run_due, run_source
from disclosure_pages.harvest.trying import try_out
from disclosure_pages.models import ExternalItem, HarvestedLink, HarvestSource
from disclosure_pages.services.harvest import drop
from disclosure_pages.services.references import record_superior_item
from tasks.jobs.harvest import harvest
from tasks.schedule import periodic_jobs

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def site(superior, count, **more):
    """A sitemap of so many pages."""
    rows = "".join(
        f"<url><loc>{superior.url}/p{n}</loc><lastmod>1</lastmod></url>"
        for n in range(count)
    )
    superior.put("/sitemap.xml", f"<urlset {NS}>{rows}</urlset>", "text/xml")
    for n in range(count):
        body = f"<h1>关于{n}的通知</h1><main><p>宁民〔2026〕{n + 1}号</p></main>"
        superior.put(f"/p{n}", body, **more)
    superior.show()


def fetched(superior):
    return [path for path, _status in superior.asked() if path.startswith("/p")]


@pytest.mark.django_db
def test_a_run_ends_in_time_and_the_next_goes_on(superior, source, run):
    feed = source("sitemap", "/sitemap.xml", pause_s=1)
    site(superior, 5)
    done = run(feed, budget_s=3.5)
    assert (done.error, done.unfinished) == ("", True)
    assert 0 < ExternalItem.objects.count() < 5
    assert feed.next_at <= timezone.now()
    type(feed).objects.update(pause_s=0)
    for _again in range(3):
        run(feed)
    assert ExternalItem.objects.count() == 5
    assert sorted(fetched(superior)) == [f"/p{n}" for n in range(5)]  # each once


@pytest.mark.django_db
def test_what_broke_in_the_middle_goes_on_there(superior, source, run, monkeypatch):
    """Whatever kills a run: what was kept before is not fetched again."""
    feed = source("sitemap", "/sitemap.xml")
    site(superior, 4)
    kept, keep = [], running.keep

    class Killed(BaseException):
        """As SIGKILL: nothing after it runs."""

    def killed(link, content):
        if len(kept) == 2:
            raise Killed
        kept.append(link.address)
        return keep(link, content)

    monkeypatch.setattr(running, "keep", killed)
    with pytest.raises(Killed):
        run(feed)
    monkeypatch.setattr(running, "keep", keep)
    assert ExternalItem.objects.count() == 2
    assert run(feed).busy  # the lease of the dead one
    type(feed).objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    superior.show()
    assert run(feed).counts.new == 2
    assert fetched(superior) == ["/p2", "/p3"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_runs_at_once_fetch_each_page_once(superior, source):
    feed = source("sitemap", "/sitemap.xml")
    site(superior, 6)
    runs = []

    def go():
        runs.append(run_source(HarvestSource.objects.get(pk=feed.pk)))
        connection.close()

    threads = [threading.Thread(target=go) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(run.busy for run in runs) == [False, True]
    assert sorted(fetched(superior)) == [f"/p{n}" for n in range(6)]
    assert ExternalItem.objects.count() == 6


@pytest.mark.django_db
def test_a_broken_source_stops_no_other(superior, source, monkeypatch):
    site(superior, 2)
    broken = source("feed", "/nothing.rss", name="坏的")
    faulty = source("feed", "/sitemap.xml", name="出错的")
    good = source("sitemap", "/sitemap.xml", name="好的")
    source("sitemap", "/sitemap.xml", name="停用的", is_active=False)
    real = running.profile_of

    def fails(kind, own):
        return 1 / 0 if kind == "feed" else real(kind, own)

    assert [run.source.name for run in run_due()] == ["坏的", "出错的", "好的"]
    monkeypatch.setattr(running, "profile_of", fails)
    HarvestSource.objects.update(next_at=None)
    assert harvest() == 3
    for row in (broken, faulty, good):
        row.refresh_from_db()
    assert "程序出错" in faulty.last_error
    assert (good.last_error, broken.failures, faulty.failures) == ("", 2, 2)
    assert ExternalItem.objects.count() == 2


@pytest.mark.django_db
def test_who_fails_is_asked_less_and_the_officer_hears_of_it(
    superior, source, run, people
):
    may = Permission.objects.get(codename="change_harvestsource")
    people["officer"].user_permissions.add(may)
    feed = source("feed", "/nothing.rss", every_minutes=60)
    waits = []
    for _n in range(4):
        run(feed)
        waits.append(round((feed.next_at - timezone.now()).total_seconds() / 3600))
    assert waits == [1, 2, 4, 8]
    (notice,) = Notice.objects.filter(user=people["officer"])
    assert "连续几次取不到" in notice.text and "404" in notice.text
    site(superior, 1)
    superior.put("/nothing.rss", "<rss version='2.0'><channel/></rss>", "text/xml")
    superior.show()
    run(feed)
    assert (feed.failures, feed.last_error) == (0, "")


@pytest.mark.django_db
def test_a_busy_site_is_asked_when_it_wants(superior, source, run):
    superior.put("/feed.rss", status=429, headers={"Retry-After": "7200"})
    superior.show()
    feed = source("feed", "/feed.rss", every_minutes=10)
    assert "120 分钟后再来" in run(feed).error
    assert feed.next_at - timezone.now() > timedelta(minutes=119)


@pytest.mark.django_db
def test_what_was_typed_by_hand_is_found_and_kept_as_typed(superior, source, run):
    site(superior, 3)
    typed = record_superior_item(
        url=f"{superior.url}/p0/", title="手写的标题", publisher="市民政局"
    )
    elsewhere = record_superior_item(
        url="https://city.example.cn/x",
        title="关于1的通知",
        publisher="市政府",
        document_number="宁民〔2026〕2号",
    )
    other = record_superior_item(
        url="https://city.example.cn/y",
        title="另一件事",
        publisher="市政府",
        document_number="宁民〔2026〕3号",
    )
    feed = source("sitemap", "/sitemap.xml", profile={"hosts": ["city.example.cn"]})
    run(feed)
    assert ExternalItem.objects.count() == 4
    typed.refresh_from_db()
    assert (typed.title, typed.publisher) == ("手写的标题", "市民政局")
    assert typed.url == f"{superior.url}/p0/"
    assert typed.document_number == "宁民〔2026〕1号"  # was empty
    assert "宁民" in typed.payload["html"]
    elsewhere.refresh_from_db()
    assert elsewhere.url == "https://city.example.cn/x"
    assert elsewhere.harvested.count() == 1
    other.refresh_from_db()
    assert (other.title, other.payload) == ("另一件事", {})


@pytest.mark.django_db
def test_what_was_typed_of_another_site_is_neither_written_nor_taken_back(
    superior, source, run
):
    site(superior, 1)
    typed = record_superior_item(
        url="https://city.example.cn/x",
        title="关于0的通知",
        publisher="市政府",
        document_number="宁民〔2026〕1号",
    )
    feed = source("sitemap", "/sitemap.xml")
    assert run(feed).counts.new == 1
    typed.refresh_from_db()
    assert (typed.payload, typed.harvested.count()) == ({}, 0)
    link = HarvestedLink.objects.get()
    link.item = typed  # as it was kept before
    link.save()
    assert drop([link], "不在了") == 0
    typed.refresh_from_db()
    assert typed.state == "published"


@pytest.mark.django_db
def test_a_source_brings_only_what_its_own_site_published(superior, source, run):
    def feed_of(*urls):
        items = "".join(
            f"<item><title>关于{n}的通知</title><link>{url}</link></item>"
            for n, url in enumerate(urls)
        )
        body = f"<rss version='2.0'><channel>{items}</channel></rss>"
        superior.put("/feed.rss", body, "text/xml")
        superior.show()

    theirs = record_superior_item(
        url="https://www.gov.example.cn/a", title="省里的", publisher="省政府"
    )
    foreign = "https://www.gov.example.cn/a", "https://127.0.0.1.example.cn/b"
    feed_of(f"{superior.url}/a", *foreign)
    feed = source("feed", "/feed.rss")
    done = run(feed)
    assert (done.error, done.counts.new, done.counts.refused) == ("", 1, 2)
    refused = HarvestedLink.objects.get(address=foreign[0])
    assert "gov.example.cn" in refused.detail and "hosts" in refused.detail
    theirs.refresh_from_db()
    assert (theirs.version, theirs.harvested.count()) == (1, 0)
    tried = try_out(feed)
    assert len(tried.rows) == 3 and "2 条" in tried.error
    feed.profile = {"hosts": ["gov.example.cn"]}
    feed.save()
    HarvestedLink.objects.update(state="waiting", hint={"title": "x", "done": True})
    done = run(feed)
    assert (done.counts.refused, theirs.harvested.count()) == (1, 1)


@pytest.mark.django_db
def test_an_unexpected_error_at_one_page_stops_no_other(
    superior, source, run, monkeypatch, caplog
):
    site(superior, 3)
    keep = running.keep

    def fails(link, content):
        if link.address.endswith("/p1"):
            link.item = ExternalItem(title="x")  # cannot be saved any more
            raise TypeError("odd")
        return keep(link, content)

    monkeypatch.setattr(running, "keep", fails)
    feed = source("sitemap", "/sitemap.xml")
    done = run(feed)
    assert (done.error, done.counts.new) == ("", 2)
    link = HarvestedLink.objects.get(address=f"{superior.url}/p1")
    assert (link.state, link.tries) == ("waiting", 1)
    assert "已记入日志" in link.detail and "odd" in caplog.text
    monkeypatch.setattr(running, "keep", keep)
    HarvestedLink.objects.update(next_at=None)
    assert run(feed).counts.new == 1
    monkeypatch.setattr(running, "keep", fails)
    long_ago = timezone.now() - timedelta(days=8)
    HarvestedLink.objects.update(checked_at=long_ago)
    done = run(feed)
    assert (done.error, done.counts.same) == ("", 2)
    link.refresh_from_db()
    assert link.state == "held" and "已记入日志" in link.detail


@pytest.mark.django_db
def test_a_trial_shows_a_page_whatever_happens(superior, source, monkeypatch, caplog):
    site(superior, 1)

    def fails(*_args, **_values):
        raise OverflowError("odd")

    monkeypatch.setattr(sitemap.pages, "fetch", fails)
    tried = try_out(source("sitemap", "/sitemap.xml"))
    assert "程序出错" in tried.error and "odd" in caplog.text
    assert len(tried.rows) == 1


@pytest.mark.django_db
def test_what_was_harvested_is_not_typed_a_second_time(superior, source, run):
    site(superior, 1)
    run(source("sitemap", "/sitemap.xml"))
    again = record_superior_item(
        url=f"{superior.url}/p0#top", title="别的标题", publisher="x"
    )
    assert again.title == "关于0的通知"
    assert ExternalItem.objects.count() == 1


@pytest.mark.django_db
def test_a_document_that_another_source_has_stays(superior, source, run):
    site(superior, 12)
    first = source("sitemap", "/sitemap.xml", name="甲")
    second = source("sitemap", "/sitemap.xml", name="乙")
    run(first)
    run(second)
    assert ExternalItem.objects.count() == 12
    site(superior, 11)
    for _twice in range(2):
        assert run(first).counts.gone == 0
    assert not ExternalItem.objects.exclude(state="published").exists()
    for _twice in range(2):
        run(second)
    assert ExternalItem.objects.get(state="withdrawn").title == "关于11的通知"


@pytest.mark.django_db
def test_no_source_writes_into_what_another_one_found(superior, source, run):
    site(superior, 1)
    run(source("sitemap", "/sitemap.xml", name="甲"))
    body = (
        "<rss version='2.0'><channel><item><title>冒充的标题</title>"
        f"<link>{superior.url}/p0</link></item></channel></rss>"
    )
    superior.put("/feed.rss", body, "text/xml")
    superior.show()
    done = run(source("feed", "/feed.rss", name="乙"))
    assert (done.counts.changed, done.counts.same) == (0, 1)
    item = ExternalItem.objects.get()
    assert (item.title, item.version, item.harvested.count()) == ("关于0的通知", 1, 2)


@pytest.mark.django_db
def test_a_large_map_is_kept_in_pieces_and_completely(
    superior, source, run, monkeypatch
):
    monkeypatch.setattr(sitemap, "AT_ONCE", 3)
    feed = source("sitemap", "/sitemap.xml")
    site(superior, 12)
    assert run(feed).counts.new == 12
    site(superior, 11)
    assert [run(feed).counts.gone for _twice in range(2)] == [0, 1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 50_000 + "<h1>关于甲的通知</h1>",
        "<main>" + "<b><i>" * 20_000 + "文" * 10,
        "<h1>" + "关" * 100_000 + "</h1><main>" + "&amp;" * 100_000,
        "<h1>关于\x00甲\ud83d</h1><main>\ufffe<a href='http://['>x</a>",
        "<meta name=PubDate content='9999-99-99'><h1>x</h1><base href='http://['>",
        "<script type='application/ld+json'>" + "[" * 50_000 + "</script><h1>x</h1>",
        '<script type="application/ld+json">{"@type": ["Report"], "name": {}}</script>',
        "<meta name=PubDate content='0001-01-01T00:00:00+08:00'><h1>x</h1>",
        "<html xmlns:o='x'><o:p><![CDATA[x]]><?php x ?><h1>x</h1>",
    ],
)
def test_no_page_breaks_a_run(superior, source, run, body):
    rows = f"<url><loc>{superior.url}/p0</loc></url>"
    superior.put("/sitemap.xml", f"<urlset {NS}>{rows}</urlset>", "text/xml")
    superior.put("/p0", body.encode("utf-8", "replace"))
    superior.show()
    done = run(source("sitemap", "/sitemap.xml"))
    assert done.error == ""
    assert done.counts.new + done.counts.refused == 1


@pytest.mark.django_db
def test_another_address_is_read_from_the_beginning(superior, source, run):
    site(superior, 1)
    feed = source("sitemap", "/sitemap.xml")
    run(feed)
    assert feed.cursor
    feed.url = f"{superior.url}/other.xml"
    feed.save()
    feed.refresh_from_db()
    assert (feed.cursor, feed.next_at) == ({}, None)


@pytest.mark.django_db
def test_nothing_waits_for_a_list_that_fails(superior, source, run):
    site(superior, 2)
    feed = source("sitemap", "/sitemap.xml")
    HarvestedLink.objects.create(source=feed, address=f"{superior.url}/p0")
    superior.put("/sitemap.xml", status=500)
    superior.show()
    done = run(feed)
    assert "500" in done.error
    assert ExternalItem.objects.count() == 1


def test_the_job_is_in_the_table():
    (job,) = [job for job in periodic_jobs() if job.name == "tasks.harvest"]
    assert job.embedded
    assert running.BUDGET_S <= 20


@pytest.mark.django_db
def test_dates_of_pages_come_from_the_list_where_the_page_is_silent(
    superior, source, run
):
    superior.put("/list", '<a href="/art/2026/3/5/art_1_2.html">关于公告的通知</a>')
    superior.put("/art/2026/3/5/art_1_2.html", "<main>正文</main>")
    superior.show()
    run(source("list", "/list"))
    item = ExternalItem.objects.get()
    assert (item.title, item.date_published) == ("关于公告的通知", date(2026, 3, 5))
