import datetime as dt

import pytest

from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_item

pytestmark = pytest.mark.django_db


def get(client, path, **query):
    answer = client.get(f"/api/v1/{path}", query)
    return answer.status_code, answer.json()


def test_items_come_newest_first_and_in_pages(client):
    made = [
        make_item(f"第{n}项通知", date_published=dt.date(2026, 9, n))
        for n in range(1, 6)
    ]
    status, first = get(client, "items", limit=2)
    assert status == 200
    titles = [item["title"] for item in first["items"]]
    while first["next"]:
        _status, first = get(client, "items", limit=2, after=first["next"])
        titles += [item["title"] for item in first["items"]]
    assert titles == [item.title for item in reversed(made)]


def test_items_can_be_filtered(client):
    make_item("财政", category="finance", date_published=dt.date(2026, 9, 1))
    make_item("工作", date_published=dt.date(2026, 10, 1))
    _status, by_category = get(client, "items", category="finance")
    assert [item["title"] for item in by_category["items"]] == ["财政"]
    _status, since = get(client, "items", since="2026-09-15")
    assert [item["title"] for item in since["items"]] == ["工作"]


@pytest.mark.parametrize(
    "query",
    [
        {"category": "nothing"},
        {"limit": 0},
        {"limit": 10_000},
        {"after": "x"},
        {"since": "x"},
    ],
)
def test_a_bad_filter_is_told(client, query):
    status, answer = get(client, "items", **query)
    assert status in (400, 422)
    assert answer["detail"]


def test_one_item_by_its_number(client):
    item = make_item("低保名单", text="公示。")
    status, answer = get(client, "item", index_number=item.index_number)
    assert status == 200
    assert answer["title"] == "低保名单"
    assert answer["html"] == "<p>公示。</p>"


def test_a_withdrawn_item_is_gone_with_the_reason(client):
    item = make_item("秘密的标题")
    withdraw(item, reason="发布有误")
    status, answer = get(client, "item", index_number=item.index_number)
    assert status == 410
    assert "发布有误" in answer["detail"]
    assert "秘密" not in str(answer)
    assert get(client, "items")[1]["items"] == []


def test_a_draft_is_not_in_the_api(client):
    item = make_item(live=False)
    type(item).objects.filter(pk=item.pk).update(index_number="X/2026-00001")
    assert get(client, "item", index_number="X/2026-00001")[0] == 404
    assert get(client, "items")[1]["items"] == []


def test_queries_do_not_grow(client, django_assert_max_num_queries):
    for _number in range(6):
        make_item()
    with django_assert_max_num_queries(16):
        get(client, "items", limit=2)
    with django_assert_max_num_queries(16):
        get(client, "items", limit=100)


def test_the_docs_load_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs").content.decode()
    assert "https://cdn" not in page
    assert client.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")
