"""采集来源 on the desk, and the command."""

import io
import json

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from disclosure_pages.models import (
    ExternalItem,
    HarvestedLink,
    HarvestHost,
    HarvestSource,
)

LIST = "wagtailsnippets_disclosure_pages_harvestsource:list"
ADD = "wagtailsnippets_disclosure_pages_harvestsource:add"


@pytest.fixture
def officer(client, people):
    people["officer"].user_permissions.add(
        *Permission.objects.filter(content_type__model="harvestsource")
    )
    client.force_login(people["officer"])
    return client


@pytest.fixture
def feed(superior, source):
    items = "".join(
        f"<item><title>关于{n}的通知</title><link>{superior.url}/{n}</link></item>"
        for n in range(12)
    )
    body = f"<rss version='2.0'><channel>{items}</channel></rss>"
    superior.put("/feed.rss", body, "text/xml")
    superior.show()
    return source("feed", "/feed.rss")


FORM = {
    "name": "市民政局",
    "kind": "feed",
    "url": "https://mz.example.cn/rss",
    "publisher": "宁澜市民政局",
    "category": "",
    "every_minutes": "60",
    "pause_s": "2",
    "profile": "{}",
}


@pytest.mark.django_db
def test_an_officer_keeps_sources(officer):
    answer = officer.post(reverse(ADD), FORM)
    assert answer.status_code == 302, answer.context["form"].errors
    source = HarvestSource.objects.get()
    assert (source.url, source.is_active) == ("https://mz.example.cn/rss", False)
    page = officer.get(reverse(LIST)).content.decode()
    assert "停用" in page and "试取" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("url", "file:///etc/passwd", "http"),
        ("url", "https://user:secret@x.example.cn/", "密码"),
        ("url", "x", "http"),
        ("pause_s", "0", "1"),
        ("every_minutes", "1", "10"),
        ("profile", "[1]", "取数规则"),
        ("profile", '{"match": ["/a"]}', "match"),
        ("profile", '{"fetch_pages": 1}', "true"),
        ("profile", '{"content": ["div > p"]}', "div"),
        ("profile", '{"categories": {"通知": "none"}}', "none"),
        ("profile", '{"meta": {"nothing": ["x"]}}', "meta.nothing"),
        ("profile", '{"hosts": ["https://x.example.cn/"]}', "x.example.cn"),
        ("profile", '{"hosts": ["x.example.cn:80"]}', "x.example.cn:80"),
        ("url", f"https://{'x.' * 140}cn/", "不对"),
        ("profile", '{"meta": {"title": "x"}}', "meta.title"),
        ("profile", "{", "JSON"),
    ],
)
def test_what_cannot_work_is_refused_with_words(officer, field, value, words):
    answer = officer.post(reverse(ADD), FORM | {field: value})
    assert answer.status_code == 200
    assert words in str(answer.context["form"].errors[field])
    assert not HarvestSource.objects.exists()


@pytest.mark.parametrize(
    "profile",
    [
        {"match": ["art"]},
        {"match": ["/{x}"]},
        {"match": ["/{y}/{y}"]},
        {"match": ["/****"]},
        {"match": ["/" + "a" * 300]},
        {"match": [7]},
        {"max_pages": -1},
        {"max_pages": 10_000},
        {"max_pages": True},
    ],
)
def test_wrong_shapes_of_addresses_are_refused(profile):
    source = HarvestSource(
        kind="list", url="https://x.example.cn/", name="x", profile=profile
    )
    with pytest.raises(ValidationError) as refused:
        source.clean()
    assert set(refused.value.message_dict) == {"profile"}


@pytest.mark.django_db
def test_a_trial_shows_ten_and_keeps_nothing(officer, feed):
    page = officer.get(reverse("gongkai_harvest_trial", args=[feed.pk]))
    text = page.content.decode()
    assert "关于9的通知" in text and "关于10的通知" not in text
    assert "找到 10 条" in text
    assert not ExternalItem.objects.exists()
    assert not HarvestedLink.objects.exists()
    feed.refresh_from_db()
    assert (feed.cursor, feed.last_run_at) == ({}, None)


@pytest.mark.django_db
def test_a_trial_says_what_is_wrong(officer, feed, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = False
    page = officer.get(reverse("gongkai_harvest_trial", args=[feed.pk]))
    assert "内部网络" in page.content.decode()


@pytest.mark.django_db
def test_now_puts_the_source_in_front_and_is_recorded(officer, feed, people):
    HarvestSource.objects.update(next_at=timezone.now() + timezone.timedelta(days=1))
    answer = officer.post(reverse("gongkai_harvest_now", args=[feed.pk]), follow=True)
    assert "一分钟内开始取" in answer.content.decode()
    feed.refresh_from_db()
    assert feed.next_at <= timezone.now()
    entry = ModelLogEntry.objects.get(action="gongkai.harvest_now")
    assert entry.user == people["officer"]
    HarvestSource.objects.update(is_active=False, next_at=None)
    answer = officer.post(reverse("gongkai_harvest_now", args=[feed.pk]), follow=True)
    assert "没有启用" in answer.content.decode()


@pytest.mark.django_db
def test_what_was_found_is_listed_by_state(
    officer, feed, run, django_assert_max_num_queries
):
    run(feed)
    HarvestedLink.objects.filter(address__endswith="/3").update(
        state="gone", detail="来源已撤回。"
    )
    address = reverse("gongkai_harvest_links", args=[feed.pk])
    text = officer.get(address, {"state": "gone"}).content.decode()
    assert "关于3的通知" in text and "关于4的通知" not in text
    assert "已取 11" in text and "来源已撤下 1" in text
    for odd in ({"state": "x"}, {"p": "0"}, {"p": "a"}, {"p": "9" * 30}):
        assert officer.get(address, odd).status_code == 200
    with django_assert_max_num_queries(30):
        officer.get(address)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["trial", "now", "links"])
def test_others_have_no_business_here(client, people, feed, name):
    client.force_login(people["clerk"])
    address = reverse(f"gongkai_harvest_{name}", args=[feed.pk])
    assert client.get(address).status_code in (302, 403, 405)
    assert client.post(address).status_code in (302, 403, 405)
    assert not HarvestHost.objects.exists()


@pytest.mark.django_db
def test_the_command_runs_to_the_end(feed):
    out = io.StringIO()
    call_command("harvest", "--dry-run", "--json", stdout=out)
    (row,) = json.loads(out.getvalue())
    assert len(row["found"]) == 10
    assert not ExternalItem.objects.exists()
    out = io.StringIO()
    call_command("harvest", "--source", str(feed.pk), "--json", stdout=out)
    (row,) = json.loads(out.getvalue())
    assert (row["new"], row["error"]) == (12, "")
    out = io.StringIO()
    call_command("harvest", stdout=out)
    assert "新增 0" in out.getvalue()


@pytest.mark.django_db
def test_the_command_fails_loudly(feed, superior):
    superior.put("/feed.rss", status=500)
    superior.show()
    with pytest.raises(CommandError):
        call_command("harvest", "--json", stdout=io.StringIO())
    with pytest.raises(CommandError):
        call_command("harvest", "--source", "987654", stdout=io.StringIO())
