"""What the results page, the API and the exports tell of one and the same search."""

import csv
import datetime as dt
import io
import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from cms.models import Village
from disclosure_pages.choices import Category
from search import dictionary, exports, services, spelling
from tests.factories import make_item, make_reading_point, make_site

from .test_views import DownEngine, api, ask, engines, index_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def index(home_index):
    make_site()
    cache.clear()
    dictionary.forget()
    yield home_index
    dictionary.forget()


MAY = {"date_made": dt.date(2026, 5, 1), "date_published": dt.date(2026, 5, 1)}


def dated(title, day):
    return make_item(title, date_made=day, date_published=day)


def titles(page):
    return [hit.document.title for hit in page.context["answer"].hits]


# words that were given up


def test_the_page_says_which_word_nothing_has(client):
    for number in range(3):
        make_item(f"低保公示{number}")
    index_all()
    page = ask(client, q="低保 火星 公示")
    assert "没有一条信息含“火星”，已按其余的词查。" in page.content.decode()
    assert api(client, q="低保 火星 公示").json()["dropped"] == ["火星"]


def test_a_hit_says_which_of_the_words_it_lacks(client):
    make_item("低保公示")
    make_item("防汛通知")
    make_item("防汛低保")
    index_all()
    found = {
        hit["title"]: hit["lacks"]
        for hit in api(client, q="低保 防汛").json()["results"]
    }
    assert found == {"低保公示": ["防汛"], "防汛通知": ["低保"], "防汛低保": []}
    assert "不含“防汛”" in ask(client, q="低保 防汛").content.decode()


def test_nothing_is_said_to_be_given_up_while_all_words_are_there(client):
    for number in range(3):
        make_item(f"低保公示{number}")
    index_all()
    text = ask(client, q="低保 公示").content.decode()
    assert "不含“" not in text
    assert "没有一条信息含" not in text


# nothing found


def test_without_hits_each_word_is_offered_alone_and_the_signs_can_be_left_out(client):
    make_item("低保公示")
    index_all()
    page = ask(client, q="“公示低保” 低保", year="2025")
    text = page.content.decode()
    assert "改查“低保 公示低保”" in text
    assert page.context["apart"] == [("低保", 1, "?q=%E4%BD%8E%E4%BF%9D")]
    assert titles(client.get(reverse("search") + page.context["apart"][0][2])) == [
        "低保公示"
    ]


def test_the_request_form_is_offered_once_there_is_one(client, settings):
    index_all()
    assert "/request/" not in ask(client, q="火星").content.decode()
    settings.ROOT_URLCONF = "tests.search.with_request_form"
    text = ask(client, q="火星 <b>").content.decode()
    assert 'href="/request/?content=%E7%81%AB%E6%98%9F+%3Cb%3E"' in text


# days


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"from": "2026"}, {"元月", "五月"}),
        ({"from": "2026-02", "to": "2026-05"}, {"五月"}),
        ({"to": "2025-12-31"}, {"去年"}),
        ({"from": "2025年12月", "to": "２０２６.1"}, {"去年", "元月"}),
        ({"from": "2026/5/31", "to": "2026/5/31"}, {"五月"}),
    ],
)
def test_a_range_of_days_may_be_years_months_or_days(client, data, wanted):
    dated("去年", dt.date(2025, 12, 31))
    dated("元月", dt.date(2026, 1, 1))
    dated("五月", dt.date(2026, 5, 31))
    index_all()
    page = ask(client, **data)
    assert set(titles(page)) == wanted
    years = {
        v["value"]: v["count"] for v in api(client, **data).json()["facets"]["year"]
    }
    assert sum(years.values()) == len(wanted)
    [chip] = page.context["chips"]
    assert chip.label.startswith("公开日期：")
    assert chip.address == "?"


@pytest.mark.parametrize(
    "data",
    [
        {"from": "昨天"},
        {"to": "2026-13"},
        {"to": "2026-02-30"},
        {"from": "2026-05", "to": "2026-01"},
        {"from": "9" * 5_000},
    ],
)
def test_a_bad_day_is_told_and_refused_by_the_api(client, data):
    make_item("公示")
    index_all()
    page = ask(client, **data)
    assert titles(page) == ["公示"]
    [problem] = page.context["address"].period.problems
    assert problem in page.content.decode().replace("&#x27;", "'")
    answer = api(client, **data)
    assert answer.status_code == 400
    assert problem in answer.json()["detail"]


# facets


