"""集合: a saved query as list, table or feed, with the reason in words."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.http import QueryDict
from django.utils import timezone

from cms.approval import publication_approved
from cms.models import Office
from cms.services.review import ReviewConflict
from disclosure_pages import listed
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import CollectionPage, ExternalItem, Subcategory, Term
from disclosure_pages.services.catalogue import retire
from disclosure_pages.services.publishing import publish_scheduled
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.test_feeds import make_collection, received  # noqa: F401
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db


def shown(client, path="/collection/"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_it_says_in_words_what_it_collects_and_shows_just_that(client):
    old = dt.date(2025, 5, 1)
    make_item("低保公示", date_published=dt.date(2026, 9, 1))
    make_item("旧低保公示", date_made=old, date_published=old)
    make_item("低保预算", category="finance", date_published=dt.date(2026, 9, 1))
    make_collection(
        "今年的低保", lede="每季度更新。", year=2026, category="work", q="低保"
    )
    page = shown(client)
    assert "每季度更新。" in page
    assert "2026 年公开的，工作信息类，名称、文号或索引号含“低保”的信息" in page
    assert ">低保公示</a>" in page
    assert "旧低保公示" not in page and "低保预算" not in page
    for form in ("rss", "atom"):
        assert f"/feeds/collection/collection.{form}" in page
    for form in ("csv", "json"):
        assert f"/lists/collection/collection.{form}" in page


def test_every_condition_narrows_and_is_told(client):
    make_item("别的")
    wanted = make_item("要的", validity="amended", keywords="春耕；补贴")
    wanted.subcategory = Subcategory.objects.get(category="work", code="relief")
    wanted.genre = Term.objects.get(scheme="genre", code="notice")
    type(wanted).objects.filter(pk=wanted.pk).update(
        subcategory=wanted.subcategory, genre=wanted.genre
    )
    conditions = {
        "subcategory": (wanted.subcategory, "“社会救助”事项"),
        "genre": (wanted.genre, "体裁为通知"),
        "validity": ("amended", "有效性为已修改"),
        "keyword": ("春耕", "关键词含“春耕”"),
    }
    for name, (value, words) in conditions.items():
        values = {"category": "work", name: value}
        make_collection(name, slug=name, **values)
        page = shown(client, f"/{name}/")
        assert words in page
        assert ">要的</a>" in page and ">别的</a>" not in page
    make_collection("全部", slug="all")
    assert "全部公开的信息" in shown(client, "/all/")


def test_three_layouts(client):
    make_item("低保公示", summary="新增 6 户。")
    for layout in ("list", "table", "rss"):
        make_collection(layout, slug=layout, layout=layout)
        page = shown(client, f"/{layout}/")
        assert "低保公示</a>" in page
        assert ("<table" in page) is (layout == "table")
        assert ("新增 6 户。" in page) is (layout != "table")
        assert ("订阅：有新的自动送到" in page) is (layout == "rss")
        assert page.count("<h1") == 1


def test_paging_sorting_and_what_lies_behind_the_last_page(client):
    for number in range(23):
        make_item(f"第{number:02d}件", date_published=dt.date(2026, 9, 1 + number))
    make_collection(layout="table")
    first = shown(client)
    assert "共 23 条，第 1—20 条" in first and 'href="?page=2"' in first
    second = shown(client, "/collection/?page=2")
    assert "第 21—23 条" in second and "第00件" in second
    assert "第00件" in shown(client, "/collection/?sort=published-asc")
    assert client.get("/collection/?page=3").status_code == 404
    # filters of other lists change nothing here
    assert "共 23 条" in shown(client, "/collection/?q=没有&category=finance")


def test_withdrawn_items_vanish_and_an_empty_collection_says_so(client):
    item = make_item("低保公示")
    make_collection()
    assert "低保公示" in shown(client)
    withdraw(item, reason="有误")
    page = shown(client)
    assert "低保公示" not in page and "目前没有公开的信息" in page


def test_the_portal_collects_what_it_received(client, settings, received):  # noqa: F811
    make_collection(keyword="低保")
    make_collection(slug="none", keyword="别的")
    settings.GONGKAI_ROLE = "portal"
    page = shown(client)
    assert ">低保公示</a>" in page and "云溪镇人民政府" in page
    assert "低保公示" not in shown(client, "/none/")


def test_queries_do_not_grow_with_the_items(client, django_assert_max_num_queries):
    make_item()
    make_collection(category="work", layout="table")
    counts = []
    for more in (0, 25):
        for _number in range(more):
            make_item()
        shown(client, "/collection/")
        with django_assert_max_num_queries(12) as asked:
            shown(client, "/collection/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_editor_explains_every_field_and_previews(client):
    make_item("低保公示")
    page = make_collection("今年的低保", q="低保")
    client.force_login(make_people()["officer"])
    text = client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    for name in ("lede", "q", "category", "subcategory", "office", "genre", "year",
                 "validity", "keyword", "layout"):  # fmt: skip
        words = str(CollectionPage._meta.get_field(name).help_text)
        assert words and words in text, name
    preview = page.make_preview_request().content.decode()
    assert "低保公示" in preview and "含“低保”" in preview


def test_a_subcategory_of_another_category_is_refused():
    make_site()
    relief = Subcategory.objects.get(category="work", code="relief")
    page = CollectionPage(
        title="集合", slug="c", category="finance", subcategory=relief
    )
    with pytest.raises(ValidationError) as refused:
        page.clean()
    assert "请改选其中一项" in str(refused.value)


@pytest.mark.parametrize("facet", ["subcategory", "genre", "subject", "office"])
def test_the_portal_narrows_by_every_facet(settings, received, facet):  # noqa: F811
    make_site()
    above = Term.objects.get(scheme="subject", code="civil-relief")
    term = Term.objects.create(scheme="subject", code="aid", label="救济", parent=above)
    told = {
        "subcategory": ("relief", "社会救助"),
        "genre": ("notice", "通知"),
        "subject": (term.code, str(term)),
        "office": ("civil-affairs", "civil-affairs"),
    }
    code, words = told[facet]
    received.payload["metadata"][facet] = words
    received.save()
    settings.GONGKAI_ROLE = "portal"
    assert found(f"{facet}={code}") == ["低保公示"]
    assert found(f"{facet}=other") == []


def test_a_number_with_spaces_is_one_word(settings, received):  # noqa: F811
    ExternalItem.objects.update(document_number="云政〔2026〕31号")
    settings.GONGKAI_ROLE = "portal"
    assert found("q=云政 [2026] 31 号") == ["低保公示"]


def found(address):
    """The titles that a list of this address has."""
    query = ListQuery.read(QueryDict(address))
    return [row.title for row in listed.items_of(query)]


def test_the_officer_takes_a_collection_back(client):
    page = make_collection("秘密的集合", lede="秘密的说明。")
    client.force_login(make_people()["officer"])
    url = f"/admin/withdraw/{page.pk}/"
    assert url in client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    answer = client.post(url, {"kind": "mistake", "reason": "条件选错了"})
    assert answer.status_code == 302
    client.logout()
    tombstone = client.get("/collection/")
    assert tombstone.status_code == 410
    assert "条件选错了" in tombstone.content.decode()
    assert "秘密的" not in tombstone.content.decode()
    for path in (
        "/feeds/collection/collection.rss",
        "/lists/collection/collection.csv",
    ):
        assert client.get(path).status_code == 404


def test_a_collection_that_comes_back_is_no_tombstone(client):
    page = make_collection()
    withdraw(page, reason="有误")
    page.refresh_from_db()
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)
    assert shown(client)
    assert CollectionPage.objects.get().withdrawn_at is None


def expired():
    page = make_collection()
    past = timezone.now() - dt.timedelta(minutes=1)
    CollectionPage.objects.filter(pk=page.pk).update(expire_at=past)


def test_an_expired_collection_is_gone_before_the_scheduler_ran(client):
    expired()
    assert client.get("/collection/").status_code == 404


def test_the_scheduler_takes_an_expired_collection_back(client):
    expired()
    assert publish_scheduled() == 1
    answer = client.get("/collection/")
    assert answer.status_code == 410 and "公开期限已到" in answer.content.decode()


def condition(name):
    if name == "office":
        return Office.objects.create(code="closed", name="撤并的办公室")
    if name == "genre":
        return Term.objects.create(scheme="genre", code="old", label="旧体裁")
    return Subcategory.objects.create(category="work", code="old", name="旧事项")


@pytest.mark.parametrize("name", ["office", "subcategory", "genre"])
def test_a_condition_in_use_is_not_deleted(name):
    make_site()
    row = condition(name)
    make_collection(category="work", **{name: row})
    with pytest.raises(ProtectedError):
        row.delete()
    if name != "office":
        retire([row])
        row.refresh_from_db()
        assert not row.enabled


@pytest.mark.parametrize("name", ["office", "subcategory", "genre"])
def test_a_draft_whose_condition_is_gone_opens_but_does_not_widen(client, name):
    page = make_collection(category="work")
    row = condition(name)
    setattr(page, name, row)
    revision = page.save_revision()
    row.delete()
    client.force_login(make_people()["officer"])
    assert client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200
    with publication_approved("test"), pytest.raises(ReviewConflict, match="已经删除"):
        revision.publish(skip_permission_checks=True)


def test_a_scheduled_draft_that_cannot_go_live_keeps_no_other_back(client):
    past = timezone.now() - dt.timedelta(minutes=1)
    spoilt = make_collection(category="work")
    spoilt.genre = condition("genre")
    first = spoilt.save_revision(approved_go_live_at=past)
    Term.objects.filter(code="old").delete()
    item = make_item("定时公开的", live=False)
    item.save_revision(approved_go_live_at=past)
    assert publish_scheduled() == 1
    item.refresh_from_db()
    first.refresh_from_db()
    assert item.live and first.approved_go_live_at
