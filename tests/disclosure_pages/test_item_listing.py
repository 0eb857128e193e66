"""The desk's list of items: columns, filters, saved filters, bulk actions."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import GroupPagePermission, Page

from cms.models import Office
from disclosure_pages.desk.bulk_actions import Outcome, as_csv
from disclosure_pages.desk.listing import item_listing
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage, SavedFilter
from disclosure_pages.services.site import add_office
from tests.factories import OfficeFactory, make_item, make_user

pytestmark = pytest.mark.django_db


def index(client, user, query=""):
    client.force_login(user)
    url = reverse(item_listing.get_url_name("index"))
    answer = client.get(f"{url}?{query}" if query else url)
    assert answer.status_code == 200
    return answer


def titles(answer):
    return [page.title for page in answer.context["object_list"]]


def bulk(client, user, action, pages, **data):
    client.force_login(user)
    ids = "&".join(f"id={page.pk}" for page in pages)
    url = reverse(
        "wagtail_bulk_action", args=["disclosure_pages", "disclosureitempage", action]
    )
    return client.post(f"{url}?next=/admin/items/&{ids}", data)


def test_list_shows_the_columns_people_look_for(client, people):
    make_item("低保公示", document_number="云政〔2026〕9号")
    text = index(client, people["clerk"]).content.decode()
    for word in ("索引号", "文号", "类别", "科室", "成文", "公开"):
        assert word in text
    assert "云政〔2026〕9号" in text
    assert "民政和社会事务办公室" in text


def test_clerk_sees_only_the_own_office(client, people):
    make_item("本科室的草稿", live=False)
    other = OfficeFactory(code="finance-office", name="财政办公室")
    page = add_office(other)
    page.add_child(
        instance=DisclosureItemPage(
            title="别科室的草稿", category="finance", date_made="2026-08-24", live=False
        )
    )
    assert titles(index(client, people["clerk"])) == ["本科室的草稿"]
    assert len(titles(index(client, people["officer"]))) == 2


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("draft", ["草稿一"]),
        ("public", ["公开一"]),
        ("review", ["在审一"]),
        ("back", []),
        ("withdrawn", []),
        ("", ["公开一", "在审一", "草稿一"]),
    ],
)
def test_state_filter(client, people, state, expected):
    make_item("草稿一", live=False)
    make_item("公开一")
    waiting = make_item("在审一", live=False, user=people["clerk"])
    waiting.get_workflow().start(waiting, people["clerk"])
    found = titles(index(client, people["clerk"], f"state={state}"))
    assert sorted(found) == expected


def test_filters_by_category_and_date(client, people):
    make_item("预算", category="finance", date_made=dt.date(2026, 1, 5))
    make_item("救助", category="work", date_made=dt.date(2026, 8, 5))
    assert titles(index(client, people["clerk"], "category=finance")) == ["预算"]
    found = index(
        client, people["clerk"], "date_made_from=2026-08-01&date_made_to=2026-08-31"
    )
    assert titles(found) == ["救助"]


def test_saved_filter_is_one_persons_own(client, people):
    client.force_login(people["clerk"])
    client.post(
        reverse("gongkai_save_filter"), {"name": "我的草稿", "query": "state=draft"}
    )
    saved = SavedFilter.objects.get()
    assert saved.query == "state=draft"
    assert "我的草稿" in index(client, people["clerk"]).content.decode()
    assert "我的草稿" not in index(client, people["officer"]).content.decode()
    client.force_login(people["officer"])
    remove = reverse("gongkai_delete_filter", args=[saved.pk])
    client.post(remove)
    assert SavedFilter.objects.exists()
    client.force_login(people["clerk"])
    client.post(remove)
    assert not SavedFilter.objects.exists()


def test_bulk_submission_has_a_result_per_item(client, people):
    good = make_item("写全的", live=False, user=people["clerk"])
    lacking = make_item("没写日期的", live=False, user=people["clerk"])
    lacking.date_made = None
    lacking.save_revision(user=people["clerk"], clean=False)
    answer = bulk(client, people["clerk"], "gongkai_submit", [good, lacking])
    assert answer.status_code == 200
    outcomes = {row.title: row.done for row in answer.context["outcomes"]}
    assert outcomes == {"写全的": True, "没写日期的": False}
    again = bulk(client, people["clerk"], "gongkai_submit", [good])
    assert [row.message for row in again.context["outcomes"]] == ["已经在审查中。"]
    assert good.current_workflow_state
    assert not Page.objects.get(pk=lacking.pk).specific.current_workflow_state


def test_bulk_submission_keeps_back_what_blocks(client, people):
    item = make_item(
        "有身份证号的",
        text="身份证号 11010519491231002X。",
        live=False,
        user=people["clerk"],
    )
    answer = bulk(client, people["clerk"], "gongkai_submit", [item])
    (outcome,) = answer.context["outcomes"]
    assert not outcome.done
    assert "身份证号" in outcome.message
    assert not item.current_workflow_state


def test_filters_set_without_a_new_page_can_be_saved_too(client, people):
    client.force_login(people["clerk"])
    query = "state=draft&category=&q=&p=2&_w_filter_fragment=1"
    text = client.get(f"/admin/items/results/?{query}").content.decode()
    field = 'name="query" value="state=draft" form="gk-save-filter">'
    assert field in text
    whole = index(client, people["clerk"]).content.decode()
    assert re.search(r'<form id="gk-save-filter" method="post" action="\S+">', whole)


def test_bulk_category_leaves_the_public_page_alone(client, people):
    item = make_item("一条", category="work")
    bulk(client, people["clerk"], "gongkai_category", [item], category="finance")
    item.refresh_from_db()
    assert item.category == "work"
    assert item.get_latest_revision_as_object().category == "finance"


def test_bulk_withdrawal_needs_the_right(client, people):
    item = make_item("要撤的")
    data = {"kind": "mistake", "reason": "发错了"}
    other = OfficeFactory(code="finance-office", name="财政办公室")
    add_office(other)
    stranger = make_user("stranger", Office.objects.get(pk=other.pk).editor_group.name)
    bulk(client, stranger, "gongkai_withdraw", [item], **data)
    item.refresh_from_db()
    before = item.live
    answer = bulk(client, people["leader"], "gongkai_withdraw", [item], **data)
    item.refresh_from_db()
    assert before
    assert answer.context["done"] == 1
    assert not item.live
    assert item.withdrawn_reason == "发错了"


def test_other_offices_drafts_can_not_be_named_by_number(client, people):
    item = make_item("本科室的草稿", live=False)
    other = OfficeFactory(code="finance-office", name="财政办公室")
    add_office(other)
    stranger = make_user("stranger", Office.objects.get(pk=other.pk).editor_group.name)
    answer = bulk(client, stranger, "gongkai_submit", [item])
    assert "本科室的草稿" not in answer.content.decode()
    assert not Page.objects.get(pk=item.pk).specific.current_workflow_state


@pytest.mark.parametrize(
    ("user", "place", "most"),
    # Half of the explorer's queries are Wagtail's own, for its filters and panels.
    [("clerk", "list", 30), ("officer", "list", 30), ("officer", "explorer", 45)],
)
def test_queries_do_not_grow(client, people, user, place, most):
    office = OfficeIndexPage.objects.get()
    url = reverse(item_listing.get_url_name("index"))
    if place == "explorer":
        url = reverse("wagtailadmin_explore", args=[office.pk])
    counts = []
    client.force_login(people[user])
    for rows in (3, 12):
        for number in range(rows):
            make_item(f"{rows}-{number}", live=number % 3 > 0)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= most


def test_downloaded_results_run_no_formula():
    assert "'=1+1" in as_csv([Outcome("=1+1", 1, False, "不行")])


def test_office_permissions_come_from_the_tree(people):
    assert GroupPagePermission.objects.filter(group__user=people["clerk"]).exists()


@pytest.mark.parametrize(
    "address", ["/admin/items/", "/admin/pages/{office}/"], ids=["list", "explorer"]
)
@pytest.mark.parametrize("user", ["clerk", "officer"])
def test_the_bulk_bar_offers_only_what_works(client, people, address, user):
    make_item("草稿", live=False)
    client.force_login(people[user])
    office = OfficeIndexPage.objects.get()
    text = client.get(address.format(office=office.pk)).content.decode()
    offered = set(re.findall(r"/admin/bulk/\w+/\w+/(\w+)/", text))
    assert {"gongkai_submit", "gongkai_category", "gongkai_withdraw"} <= offered
    assert not {"publish", "unpublish"} & offered


@pytest.mark.parametrize("action", ["publish", "unpublish"])
def test_wagtails_own_publication_in_bulk_has_no_address(client, people, action):
    item = make_item("草稿", live=False)
    client.force_login(people["officer"])
    url = f"/admin/bulk/wagtailcore/page/{action}/?id={item.pk}"
    assert client.get(url).status_code == 404


def test_deleting_in_bulk_takes_drafts_and_nothing_else(client, people):
    public = make_item("公开的", user=people["clerk"])
    draft = make_item("草稿", live=False, user=people["clerk"])
    client.force_login(people["clerk"])
    ids = f"id={public.pk}&id={draft.pk}"
    client.post(f"/admin/bulk/wagtailcore/page/delete/?next=/admin/&{ids}")
    assert list(DisclosureItemPage.objects.all()) == [public]


def test_the_list_writes_days_as_the_catalogue_does(client, people):
    make_item("低保公示")
    assert "2026-08-24" in index(client, people["clerk"]).content.decode()
