import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from cms.approval import publication_approved
from cms.workdays import WorkCalendar, shipped_days
from disclosure_pages.choices import LinkStatus
from disclosure_pages.item_rules import publish_due
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureItemPage,
    ExternalItem,
    ItemCorrection,
    ItemIdentifier,
    Subcategory,
    Term,
)
from disclosure_pages.public_state import public_states
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 8, 24)


def term(scheme, code):
    return Term.objects.get(scheme=scheme, code=code)


def shown(client, item):
    answer = client.get(item.get_url())
    assert answer.status_code == 200
    return answer.content.decode()


def full_item(**values):
    make_site()
    item = make_item(
        document_number="云政〔2026〕12号",
        genre=term("genre", "notice"),
        subject=term("subject", "civil-relief"),
        subcategory=Subcategory.objects.get(code="relief"),
        catalogue_entry=CatalogueEntry.objects.get(code="example-01"),
        effective_on=dt.date(2026, 9, 1),
        expires_on=dt.date(2031, 8, 31),
        keywords="低保；公示",
        change_note="补上了咨询电话",
        live=False,
        **values,
    )
    item.audiences.set([term("audience", "elderly"), term("audience", "disabled")])
    item.corrections.add(
        ItemCorrection(corrected_on=DAY, old="6420元", new="6240元", reason="打字错误")
    )
    item.identifiers.add(ItemIdentifier(source="市门户", value="art_122_77"))
    item.save()
    return publish(item)


def publish(item):
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    return DisclosureItemPage.objects.get(pk=item.pk)


def test_the_record_shows_everything_that_is_filled(client):
    html = shown(client, full_item())
    for text in (
        *("民政、扶贫、救灾", "通知", "老年人、残疾人", "2026-09-01", "2031-08-31"),
        *("社会救助", "最低生活保障·低保对象名单公示", "art_122_77", "低保；公示"),
        *("更正说明", "6420元", "6240元", "打字错误", "补上了咨询电话"),
    ):
        assert text in html
    assert "/disclosure/work/relief/" in html


def test_a_bare_record_shows_no_empty_rows(client):
    html = shown(client, make_item())
    for label in ("主题", "体裁", "服务对象", "生效日期", "目录事项", "更正说明"):
        assert f"<dt>{label}</dt>" not in html


def test_predecessor_and_successor_lead_to_each_other(client):
    old = make_item("旧办法", validity="repealed")
    new = make_item("新办法", supersedes=old)
    assert "现行文件：" in shown(client, old)
    assert f'href="{new.get_url()}"' in shown(client, old)
    assert f'href="{old.get_url()}"' in shown(client, new)
    assert "本件代替：" in shown(client, new)


def test_interpretation_and_original_lead_to_each_other(client):
    original = make_item("救助办法原文")
    reading = make_item("一图读懂", interpretation_of=original)
    assert f'href="{reading.get_url()}"' in shown(client, original)
    assert f'href="{original.get_url()}"' in shown(client, reading)


def test_drafts_and_what_is_withdrawn_are_not_named(client):
    people = make_site() and make_people()
    old = make_item("旧办法", validity="repealed")
    make_item("还是草稿的新办法", supersedes=old, live=False)
    reading = make_item("后来撤回的解读", interpretation_of=old)
    make_item(
        "依申请的新办法",
        supersedes=old,
        disclosure_mode="on_request",
        disclosure_reason="隐私",
        live=False,
    )
    html = shown(client, old)
    assert "后来撤回的解读" in html
    assert "还是草稿" not in html and "依申请的新办法" not in html
    withdraw(reading, user=people["officer"], reason="有误")
    assert "后来撤回的解读" not in shown(client, old)


def test_a_reference_shows_its_origin_and_the_state_of_the_link(client):
    superior = ExternalItem.objects.create(
        origin="x",
        key="a" * 32,
        version=1,
        state="published",
        sha256="0",
        relation="superior",
        title="市里的办法",
        publisher="市民政局",
        url="https://city.example.gov.cn/a",
        link_status=LinkStatus.GONE,
    )
    item = make_item(live=False)
    item.reference, item.reference_kind, item.body = superior, "reference", []
    item.save()
    html = shown(client, publish(item))
    assert "引用：市民政局" in html and "原文已撤下" in html
    assert 'href="https://city.example.gov.cn/a"' in html
    assert "只有目录记录" not in html


def test_an_item_page_costs_few_queries(client, django_assert_max_num_queries):
    item = full_item()
    for number in range(6):
        make_item(f"解读{number}", interpretation_of=item)
    client.get(item.get_url())
    with django_assert_max_num_queries(12):
        shown(client, item)


