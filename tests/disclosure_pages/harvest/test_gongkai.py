"""The change feed of this software, from a site that answers as told."""

import json

import pytest
from django.contrib.auth.models import Permission

from cms.models import Notice
from disclosure_pages.harvest import gongkai
from disclosure_pages.models import ExternalItem, HarvestedLink
from disclosure_pages.public_state import public_keys, visible_external
from tests.factories import make_item


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(gongkai, "LIMIT", 2)


class Site:
    """Shows entries as the change feed does, two at a time."""

    def __init__(self, superior):
        self.superior, self.log, self.pages = superior, [], {}
        self.number = 0

    def publish(self, key, title="关于救助的通知", **values):
        number = values.pop("index_number", f"N-{key}")
        entry = {
            "key": key,
            "state": "published",
            "sha256": f"{len(self.log):064}",
            "title": title,
            "index_number": number,
            "url": f"{self.superior.url}/items/{key}/",
            "publisher": "宁澜市民政局",
            "date_published": "2026-11-03",
            "category": "work",
            **values,
        }
        page = entry | {"html": f"<p>{title}正文</p><script>x</script>"}
        page["attachments"] = [{"name": "../../etc/passwd", "mime": "x/y"}]
        self.pages[key] = page
        self._say(entry)

    def withdraw(self, key, reason="内容有误"):
        self.pages.pop(key)
        self._say({"key": key, "state": "withdrawn", "reason": reason})

    def _say(self, entry):
        self.log = [row for row in self.log if row[1]["key"] != entry["key"]]
        self.number += 1
        self.log.append((self.number, entry))
        self.show()

    def show(self):
        self.superior.pages = {}
        last = self.log[-1][0] if self.log else 0
        for since in ("", *range(last + 1)):
            rows = [row for row in self.log if row[0] > (since or 0)][:2]
            following = str(rows[-1][0] if rows else since or 0)
            told = {"changes": [entry for _number, entry in rows], "next": following}
            path = f"/api/v1/changes?since={since}&limit=2"
            self.superior.put(path, json.dumps(told), "application/json")
        for page in self.pages.values():
            path = f"/api/v1/item?index_number={page['index_number']}"
            self.superior.put(path, json.dumps(page), "application/json")
        self.superior.show()


@pytest.fixture
def site(superior, few):
    return Site(superior)


@pytest.fixture
def officer(people):
    """Who keeps the sources."""
    name = "change_harvestsource"
    people["officer"].user_permissions.add(Permission.objects.get(codename=name))
    return people["officer"]


@pytest.mark.django_db
def test_everything_comes_once_with_its_text(site, source, run):
    for key in ("a", "b", "c"):
        site.publish(key, f"关于{key}的通知", document_number="宁民[2026] 012号")
    done = run(source("gongkai"))
    assert (done.error, done.counts.new) == ("", 3)
    item = ExternalItem.objects.get(title="关于b的通知")
    assert item.payload["html"] == "<p>关于b的通知正文</p>"
    assert item.document_number == "宁民〔2026〕12号"
    assert item.payload["attachments"] == [{"name": "_.._etc_passwd", "mime": "x/y"}]
    assert (item.relation, item.category) == ("superior", "work")


@pytest.mark.django_db
def test_it_stays_inside(site, source, run):
    site.publish("a")
    run(source("gongkai"))
    assert not visible_external().exists()
    assert not [key for key in public_keys() if "." in key]


@pytest.mark.django_db
def test_the_next_run_asks_only_for_what_is_new(site, source, run):
    feed = source("gongkai")
    for key in ("a", "b", "c"):
        site.publish(key)
    run(feed)
    site.superior.show()
    assert run(feed).counts.new == 0
    assert [path for path, _status in site.superior.asked()] == [
        f"/api/v1/changes?since={feed.cursor['since']}&limit=2"
    ]
    site.publish("b", "改过的标题")
    done = run(feed)
    assert (done.counts.new, done.counts.changed) == (0, 1)
    item = ExternalItem.objects.get(title="改过的标题")
    assert item.version == 2
    asked = [path for path, _status in site.superior.asked() if "/item" in path]
    assert asked == ["/api/v1/item?index_number=N-b"]


