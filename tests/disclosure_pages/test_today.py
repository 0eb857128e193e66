"""今天要办: what each role finds on the desk's first page, at the same cost."""

import datetime as dt
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from wagtail.models import Page, TaskState

from cms.models import CalendarDay
from cms.services.review import decide
from cms.workdays import WorkCalendar, add_workdays
from disclosure_pages.desk.due import due_items
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureItemPage,
    Feedback,
    IndexNumberEntry,
    Subcategory,
)
from tasks.models import OutboxEntry
from tests.factories import OfficeFactory, make_item, make_people, make_site, make_user

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)  # a Monday


@pytest.fixture
def people(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: TODAY)
    make_site()
    return make_people()


def desk(client, user):
    client.force_login(user)
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return html.fromstring(answer.content)


def section(page, name):
    """Heading, count link and text of one section; None when it is not there."""
    found = page.xpath(f"//section[@aria-labelledby='gk-{name}']")
    return " ".join(found[0].text_content().split()) if found else None


def draft(user, title, **values):
    item = make_item(title, live=False, user=user, **values)
    item.owner = user
    item.save()
    return item


def submit(item, user):
    item.get_workflow().start(item, user)
    return TaskState.objects.latest("pk")


def test_an_empty_desk_is_friendly_and_has_the_buttons(client, people):
    CatalogueEntry.objects.all().delete()
    page = desk(client, people["clerk"])
    text = " ".join(page.text_content().split())
    assert "今天没有要办的" in text and "都办完了" in text
    big = [" ".join(a.text_content().split()) for a in page.xpath("//nav//a")]
    assert any(words.startswith("发布一条信息") for words in big)
    assert any(words.startswith("批量导入表格") for words in big)


@pytest.mark.parametrize("who", ["secrecy", "leader"])
def test_who_writes_nowhere_is_not_offered_to_write(client, people, who):
    page = desk(client, people[who])
    assert "发布一条信息" not in page.text_content()
    assert client.get("/admin/publish/").status_code == 302


def test_drafts_go_on_and_what_is_in_review_says_where(client, people):
    draft(people["clerk"], "写了一半的公示")
    submit(draft(people["clerk"], "送审的公示"), people["clerk"])
    page = desk(client, people["clerk"])
    assert "写了一半的公示" in section(page, "drafts")
    assert "继续" in section(page, "drafts")
    assert "送审的公示" not in section(page, "drafts")
    assert "送审的公示 正在初审" in section(page, "in-review")
    assert section(desk(client, people["leader"]), "drafts") is None


def test_what_was_sent_back_brings_the_words(client, people):
    state = submit(draft(people["clerk"], "退回的公示"), people["clerk"])
    words = "附件第 2 页第 7 行有完整身份证号。\n请遮去中间 8 位。"
    decide(
        state,
        people["head"],
        approve=False,
        revision_id=state.revision_id,
        comment=words,
    )
    text = section(desk(client, people["clerk"]), "sent-back")
    assert "退回的公示" in text and "请遮去中间 8 位" in text
    assert "初审 head" in text


def test_the_reviewer_finds_what_waits_and_nobody_else(client, people):
    submit(draft(people["clerk"], "等着的公示"), people["clerk"])
    assert "等着的公示" in section(desk(client, people["head"]), "waiting")
    for role in ("clerk", "secrecy", "leader", "officer"):
        assert section(desk(client, people[role]), "waiting") is None


def test_due_counts_working_days(client, people):
    CalendarDay.objects.create(day=dt.date(2026, 11, 24), is_workday=False, name="假")
    draft(people["clerk"], "早就超期的", date_made=dt.date(2026, 10, 1))
    draft(people["clerk"], "快到期的", date_made=dt.date(2026, 10, 28))
    draft(people["clerk"], "还早的", date_made=dt.date(2026, 11, 20))
    found = due_items(DisclosureItemPage.objects.all())
    assert [(due.item.title, due.left) for due in found] == [
        ("早就超期的", -14),
        ("快到期的", 2),
    ]
    text = section(desk(client, people["clerk"]), "due")
    assert "超期 14 个工作日" in text and "还剩 2 个工作日" in text
    assert "还早的" not in text and "超期 1，5 个工作日内到期 1" in text


def test_an_entry_with_its_own_limit_is_due_by_that(people):
    entry = CatalogueEntry.objects.create(
        code="T-1", field="社会救助", level1="低保", limit_days=5
    )
    item = draft(people["clerk"], "短期限的", date_made=dt.date(2026, 11, 16))
    DisclosureItemPage.objects.filter(pk=item.pk).update(catalogue_entry=entry)
    assert [d.left for d in due_items(DisclosureItemPage.objects.all())] == [0]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ((2026, 11, 20), 1, (2026, 11, 23)),
        ((2026, 11, 23), 5, (2026, 11, 30)),
        ((2026, 9, 30), 1, (2026, 10, 8)),
        ((2026, 10, 9), 1, (2026, 10, 10)),
    ],
)
def test_the_calendar_skips_weekends_and_holidays(start, days, end):
    CalendarDay.objects.bulk_create(
        [
            *(CalendarDay(day=dt.date(2026, 10, n)) for n in range(1, 8)),
            CalendarDay(day=dt.date(2026, 10, 10), is_workday=True),
        ],
        ignore_conflicts=True,
    )
    found = add_workdays(dt.date(*start), days, WorkCalendar.load())
    assert found == dt.date(*end)


