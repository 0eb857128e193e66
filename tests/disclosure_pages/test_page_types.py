"""Rules, institution, annual reports, notices and plain pages: how each behaves."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Page

from cms.approval import publication_approved
from cms.models import Authority, Office, SteeringMember
from cms.services.review import ReviewConflict
from disclosure_pages.checks.levels import BLOCK
from disclosure_pages.checks.rules import check_page
from disclosure_pages.models import (
    AnnualReportIndexPage,
    AnnualReportPage,
    HomePage,
    InstitutionPage,
    NoticeIndexPage,
    NoticePage,
    PlainPage,
    RulesIndexPage,
    RulesPage,
)
from disclosure_pages.public_state import public_keys, public_states
from disclosure_pages.services.withdrawal import withdraw
from tasks.models import OutboxEntry
from tests.disclosure_pages.page_kinds import fill_authority
from tests.factories import body_of, make_document, make_site, make_user, ready_site

pytestmark = pytest.mark.django_db

TITLE = "云溪镇政府信息公开保密审查制度"
KINDS = {
    "rules": (RulesIndexPage, RulesPage, {"document_number": "云政办〔2026〕9号"}),
    "annual-reports": (AnnualReportIndexPage, AnnualReportPage, {"year": 2025}),
    "notices": (NoticeIndexPage, NoticePage, {"content_source": "宁澜市供电公司"}),
    "": (HomePage, PlainPage, {}),
}


def make_page(slug, *, title=TITLE, live=True, **values):
    """A page of the kind that lives under the section with this slug."""
    ready_site()
    index, model, own = KINDS[slug]
    parent = index.objects.get()
    page = model(
        title=title, live=False, **{"body": body_of("正文。"), **own, **values}
    )
    parent.add_child(instance=page)
    revision = page.save_revision()
    if live:
        publish(revision)
    page.refresh_from_db()
    return page


def publish(revision):
    with publication_approved("test"):
        revision.publish(skip_permission_checks=True)


def text_of(client, page, status=200):
    response = client.get(page.url)
    assert response.status_code == status
    return response.content.decode()


each_kind = pytest.mark.parametrize("slug", KINDS)


@pytest.fixture(autouse=True)
def no_copies():
    cache.clear()


@each_kind
def test_a_draft_is_nowhere(client, slug):
    page = make_page(slug, live=False)
    assert client.get(page.url).status_code == 404
    for address in (page.get_parent().url, "/", "/sitemap/"):
        assert TITLE not in client.get(address).content.decode()


@each_kind
def test_what_is_published_is_shown_and_listed(client, slug):
    page = make_page(slug, summary="一句话说明。")
    text = text_of(client, page)
    for shown in (TITLE, "正文。", "一句话说明。", 'name="PubDate"', 'class="qr"'):
        assert shown in text
    assert text.count("<h1") == 1
    assert f"/feedback/?page={page.url}" in text
    listing = page.get_parent().url if slug else "/sitemap/"
    assert TITLE in client.get(listing).content.decode()
    assert page.key in public_keys()


@each_kind
def test_what_was_withdrawn_leaves_a_tombstone(client, slug):
    page = make_page(slug)
    text_of(client, page)  # a copy is kept
    officer = make_user("officer", "信息管理员")
    withdraw(page, user=officer, reason="发布有误。", kind="error")
    text = text_of(client, page, status=410)
    assert "发布有误。" in text
    assert TITLE not in text
    assert TITLE not in client.get(page.get_parent().url).content.decode()
    assert TITLE not in client.get("/sitemap/").content.decode()


@each_kind
def test_a_copy_is_a_draft_with_a_key_of_its_own(slug):
    page = make_page(slug, change_note="改了日期。")
    copy = page.copy(update_attrs={"title": "副本", "slug": "copy"}, keep_live=False)
    copy = type(page).objects.get(pk=copy.pk)
    assert (copy.live, copy.change_note, copy.first_published_at) == (False, "", None)
    assert copy.key != page.key
    assert getattr(copy, "year", None) is None
    assert public_keys() == [page.key]


def test_a_moved_page_keeps_its_key_and_is_sent_again(client):
    page, other = make_page(""), make_page("", title="关于本站")
    OutboxEntry.objects.update(wanted=1)
    key, old = page.key, page.url
    page.move(other, "last-child")
    page = PlainPage.objects.get(pk=page.pk)
    assert page.key == key
    response = client.get(old)
    assert (response.status_code, response["Location"]) == (301, page.url)
    text = text_of(client, page)
    assert f'<a href="{other.url}">关于本站</a>' in text
    assert TITLE in text_of(client, PlainPage.objects.get(pk=other.pk))
    assert OutboxEntry.objects.filter(key=key, wanted__gt=1).exists()


@each_kind
def test_a_preview_shows_the_draft(slug):
    page = make_page(slug, live=False, summary="还没有公开。")
    response = page.make_preview_request(preview_mode="")
    assert response.status_code == 200
    assert "还没有公开。" in response.content.decode()


@each_kind
def test_a_title_alone_is_a_draft_but_never_public(client, slug):
    make_site()
    index, model, _values = KINDS[slug]
    client.force_login(make_user("officer", "信息管理员"))
    names = (model._meta.app_label, model._meta.model_name, index.objects.get().pk)
    data = {"title": TITLE, "slug": TITLE, "body-count": "0"} | {
        f"comments-{part}": 0 for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    response = client.post(reverse("wagtailadmin_pages:add", args=names), data)
    assert response.status_code == 302, response.context["form"].errors
    page = model.objects.get(title=TITLE)
    assert not page.live
    blocked = {p.field for p in check_page(page) if p.level == BLOCK}
    assert blocked == {"body", "year"} if slug == "annual-reports" else {"body"}
    with pytest.raises(ReviewConflict, match="正文还空着"):
        publish(page.save_revision(clean=False))


# Rules


def test_rules_in_force_come_before_those_that_are_not(client):
    make_page(
        "rules", title="旧制度", validity="repealed", date_made=dt.date(2025, 1, 1)
    )
    make_page(
        "rules", title="新制度", validity="amended", date_made=dt.date(2020, 1, 1)
    )
    text = client.get("/rules/").content.decode()
    places = [text.index(word) for word in ("现行制度", "新制度", "已失效", "旧制度")]
    assert places == sorted(places)
    for word in ("已修改", "废止", "云政办〔2026〕9号"):
        assert word in text


def test_a_rule_that_is_over_says_so_and_leads_to_those_in_force(client):
    text = text_of(client, make_page("rules", validity="repealed"))
    assert "已废止" in text
    assert '<a href="/rules/">看现行制度</a>' in text
    assert "已废止" not in text_of(client, make_page("rules", title="新"))


# Annual reports


def test_a_year_without_report_is_named(client):
    make_page("annual-reports", year=2022, title="2022年报告")
    make_page("annual-reports", year=2024, title="2024年报告")
    text = client.get("/annual-reports/").content.decode()
    places = [text.index(words) for words in ("2024年报告", "2023 年的报告还没有收录")]
    assert [*places, text.index("2022年报告")] == sorted(
        [*places, text.index("2022年报告")]
    )
    assert "2021 年的报告" not in text


def test_a_report_names_its_file_which_is_public_with_it(client):
    document = make_document("年报.txt")
    page = make_page("annual-reports", document=document, live=False, body=[])
    assert client.get(document.url).status_code == 404
    publish(page.get_latest_revision())
    text = text_of(client, page)
    assert document.sha256 in text
    assert "TXT" in text
    assert client.get(document.url).status_code == 200
    withdraw(page, user=make_user("o", "信息管理员"), reason="有误。", kind="error")
    assert client.get(document.url).status_code == 410


# Notices


def test_notices_come_by_date_in_pages(client):
    for number in range(21):
        make_page("notices", title=f"第{number}号通知")
    first = client.get("/notices/").content.decode()
    assert first.index("第20号通知") < first.index("第1号通知")
    assert "第0号通知" not in first
    assert "第0号通知" in client.get("/notices/?page=2").content.decode()
    assert client.get("/notices/?page=3").status_code == 404
    assert client.get("/notices/?page=x").status_code == 200


def test_no_notice_yet_is_said(client):
    make_site()
    assert "目前没有通知公告" in client.get("/notices/").content.decode()


def test_a_notice_tells_source_date_and_correction(client):
    page = make_page("notices", change_note="停电时间改为8:30。")
    text = text_of(client, page)
    assert '<meta name="ContentSource" content="宁澜市供电公司">' in text
    assert "更正说明" in text
    assert "停电时间改为8:30。" in text


def test_the_front_page_leads_to_the_blocks_and_the_latest_notices(client):
    for number in range(6):
        make_page("notices", title=f"第{number}号通知")
    text = client.get("/").content.decode()
    assert "第5号通知" in text
    assert "第0号通知" not in text
    for address in ("/rules/", "/annual-reports/", "/notices/", "/disclosure/"):
        assert f'<a href="{address}"' in text


# Institution


def make_institution():
    fill_authority()
    make_site()
    office = Office.objects.get()
    Office.objects.update(head_name="林志明", address="1楼102室", hours="周六上午")
    authority = Authority.load()
    authority.receiving_office, authority.information_officer = office, "周敏"
    authority.save()
    SteeringMember.objects.create(name="周建", position="科员", office=office)
    SteeringMember.objects.create(name="吴德明", position="镇长", role="leader")
    return InstitutionPage.objects.get()


def test_the_institution_is_what_the_register_says(client):
    page = make_institution()
    text = text_of(client, page)
    for shown in (
        *(
            "民政和社会事务办公室",
            "救助、优抚、养老。",
            "林志明",
            "1楼102室",
            "周六上午",
        ),
        *("0000-62001210", "受理机构", "周敏", "宁澜市云溪镇溪前路 1 号"),
    ):
        assert shown in text
    assert text.index("吴德明") < text.index("周建")
    state = public_states([page.key])[page.key]
    assert "林志明" in state.html
    assert "吴德明" in state.html


CHANGES = {
    "phone": lambda: Office.objects.get(),
    "head_name": lambda: Office.objects.get(),
    "address": lambda: Authority.load(),
    "fax": lambda: Authority.load(),
    "email": lambda: Authority.load(),
    "position": lambda: SteeringMember.objects.first(),
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_of_the_register_shows_at_once_and_is_sent(
    client, field, django_capture_on_commit_callbacks
):
    page, plain = make_institution(), make_page("")
    text_of(client, page)
    text_of(client, plain)
    OutboxEntry.objects.update(wanted=1)
    row = CHANGES[field]()
    setattr(row, field, "new@yunxi.example")
    with django_capture_on_commit_callbacks(execute=True):
        row.save()
    assert "new@yunxi.example" in text_of(client, page)
    if field == "address":
        assert "new@yunxi.example" in text_of(client, plain)  # in its foot
    assert OutboxEntry.objects.filter(key=page.key, wanted__gt=1).exists()


def test_members_who_left_are_gone(client):
    page = make_institution()
    OutboxEntry.objects.update(wanted=1)
    SteeringMember.objects.get(name="周建").delete()
    assert "周建" not in text_of(client, page)
    assert OutboxEntry.objects.filter(key=page.key, wanted__gt=1).exists()


# Reads


def grow(number):
    for at in range(number):
        make_page("rules", title=f"制度{at}")
        make_page("annual-reports", title=f"年报{at}", year=2009 + at)
        make_page("notices", title=f"通知{at}")
        SteeringMember.objects.create(name=f"某{at}", position="成员")
    for at in range(number):
        Office.objects.create(code=f"office-{number}-{at}", name=f"科室{number}-{at}")
    make_site()


def queries(client, address):
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_queries_are_few_and_constant(client):
    make_institution()
    grow(1)
    texts = [model.objects.first().url for model in (RulesPage, AnnualReportPage)]
    texts += [make_page("").url, NoticePage.objects.first().url, "/institution/"]
    addresses = ["/", "/rules/", "/annual-reports/", "/notices/", *texts]
    for address in addresses:
        client.get(address)  # what is found once per process
    few = {address: queries(client, address) for address in addresses}
    AnnualReportPage.objects.update(year=None)
    grow(3)
    many = {address: queries(client, address) for address in addresses}
    assert many == few
    assert max(many.values()) <= 12


def test_no_other_section_can_be_made_twice():
    home = make_site()
    for model in (RulesIndexPage, NoticeIndexPage, InstitutionPage):
        if model.objects.exists():
            assert not model.can_create_at(Page.objects.get(pk=home.pk))