def test_metadata_has_the_new_columns_and_only_public_names():
    item = full_item()
    metadata = public_states([item.key])[item.key].metadata
    assert metadata["genre"] == "通知"
    assert metadata["subject"] == "民政、扶贫、救灾"
    assert metadata["audiences"] == ["老年人", "残疾人"]
    assert metadata["subcategory"] == "社会救助"
    assert metadata["effective_on"] == "2026-09-01"
    assert metadata["reference_publisher"] == ""


def wrong(item):
    with pytest.raises(ValidationError) as failed:
        item.full_clean()
    return failed.value.message_dict


@pytest.mark.parametrize("title", ["   ", "\u3000\u3000", "关于\u202e知通", "\u2066a"])
def test_titles_of_spaces_or_with_direction_marks_are_refused(title):
    item = make_item(live=False)
    item.title = title
    assert "title" in wrong(item)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"disclosure_mode": "on_request"}, "disclosure_reason"),
        (
            {"disclosure_mode": "withheld", "disclosure_reason": " "},
            "disclosure_reason",
        ),
        ({"effective_on": DAY, "expires_on": dt.date(2026, 8, 23)}, "expires_on"),
        ({"date_published": dt.date(2026, 8, 23)}, "date_published"),
    ],
)
def test_contradictions_are_refused(values, field):
    item = make_item(live=False)
    for name, value in values.items():
        setattr(item, name, value)
    assert field in wrong(item)


def test_an_item_cannot_stand_before_itself():
    first = make_item("一")
    second = make_item("二", supersedes=first)
    third = make_item("三", supersedes=second)
    first.supersedes = third
    assert "supersedes" in wrong(first)
    first.supersedes = first
    assert "supersedes" in wrong(first)
    second.interpretation_of = second
    assert "interpretation_of" in wrong(second)


def test_a_subcategory_of_another_category_is_refused():
    make_site()
    item = make_item(live=False)
    item.subcategory = Subcategory.objects.get(code="budget")
    assert "subcategory" in wrong(item)


def test_repealed_without_date_or_successor_is_only_warned_of():
    item = make_item(validity="repealed")
    item.full_clean()
    assert "日期" in item.warning
    make_item(supersedes=item)
    assert item.warning == ""
    assert make_item(validity="repealed", expires_on=DAY).warning == ""
    assert make_item().warning == ""


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("云政[2026]012号", "云政〔2026〕12号"),
        ("云政（2026）第12号", "云政〔2026〕12号"),
        ("内部编号 A-7", "内部编号 A-7"),
        ("", ""),
    ],
)
def test_document_numbers_are_stored_strictly(typed, stored):
    item = make_item(live=False)
    item.document_number = typed
    item.full_clean()
    assert item.document_number == stored


@pytest.mark.parametrize(
    "q", ["云政[2026]012号", "云政 (2026) 12 号", "云政〔2026〕12号", "[2026]12"]
)
def test_a_list_finds_a_document_number_however_it_is_typed(client, q):
    make_item("要找的", document_number="云政〔2026〕12号")
    make_item("别的", document_number="云政〔2026〕31号")
    html = client.get("/disclosure/", {"q": q}).content.decode()
    assert "要找的" in html and "别的" not in html


def due(made, entry=None, default=20, today=DAY):
    calendar = WorkCalendar({r["day"]: r["is_workday"] for r in shipped_days()})
    item = DisclosureItemPage(title="甲", date_made=made, catalogue_entry=entry)
    return publish_due(item, default, calendar, today)


def test_when_an_item_has_to_be_public():
    found = due(dt.date(2026, 9, 18), today=dt.date(2026, 10, 21))
    assert (found.day, found.days_left) == (dt.date(2026, 10, 22), 1)
    assert "一般要求 20 个工作日" in found.explanation and found.certain
    entry = CatalogueEntry(level1="补贴", limit_days=7)
    found = due(dt.date(2026, 9, 18), entry, today=dt.date(2026, 9, 30))
    assert (found.day, found.days_left) == (dt.date(2026, 9, 29), -1)
    assert "补贴" in found.explanation
    assert due(None) is None


def test_a_due_day_beyond_the_calendar_is_marked_as_uncertain():
    found = due(dt.date(2026, 12, 25), today=dt.date(2026, 12, 25))
    assert found.day == dt.date(2027, 1, 22)
    assert found.days_left == 20 and not found.certain
    assert "2027" in found.explanation
