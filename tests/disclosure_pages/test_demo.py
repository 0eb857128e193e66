"""The demo township: complete, in every state, the same when loaded again."""

import datetime as dt
import io
import json
import re
import stat
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone
from lxml import html
from wagtail.models import Page, Revision, TaskState

from cms.models import (
    Authority,
    Office,
    Priority,
    SecrecyReview,
    StandIn,
    Village,
)
from disclosure_pages.bulk.bodies import NAMESPACE
from disclosure_pages.choices import Category
from disclosure_pages.demo.content import DATA, TODAY, load
from disclosure_pages.demo.loading import Loaded, load_demo
from disclosure_pages.models import (
    DisclosureImage,
    DisclosureItemPage,
    GuidePage,
    IndexNumberEntry,
    ManagerAbsence,
    Origin,
    ReadingPointPage,
    Subcategory,
)
from disclosure_pages.public_state import PAGE_MODELS as PAGES
from disclosure_pages.public_state import public_keys
from disclosure_pages.reading_point_coverage import read_coverage
from tests.disclosure_pages.bulk_files import DATA as TEST_DATA
from tests.snapshots import Snapshots

pytestmark = pytest.mark.django_db
TOWNSHIP = "11330099MB1A2B3C4D"
GROUPS = {
    "clerk": ["编辑·民政和社会事务办公室"],
    "head": ["负责人·民政和社会事务办公室"],
    "secrecy": ["保密审查"],
    "leader": ["领导"],
    "officer": ["信息管理员"],
    "village": ["查阅点·上云村", "查阅点管理员"],
    "admin": ["系统管理员"],
}


class Demo:
    """A demo that is loaded by the command once for all tests that begin with it."""

    def __init__(self, size):
        self.size = size
        self.told = {}
        self.load = Snapshots(self.run)

    def run(self):
        out = io.StringIO()
        call_command("load_demo", "--size", self.size, "--json", stdout=out)
        self.told = json.loads(out.getvalue())


SMALL, WHOLE = Demo("small"), Demo("full")