@pytest.mark.django_db
def test_a_tombstone_marks_the_row_and_tells_the_officer(site, source, run, officer):
    feed = source("gongkai")
    site.publish("a", "关于甲的通知")
    site.publish("b", "关于乙的通知")
    run(feed)
    item = ExternalItem.objects.get(title="关于甲的通知")
    page = make_item(live=False)
    page.reference, page.reference_kind, page.body = item, "reference", []
    page.save()
    site.withdraw("a", "公开有误")
    assert run(feed).counts.gone == 1
    item.refresh_from_db()
    assert (item.state, item.link_status, item.version) == ("withdrawn", "gone", 2)
    assert item.link_detail == "来源已撤回：公开有误"
    assert "正文" not in str(item.payload)
    notice = Notice.objects.get(user=officer)
    assert "关于甲的通知" in notice.text
    assert "1 条信息引用了它们" in notice.text
    assert notice.url == f"/admin/harvest/{feed.pk}/?state=gone"
    site.publish("a", "关于甲的通知")
    assert run(feed).counts.changed == 1
    item.refresh_from_db()
    assert (item.state, item.link_status, item.version) == ("published", "", 3)
    assert "正文" in item.payload["html"]


@pytest.mark.django_db
def test_a_restored_site_is_read_again_from_the_beginning(site, source, run):
    feed = source("gongkai")
    for key in ("a", "b", "c"):
        site.publish(key, f"关于{key}的通知")
    run(feed)
    site.log, site.pages = site.log[:1], {"a": site.pages["a"]}
    site.show()
    path = f"/api/v1/changes?since={feed.cursor['since']}&limit=2"
    site.superior.put(path, "{}", "application/json", status=410)
    site.superior.show()
    done = run(feed)
    assert (done.error, done.counts.new, done.counts.gone) == ("", 0, 2)
    states = dict(ExternalItem.objects.values_list("title", "state"))
    assert states == {
        "关于a的通知": "published",
        "关于b的通知": "withdrawn",
        "关于c的通知": "withdrawn",
    }
    assert feed.cursor == {"since": str(site.log[-1][0])}


@pytest.mark.django_db
def test_a_list_that_loses_half_of_all_is_not_believed(site, source, run):
    feed = source("gongkai")
    for number in range(24):
        site.publish(f"k{number}", f"关于{number}的通知")
    run(feed)
    assert ExternalItem.objects.filter(state="published").count() == 24
    site.log, site.pages = site.log[:1], {"k0": site.pages["k0"]}
    site.show()
    path = f"/api/v1/changes?since={feed.cursor['since']}&limit=2"
    site.superior.put(path, "{}", "application/json", status=410)
    site.superior.show()
    run(feed)
    assert "忽然少了 23 条（共 24 条）" in feed.last_error
    assert ExternalItem.objects.filter(state="published").count() == 24


@pytest.mark.django_db
def test_what_cannot_be_read_is_put_off_and_stops_nothing(site, source, run):
    feed = source("gongkai")
    site.publish("a", "")
    site.publish("b", "关于乙的通知")
    site.publish("c", "关于丙的通知")
    site.superior.pages["/api/v1/item?index_number=N-b"]["status"] = 500
    site.superior.show()
    done = run(feed)
    assert (done.error, done.counts.new, done.counts.refused) == ("", 1, 1)
    refused = HarvestedLink.objects.get(address="a")
    assert (refused.state, refused.detail) == ("refused", "网页上找不到标题。")
    waiting = HarvestedLink.objects.get(address="b")
    assert (waiting.state, waiting.tries) == ("waiting", 1)
    assert "500" in waiting.detail
    site.superior.pages["/api/v1/item?index_number=N-b"]["status"] = 200
    site.superior.show()
    HarvestedLink.objects.update(next_at=None)
    assert run(feed).counts.new == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"changes": 1}',
        '{"changes": [1, {}, {"key": 7}]}',
        "[" * 100_000,
        '{"changes": [{"key": "a", "state": "published"}], "next": ""}',
        '{"changes": [{"key": "a", "state": "published", "url": 7}], "next": "2"}',
        '{"changes": [{"key": "a", "state": "published", "title": "x",'
        ' "url": "javascript:alert(1)"}], "next": "2"}',
        '{"changes": [{"key": "a", "state": "published", "title": "x",'
        ' "url": "http://x/\\u0000", "date_published": "9999-99-99"}], "next": "2"}',
        '{"changes": [{"key": "a\\u0000\\ud83d", "state": "published", "title": "x",'
        ' "url": "http://x/", "date_published": 1' + "0" * 400 + '}], "next": "2"}',
    ],
)
def test_no_answer_breaks_the_run(superior, source, run, told):
    superior.put("/api/v1/changes?since=&limit=200", told, "application/json")
    superior.show()
    done = run(source("gongkai"))
    assert "程序出错" not in done.error
    assert not ExternalItem.objects.exists()