def test_every_village_is_counted_and_can_be_picked(client):
    for number in range(35):
        village = Village.objects.create(name=f"第{number:02}村", code=f"v{number}")
        make_reading_point(village=village)
    make_item("第03村和第34村低保公示")
    dictionary.forget()
    index_all()
    page = ask(client)
    [facet] = [f for f in page.context["facets"] if f.name == "village"]
    assert len(facet.values) == 35
    assert {v.count for v in facet.values} == {1, 2}
    assert facet.is_long
    assert not facet.open
    page = ask(client, village=["第03村", "第05村"])
    assert page.context["result"].total == 3
    assert len(page.context["facets"][3].values) == 35
    assert page.context["facets"][3].open
    assert ask(client, q="村:第34村 低保").context["result"].total == 1


def test_a_page_lists_two_hundred_values_and_what_is_chosen(client, monkeypatch):
    many = [(f"第{n}村", 10_000 - n) for n in range(10_000)]
    make_item("公示")
    index_all()
    search = services.search
    monkeypatch.setattr(
        services,
        "search",
        lambda query: _with_facet(search(query), many),
    )
    page = ask(client, village="第9000村")
    [facet] = [f for f in page.context["facets"] if f.name == "village"]
    assert (len(facet.values), facet.hidden) == (201, 9_799)
    assert "另有 9799 个没有列出" in page.content.decode()
    assert len(page.content) < 200_000
    assert len(api(client).json()["facets"]["village"]) == 10_000


def _with_facet(result, counts):
    result.facets["village"] = counts
    return result


# the API