@pytest.fixture(autouse=True)
def demo_home(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_DEMO_PASSWORD = ""


@pytest.fixture(scope="module")
def kept_home(tmp_path_factory):
    """Where the password of the demos that are kept is."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def small(demo_home, settings, kept_home):
    """What the first loading of the small demo told."""
    settings.GONGKAI_HOME = kept_home
    SMALL.load()
    return Loaded(**SMALL.told)


@pytest.fixture
def whole(demo_home, settings, kept_home):
    """What the first loading of the whole demo told."""
    settings.GONGKAI_HOME = kept_home
    WHOLE.load()
    return Loaded(**WHOLE.told)


def test_the_whole_township(whole):
    assert (whole.items, whole.drafts, whole.reading_points) == (68, 11, 36)
    live = DisclosureItemPage.objects.live()
    counts = {c: live.filter(category=c).count() for c in Category.values}
    assert counts == {
        **{"institution": 9, "decision": 14, "work": 23},
        **{"enforcement": 7, "personnel": 5, "finance": 10},
    }
    assert live.filter(date_published__gte=dt.date(2026, 5, 1)).count() == 27
    assert (Office.objects.count(), Village.objects.count()) == (8, 35)
    points = ReadingPointPage.objects.live()
    assert points.filter(village=None).count() == 1
    assert sum(not point.complete for point in points) == 3
    assert ManagerAbsence.objects.count() == 3
    assert GuidePage.objects.live().count() == 1
    assert whole.pages == 6 + 3 + 4 + 2
    assert len(public_keys()) == sum(model.objects.live().count() for model in PAGES)
    assert_every_state_of_review()
    assert_numbers_run_in_the_order_of_publication()
    assert whole.dossiers == 2 + 3
    assert_the_catalogue_is_filled(live)
    assert_every_kind_of_link_and_block(live)
    assert not any(Page.find_problems())


def assert_the_catalogue_is_filled(live):
    for name in ("subcategory", "genre", "subject"):
        assert not live.filter(**{name: None}, batch_source="demo").exists(), name
    assert all(item.audiences.exists() for item in live)
    obligatory = Subcategory.objects.filter(obligatory=True)
    empty = obligatory.exclude(items__in=live)
    assert {row.code for row in empty} == {"statistics", "housing-expropriation"}


def assert_every_kind_of_link_and_block(live):
    repealed = live.get(external_id="demo-009")
    assert repealed.validity == "repealed" and repealed.expires_on
    assert [p.external_id for p in repealed.superseded_by.all()] == ["demo-045"]
    original = live.get(external_id="demo-012")
    assert [p.external_id for p in original.interpretations.all()] == ["demo-013"]
    assert live.get(reference__isnull=False).reference.publisher == "国务院"
    assert [p.external_id for p in live.filter(corrections__isnull=False)] == [
        "demo-051"
    ]
    kinds = {block.block_type for item in live for block in item.body}
    assert kinds == {"paragraph", "table", "image", "files", "contact", "notice"}
    of_points = DisclosureImage.objects.filter(title__contains="查阅")
    assert of_points.count() == 8
    assert all(picture.description for picture in of_points)
    [image] = DisclosureImage.objects.exclude(pk__in=of_points)
    assert (image.width, image.height) == (1000, 560)


def test_dossiers_and_collections_show_what_they_should(client, whole):
    for path, texts in {
        "/dossiers/": ("低保和社会救助", "收入 11 条信息", "收入 7 条信息"),
        "/dossiers/low-income/": ("政策和办法", "2026年第四季度最低生活保障对象公示"),
        "/relief-2026/": ("2026 年公开的，工作信息类，“社会救助”事项的信息",),
        "/normative-documents/": ("<table", "关于加强农村宅基地审批管理的实施意见"),
        "/announcements/": ("订阅：有新的自动送到", "公示"),
    }.items():
        page = client.get(path).content.decode()
        for text in texts:
            assert text in page, (path, text)


def assert_every_state_of_review():
    waiting = TaskState.objects.filter(status=TaskState.STATUS_IN_PROGRESS)
    steps = [state.task.name for state in waiting.select_related("task")]
    assert sorted(steps) == sorted(["初审", "保密审查", "终审"])
    hurried, late, claimed = waiting.select_related("duty__assignee").order_by("pk")
    assert hurried.duty.priority == Priority.URGENT
    assert late.duty.due_at < timezone.now()
    assert claimed.duty.assignee.username == "leader"
    assert StandIn.objects.count() == 2
    sent_back = TaskState.objects.filter(status=TaskState.STATUS_REJECTED)
    assert sent_back.count() == 2
    assert all(state.comment for state in sent_back)
    withdrawn = DisclosureItemPage.objects.get(withdrawn_at__isnull=False)
    assert withdrawn.withdrawn_by_name == "周敏"
    assert withdrawn.index_number
    assert SecrecyReview.objects.count() == 3
    drafts = DisclosureItemPage.objects.filter(live=False, index_number="")
    assert {draft.disclosure_mode for draft in drafts} == {
        *("proactive", "on_request", "withheld")
    }
    authors = Revision.objects.filter(user__username="clerk")
    assert authors.exists()


def assert_numbers_run_in_the_order_of_publication():
    for year in (2024, 2025, 2026):
        entries = IndexNumberEntry.objects.filter(year=year).order_by("serial")
        assert [entry.serial for entry in entries] == list(range(1, len(entries) + 1))
        days = [e.page.date_published for e in entries if e.page.live]
        assert days == sorted(days)


def test_accounts_are_in_their_groups_and_every_village_has_a_point(whole):
    for again in (False, True):
        if again:
            load_demo()
        users = get_user_model().objects.prefetch_related("groups")
        found = {u.username: sorted(g.name for g in u.groups.all()) for u in users}
        assert found == GROUPS
        found = read_coverage()
        assert (found.complete, found.with_point, found.total) == (32, 35, 35)


def test_loading_again_changes_nothing(small):
    counts = [model.objects.count() for model in (Page, Revision, IndexNumberEntry)]
    item = DisclosureItemPage.objects.live().first()
    DisclosureItemPage.objects.filter(pk=item.pk).update(title="村民改过的标题")
    loaded = load_demo(small=True)
    assert (loaded.items, loaded.drafts, loaded.reading_points) == (0, 0, 0)
    assert loaded.dossiers == 0
    assert [
        model.objects.count() for model in (Page, Revision, IndexNumberEntry)
    ] == counts
    item.refresh_from_db()
    assert item.title == "村民改过的标题"


def test_a_small_demo_becomes_the_whole_one(small):
    load_demo()
    assert DisclosureItemPage.objects.live().count() == 68
    assert ReadingPointPage.objects.live().count() == 36


def test_keys_are_the_same_in_every_home(small):
    newest = DisclosureItemPage.objects.get(external_id="demo-068")
    assert newest.key == uuid.uuid5(NAMESPACE, "external:demo:demo-068").hex
    assert newest.slug == f"item-{newest.key[:8]}"


def test_seven_accounts_with_one_password_that_is_kept(small, kept_home):
    assert set(small.accounts) == {
        *("clerk", "head", "secrecy", "leader", "officer", "village", "admin")
    }
    kept = kept_home / "demo-password"
    assert kept.read_text().strip() == small.password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for username in small.accounts:
        user = authenticate(username=username, password=small.password)
        assert user and user.groups.exists() and not user.is_superuser
    assert load_demo(small=True).password == small.password


def test_everybody_can_save_the_account_page_as_it_is_shown(client, small):
    for username in small.accounts:
        client.force_login(get_user_model().objects.get(username=username))
        shown = client.get("/admin/account/").content
        [form] = [f for f in html.fromstring(shown).forms if f.method == "POST"]
        assert client.post("/admin/account/", dict(form.form_values())).url, username


def test_a_configured_password_is_used(settings):
    settings.GONGKAI_DEMO_PASSWORD = "configured-password"
    assert load_demo(small=True).password == "configured-password"
    assert authenticate(username="clerk", password="configured-password")


def test_the_portal_knows_the_township_and_nothing_else(settings):
    settings.GONGKAI_ROLE = "portal"
    loaded = load_demo()
    assert Authority.load().name == "宁澜市人民政府"
    assert Authority.load().credit_code != TOWNSHIP
    assert Origin.objects.get().credit_code == TOWNSHIP
    assert list(loaded.accounts) == ["admin"]
    assert not DisclosureItemPage.objects.exists()
    assert get_user_model().objects.count() == 1


def test_the_demo_is_refused_in_production(monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "cms.settings.production")
    monkeypatch.delenv("GONGKAI_REHEARSAL", raising=False)
    with pytest.raises(CommandError):
        call_command("load_demo")
    assert not DisclosureItemPage.objects.exists()


def test_the_command_tells_accounts_and_password(small):
    told = SMALL.told
    assert told["accounts"]["clerk"] == "陈晓燕"
    assert (
        told["password"]
        == (Path(settings.GONGKAI_HOME) / "demo-password").read_text().strip()
    )


def test_dates_of_the_content_are_lawful():
    described = load("records")["items"]
    references = [name for name, row in described.items() if row.get("reference")]
    assert len(references) == 1
    for record in [*load("items"), *json.loads((TEST_DATA / "items.json").read_text())]:
        made = dt.date.fromisoformat(record["date_made"])
        published = dt.date.fromisoformat(record["date_published"])
        assert made <= published <= TODAY, record["title"]
        if record.get("external_id") in references:
            continue  # the superior's date, not ours
        # 20 working days, with the long holidays of early October and spring.
        assert (published - made).days <= 36, record["title"]


def test_no_real_phone_and_no_identity_number_in_the_content():
    for path in [*DATA.glob("*.json"), TEST_DATA / "items.json"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), path.name
        assert not re.search(r"(?<!\d)\d{17}[\dXx](?!\d)", text), path.name
        for number in re.findall(r"\b0\d{2,3}-\d{7,8}\b", text):
            assert number.startswith("0000-6200"), (path.name, number)


def test_no_title_of_the_import_is_one_of_the_demos():
    items = json.loads((TEST_DATA / "items.json").read_text(encoding="utf-8"))
    titles = [record["title"] for record in [*items, *load("items"), *load("drafts")]]
    assert len(titles) == len(set(titles))
    assert len(items) == 68