def test_the_officer_finds_corrections_gaps_quiet_offices_and_failures(client, people):
    item = make_item("公开的信息")
    Feedback.objects.create(page_title="指南", page_url="/guide/", text="电话错了")
    OfficeFactory(code="finance", name="财政所")
    make_site()
    CatalogueEntry.objects.all().delete()
    Subcategory.objects.all().delete()
    CatalogueEntry.objects.create(code="T-2", field="养老服务", level1="养老补贴")
    OutboxEntry.objects.update_or_create(
        target="index:local",
        key=item.key,
        defaults={"wanted": 9, "delivered": 0, "last_error": "没有回应"},
    )
    page = desk(client, people["officer"])
    assert "电话错了" in section(page, "feedback")
    assert "养老补贴" in section(page, "gaps")
    assert "财政所" in section(page, "quiet")
    failed = section(page, "deliveries")
    assert "公开的信息" in failed and "没有回应" in failed
    clerk = desk(client, people["clerk"])
    for name in ("feedback", "deliveries"):
        assert section(clerk, name) is None


def test_another_offices_matters_are_not_shown(client, people):
    draft(people["clerk"], "民政办超期的", date_made=dt.date(2026, 9, 1))
    OfficeFactory(code="finance", name="财政所")
    make_site()
    other = make_user("other", "编辑·财政所")
    assert section(desk(client, other), "due") is None
    assert "民政办超期的" in section(desk(client, people["officer"]), "due")


def test_every_figure_opens_its_list(client, people):
    for n in range(8):
        draft(people["clerk"], f"草稿{n}")
    page = desk(client, people["clerk"])
    links = page.xpath("//a[contains(@class, 'gk-count')]/@href")
    assert "/admin/today/drafts/" in links
    for link in links:
        assert client.get(link).status_code == 200
    listed = client.get("/admin/today/drafts/").content.decode()
    assert all(f"草稿{n}" in listed for n in range(8))
    assert client.get("/admin/today/nothing/").status_code == 404


def test_a_clerk_has_no_menus_of_wagtails(client, people):
    client.force_login(people["clerk"])
    text = client.get("/admin/").content.decode()
    assert not re.search(r'"name": "(help|reports|settings)"', text)
    assert "wagtail.org" not in text and "What's new" not in text


def test_the_desk_calls_no_outside_host(client, people):
    page = desk(client, people["officer"])
    sources = page.xpath("//script/@src | //link/@href | //img/@src | //iframe/@src")
    assert sources
    assert [s for s in sources if re.match(r"(https?:)?//", s)] == []


def write_tables(pages):
    """Write rows of a model with a parent table, which ``bulk_create`` refuses."""
    rows = []
    for page in pages:
        values = {f.attname: getattr(page, f.attname) for f in Page._meta.local_fields}
        rows.append(Page(**values))
    for page, row in zip(pages, Page.objects.bulk_create(rows), strict=True):
        page.pk = page.page_ptr_id = page.id = row.pk
    model = type(pages[0])
    local = model._meta.local_concrete_fields
    model._base_manager._insert(pages, fields=local, using="default")


def many(count, clerk):
    """So many items at once: half public, half drafts of the clerk, some overdue."""
    model = make_item("样子", live=False, user=clerk)
    parent = model.get_parent()
    base = Page._str2int(model.path[-Page.steplen :])
    pages = [
        DisclosureItemPage(
            title=f"第{n}件", draft_title=f"第{n}件", slug=f"many-{base + n}",
            url_path=f"{parent.url_path}many-{base + n}/", depth=model.depth,
            path=parent.path + Page._int2str(base + n).rjust(Page.steplen, "0"),
            translation_key=uuid4(), locale_id=model.locale_id, owner_id=clerk.pk,
            content_type_id=model.content_type_id, category="work",
            date_made=dt.date(2026, 9, 1) + dt.timedelta(days=n % 80),
            date_published=dt.date(2026, 11, 1) if n % 2 else None, live=n % 2,
            has_unpublished_changes=True,
        )
        for n in range(1, count + 1)
    ]  # fmt: skip
    write_tables(pages)
    Page.objects.filter(pk=parent.pk).update(numchild=parent.numchild + count)


def test_the_first_page_costs_the_same_with_four_times_more(client, people):
    people["clerk and head"] = make_user(
        "both", "编辑·民政和社会事务办公室", "负责人·民政和社会事务办公室"
    )
    counts = {}
    for size in (250, 1_000):
        many(size, people["clerk"])
        counts[size] = {}
        for role in ("clerk", "head", "secrecy", "leader", "officer", "clerk and head"):
            client.force_login(people[role])
            client.get("/admin/")
            with CaptureQueriesContext(connection) as found:
                assert client.get("/admin/").status_code == 200
            counts[size][role] = len(found)
    assert counts[250] == counts[1_000]
    assert max(counts[250].values()) <= 30, counts


def test_the_page_of_today_writes_nothing(client, people):
    draft(people["clerk"], "一件")
    before = IndexNumberEntry.objects.count()
    desk(client, people["clerk"])
    assert IndexNumberEntry.objects.count() == before


def test_the_number_in_review_is_true_beyond_what_is_listed(
    client, people, monkeypatch
):
    monkeypatch.setattr("disclosure_pages.desk.today_sections.LISTED", 2)
    for n in range(5):
        submit(draft(people["clerk"], f"送审{n}"), people["clerk"])
    assert "5 件" in section(desk(client, people["clerk"]), "in-review")