def test_a_walk_by_cursor_meets_everything_once(client):
    for number in range(23):
        dated(f"公示{number}", dt.date(2026, 1, 1 + number // 5))
    index_all()
    met, after = [], ""
    while True:
        answer = api(client, q="公示", sort="date", page_size=5, after=after).json()
        assert answer["total"] == 23
        met += [hit["key"] for hit in answer["results"]]
        after = answer["next"]
        if not after:
            break
    assert len(met) == len(set(met)) == 23


def test_a_walk_goes_on_behind_what_was_withdrawn(client):
    items = [make_item(f"公示{n}") for n in range(6)]
    index_all()
    first = api(client, sort="date", page_size=2).json()
    for item in items:
        if item.key in {hit["key"] for hit in first["results"]}:
            item.unpublish()
    again = api(client, sort="date", page_size=2).json()
    assert (again["results"], again["next"]) == ([], first["next"])
    rest = api(client, sort="date", page_size=10, after=again["next"]).json()
    assert len(rest["results"]) == 4


def test_by_relevance_there_are_pages_only(client):
    for number in range(3):
        make_item(f"公示{number}")
    index_all()
    assert api(client, q="公示", page_size=1).json()["next"] == ""
    answer = api(client, q="公示", after="20260101-0")
    assert answer.status_code == 400
    assert "sort=date" in answer.json()["detail"]


@pytest.mark.parametrize(
    "data",
    [
        {"catgory": "work"},
        {"origins": "x"},
        {"sort": "date", "after": "nonsense"},
        {"sort": "date", "after": "20260101-" + "9" * 19},
        {"sort": "date", "after": "20260101-0", "page": "2"},
    ],
)
def test_what_is_no_parameter_is_refused_with_the_reason(client, data):
    index_all()
    answer = api(client, **data)
    assert answer.status_code == 400
    assert answer.json()["detail"]


# to take home


def rows_of(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_has_every_row_of_the_very_search(client):
    for number in range(23):
        make_item(f"低保公示{number}", category=Category.FINANCE)
    make_item("低保公告", category=Category.WORK)
    make_item("=1+1低保", category=Category.FINANCE)
    index_all()
    response = client.get(
        reverse("search_export"), {"q": "低保", "category": "finance", "page": "2"}
    )
    rows = rows_of(response)
    assert len(rows) == 24
    assert {row["类别"] for row in rows} == {"财政管理"}
    assert "'=1+1低保" in {row["名称"] for row in rows}
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="search-[-0-9]+\.csv"', response["Content-Disposition"])


def test_tables_and_feeds_never_show_what_is_no_longer_public(client):
    item = make_item("低保公示")
    make_item("低保公告")
    index_all()
    item.unpublish()
    rows = rows_of(client.get(reverse("search_export"), {"q": "低保"}))
    assert [row["名称"] for row in rows] == ["低保公告"]
    feed = client.get(reverse("search_feed", args=["rss"]), {"q": "低保"})
    assert "低保公示" not in feed.content.decode()


def test_a_table_is_read_in_pieces_and_ends_at_its_limit(client, monkeypatch):
    for number in range(12):
        make_item(f"公示{number}")
    index_all()
    monkeypatch.setattr(services, "AT_ONCE", 5)
    for sort in ("relevance", "date"):
        asked = services.Asked(text="公示", sort=sort)
        assert len({d.key for d in services.walk(asked, 10_000)}) == 12
        assert len(list(services.walk(asked, 7))) == 7
        assert len(list(services.walk(asked, 10))) == 10


def test_a_table_by_date_goes_on_behind_the_last_row(client, monkeypatch):
    for number in range(12):
        dated(f"公示{number}", dt.date(2026, 1, 1 + number // 3))
    index_all()
    monkeypatch.setattr(services, "AT_ONCE", 5)
    queries, ask_engine = [], services._ask
    monkeypatch.setattr(
        services, "_ask", lambda query: queries.append(query) or ask_engine(query)
    )
    found = list(services.walk(services.Asked(text="公示", sort="date"), 10_000))
    assert len({d.key for d in found}) == len(found) == 12
    days = [d.date_published for d in found]
    assert days == sorted(days, reverse=True)
    assert [query.page for query in queries] == [1] * len(queries)
    assert [query.after is None for query in queries[1:]] == [True, False, False]


@pytest.mark.parametrize(("sort", "rows"), [("relevance", 3), ("date", 5)])
def test_a_ranked_table_is_shorter_and_its_last_line_says_so(
    client, monkeypatch, sort, rows
):
    monkeypatch.setattr("search.exports.MOST_RANKED", 3)
    monkeypatch.setattr("search.exports.MOST_ROWS", 5)
    for number in range(6):
        make_item(f"公示{number}")
    index_all()
    asked = {"q": "公示", "sort": sort}
    names = [
        row["名称"] for row in rows_of(client.get(reverse("search_export"), asked))
    ]
    assert len(names) == rows + 1
    assert f"最多列 {rows} 条" in names[-1]
    assert f"下载表格（前 {rows} 条）" in ask(client, **asked).content.decode()


def test_one_address_gets_so_many_tables_an_hour(client, monkeypatch):
    monkeypatch.setattr("search.exports.PER_HOUR", 2)
    index_all()
    address = reverse("search_export")
    met = [client.get(address).status_code for _time in range(3)]
    assert met == [200, 200, 429]
    refused = client.head(address)
    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert "请过一小时再来" in client.get(address).content.decode()
    assert client.get(address, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_a_process_makes_two_tables_at_a_time(client, monkeypatch):
    index_all()
    address = reverse("search_export")
    met, begin = [], services.walk

    def walk(*args):
        if len(met) < exports.AT_A_TIME:
            met.append(client.get(address))  # while this one is being made
        return begin(*args)

    monkeypatch.setattr(services, "walk", walk)
    assert client.get(address).status_code == 200
    assert [answer.status_code for answer in met] == [503, 200]
    assert met[0]["Retry-After"] == "30"
    assert "请过一会儿再试" in met[0].content.decode()
    monkeypatch.undo()
    monkeypatch.setattr(services, "find", unanswered)
    assert [client.get(address).status_code for _time in range(3)] == [503] * 3
    monkeypatch.undo()
    assert client.get(address).status_code == 200  # a failure gave its place back


def unanswered(_asked):
    raise services.SearchUnavailable


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_has_the_newest_with_all_words_and_holds_its_tag(client, form):
    dated("旧低保公示", dt.date(2026, 1, 1))
    dated("新低保公示", dt.date(2026, 5, 1))
    make_item("低保")
    index_all()
    address = reverse("search_feed", args=[form])
    feed = client.get(address, {"q": "低保 公示", "sort": "relevance", "page": "3"})
    text = feed.content.decode()
    assert feed.status_code == 200
    assert text.index("新低保公示") < text.index("旧低保公示")
    assert "<title>低保</title>" not in text
    again = client.get(
        address, {"q": "低保 公示"}, headers={"if-none-match": feed["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("低保金怎么申请？", {"低保金申请办法"}),
        (
            "竹里村 村民 道路 养护 资金 分配 方案 公示",
            {"竹里村村民道路养护资金分配方案公示"},
        ),
    ],
)
def test_a_feed_of_a_sentence_or_a_long_title_wants_every_word(client, q, wanted):
    make_item("低保金申请办法")
    make_item("竹里村村民道路养护资金分配方案公示")
    make_item("低保名单")
    make_item("竹里村道路养护资金")
    make_item("申请公开")
    index_all()
    assert len(titles(ask(client, q=q))) > 1
    text = client.get(reverse("search_feed", args=["rss"]), {"q": q}).content.decode()
    assert set(re.findall("<item><title>(.*?)</title>", text)) == wanted


@pytest.mark.parametrize("name", ["search_export", "search_feed"])
def test_what_may_lack_rows_is_not_taken_home(client, monkeypatch, name):
    make_item("低保公示")
    index_all()
    search = services._ask
    monkeypatch.setattr(
        services, "_ask", lambda q: services.replace(search(q), incomplete=True)
    )
    args = ["rss"] if name == "search_feed" else []
    response = client.get(reverse(name, args=args), {"q": "低保"})
    assert response.status_code == 503
    assert "请稍后再试" in response.content.decode()


def test_the_print_list_has_numbers_dates_places_and_a_code(client):
    make_item("低保公示", document_number="云政〔2026〕11号")
    index_all()
    page = client.get(reverse("search_print"), {"q": "低保"})
    text = page.content.decode()
    assert "云政〔2026〕11号" in text
    assert "公开信息清单：“低保”" in text
    assert page.context["qr"] is not None
    assert page.context["rows"][0][0].url in text
    long = client.get(reverse("search_print"), {"q": "低保" * 100})
    assert long.context["qr"] is None  # no phone reads so much from paper


def test_the_print_list_says_what_shaped_it(client, monkeypatch):
    make_item("低保公示", category="work", **MAY)
    make_item("防汛低保", category="work", **MAY)
    index_all()
    data = {"q": "低保 防汛 火星", "category": "work", "from": "2026"}
    page = client.get(reverse("search_print"), data)
    text = page.content.decode()
    assert "公开信息清单：“低保 防汛 火星”，类别：工作信息，公开日期：" in text
    assert "没有一条信息含“火星”" in text
    assert "不含“防汛”" in text
    lacks = {row.title: words for row, words in page.context["rows"]}
    assert lacks == {"低保公示": ("防汛",), "防汛低保": ()}
    assert "可能不全" not in text
    search = services._ask
    monkeypatch.setattr(
        services, "_ask", lambda q: services.replace(search(q), incomplete=True)
    )
    assert "可能不全" in client.get(reverse("search_print"), data).content.decode()


def test_a_feed_is_named_by_all_that_shaped_it(client):
    index_all()
    address = reverse("search_feed", args=["rss"])
    feed = client.get(address, {"q": "低保", "category": "work"}).content.decode()
    assert "搜索：“低保”，类别：工作信息</title>" in feed
    only = client.get(address, {"category": "work"}).content.decode()
    assert "搜索：类别：工作信息</title>" in only
    assert "最新公开</title>" in client.get(address).content.decode()


def test_what_was_corrected_once_is_taken_home_as_it_is(client):
    make_item("宅基地审批")
    index_all()
    spelling.learn(["宅基地审批"], [])
    page = ask(client, q="宅基弟审批")
    home = page.context["taken_home"]
    assert (home.q, home.verbatim) == ("宅基地审批", True)
    assert not home.newest_first.verbatim
    page = ask(client, q="宅基弟审批", verbatim="1")
    assert page.context["taken_home"].verbatim
    assert not ask(client, q="宅基地审批").context["taken_home"].verbatim


def test_the_print_list_says_that_it_ends(client, monkeypatch):
    monkeypatch.setattr("search.exports.MOST_PRINTED", 3)
    for number in range(5):
        make_item(f"公示{number}")
    index_all()
    page = client.get(reverse("search_print"), {"q": "公示"})
    assert len(page.context["rows"]) == 3
    assert "查到的超过 3 条，这里只列前 3 条" in page.content.decode()


def test_the_page_leads_to_all_of_them_with_the_same_search(client):
    make_item("低保公示")
    index_all()
    text = ask(client, q="低保", category="work", **{"from": "2026"}).content.decode()
    query = "?q=%E4%BD%8E%E4%BF%9D&amp;category=work&amp;from=2026-01-01"
    for name, args in (("search_export", []), ("search_print", [])):
        assert f'href="{reverse(name, args=args)}{query}"' in text
    assert f'href="{reverse("search_feed", args=["rss"])}{query}&amp;sort=date"' in text


@pytest.mark.parametrize("name", ["search_export", "search_print", "search_feed"])
def test_while_no_engine_answers_there_is_nothing_to_take_home(
    client, monkeypatch, name
):
    monkeypatch.setattr(engines, "get", lambda _name: DownEngine())
    args = ["rss"] if name == "search_feed" else []
    response = client.get(reverse(name, args=args), {"q": "低保"})
    assert response.status_code == 503
    assert "请稍后再试" in response.content.decode()


def test_queries_do_not_grow_with_rows(client, django_assert_max_num_queries):
    counts = []
    for number in range(2):
        for other in range(1 + 14 * number):
            make_item(f"公示{number}-{other}")
        index_all()
        for name in ("search", "search_print"):
            client.get(reverse(name), {"q": "公示 火星"})
            with django_assert_max_num_queries(12) as met:
                client.get(reverse(name), {"q": "公示 火星"})
            counts.append(len(met))
    assert counts[:2] == counts[2:]
