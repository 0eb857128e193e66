"""A list taken home: CSV for Excel, JSON for programs; all rows, no traps."""

import csv
import datetime as dt
import io
import json
import sys
import unicodedata

import pytest
from django.utils import timezone

from disclosure_pages.choices import Category
from disclosure_pages.csv_answers import csv_rows, harmless, unguarded
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.test_feeds import make_collection, received  # noqa: F401
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db


def body_of(response):
    return b"".join(response.streaming_content)


def table(client, path="/lists/items.csv"):
    text = body_of(client.get(path)).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def loaded(client, path="/lists/items.json"):
    return json.loads(body_of(client.get(path)))


def test_csv_holds_every_column_of_the_record(client):
    item = make_item(
        "关于“补助”的通知,\n第二行", summary="每户 8000 元。", keywords="补助；住房",
        document_number="云政〔2026〕31号", date_published=dt.date(2026, 9, 2),
        validity="amended", publisher="镇人民政府",
    )  # fmt: skip
    response = client.get("/lists/items.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    [row] = table(client)
    assert row == {
        "索引号": item.index_number, "名称": "关于“补助”的通知,\n第二行",
        "类别": "工作信息", "文号": "云政〔2026〕31号", "发布机构": "镇人民政府",
        "责任科室": "民政和社会事务办公室", "成文日期": "2026-08-24",
        "公开日期": "2026-09-02", "有效性": "已修改", "内容概述": "每户 8000 元。",
        "关键词": "补助；住房", "标识": item.key,
        "网址": f"http://127.0.0.1:8000{item.url_path.removeprefix('/home')}",
    }  # fmt: skip


def test_json_is_one_object_with_all_rows(client):
    item = make_item("低保公示", keywords="低保")
    answer = loaded(client)
    assert answer["total"] == 1
    assert dt.datetime.fromisoformat(answer["made_at"]).utcoffset().seconds == 8 * 3600
    [row] = answer["items"]
    assert row["key"] == item.key
    assert row["keywords"] == ["低保"]
    assert row["date_made"] == "2026-08-24"
    withdraw(item, reason="有误")
    assert loaded(client) == {"made_at": loaded(client)["made_at"], "items": [], "total": 0}  # noqa: E501  # fmt: skip


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"]
)
def test_no_cell_is_a_formula(client, text):
    assert harmless(text).startswith("'")
    make_item(f"{text}", summary=text, publisher=text)
    [row] = table(client)
    for name in ("名称", "内容概述", "发布机构"):
        assert not row[name].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "＝"))


def test_no_unseen_character_and_no_quote_hides_a_formula():
    unseen = [
        chr(code)
        for code in range(1, sys.maxunicode)
        if unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp", "Cc", "Cf")
    ]
    assert len(unseen) > 200
    hidden = [f"{mark}=1" for mark in [*unseen, '"', "“", '\ufeff\u3000"\u200b']]
    hidden += [f"{sign}1" for sign in "﹦﹢﹣﹫⁼⁺₌₊−"]
    assert [text for text in hidden if not harmless(text).startswith("'")] == []
    assert [text for text in hidden if unguarded(harmless(text)) != text] == []


def test_every_cell_of_a_csv_is_quoted():
    [_header, line] = csv_rows(["甲"], [["乙;=1", "丙\t=1", ""]])
    assert line == '"乙;=1","丙\t=1",""\r\n'


def test_lists_of_the_desk_run_no_formula(client):
    make_item("\u3000=1+1")
    client.force_login(make_people()["officer"])
    text = body_of(client.get("/admin/items/?export=csv")).decode()
    assert "'\u3000=1+1" in text


def test_ordinary_text_is_left_alone():
    for text in ("", "云政〔2026〕31号", "3-5 月", "a=b", "“引号”", "\u3000\u3000正文"):
        assert harmless(text) == text


@pytest.mark.parametrize("text", ["=1", " =1", "＝1", "'引号'", "''", "'=1", "文字"])
def test_the_import_takes_off_what_the_export_put_on(text):
    assert unguarded(harmless(text)) == text


def test_filters_and_order_are_those_of_the_list(client):
    day = dt.date
    make_item("甲", date_made=day(2026, 1, 5), date_published=day(2026, 3, 1))
    make_item("乙", date_made=day(2026, 2, 1), date_published=day(2026, 2, 2))
    make_item("预算", category=Category.FINANCE, date_published=day(2025, 2, 2),
              date_made=day(2025, 1, 1))  # fmt: skip
    make_collection(slug="money", category="finance")
    for query, titles in {
        "": ["甲", "乙", "预算"],
        "?category=work&sort=made": ["乙", "甲"],
        "?year=2025": ["预算"],
        "?q=甲&page=7": ["甲"],
        "?office=nobody": [],
    }.items():
        assert [r["名称"] for r in table(client, f"/lists/items.csv{query}")] == titles
        found = loaded(client, f"/lists/items.json{query}")
        assert [r["title"] for r in found["items"]] == titles
    [row] = table(client, "/lists/collection/money.csv")
    assert row["名称"] == "预算"
    assert client.get("/lists/collection/none.csv").status_code == 404


def test_only_what_is_public_is_exported(client):
    make_item("公开的")
    make_item("草稿", live=False)
    make_item("不公开", disclosure_mode="on_request", disclosure_reason="隐私")
    expired = make_item("过期")
    DisclosureItemPage.objects.filter(pk=expired.pk).update(
        expire_at=timezone.now() - dt.timedelta(hours=1)
    )
    withdraw(make_item("撤回的"), reason="有误")
    assert [row["名称"] for row in table(client)] == ["公开的"]
    assert [row["title"] for row in loaded(client)["items"]] == ["公开的"]


def test_the_portal_exports_what_it_received(client, settings, received):  # noqa: F811
    settings.GONGKAI_ROLE = "portal"
    [row] = table(client)
    assert (row["名称"], row["来源机关"]) == ("低保公示", "云溪镇人民政府")
    assert row["关键词"] == "低保"
    [row] = loaded(client, f"/lists/items.json?origin={'1' * 18}")["items"]
    assert row["validity"] == "valid"


def test_queries_do_not_grow_with_the_items(client, django_assert_max_num_queries):
    make_site()
    make_item()
    path = "/lists/items.csv?office=civil-affairs"
    table(client, path)
    with django_assert_max_num_queries(8) as few:
        table(client, path)
    for _number in range(10):
        make_item()
    table(client, path)
    with django_assert_max_num_queries(8) as more:
        assert len(table(client, path)) == 11
    assert len(more) == len(few)
