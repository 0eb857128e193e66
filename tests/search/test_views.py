"""The search page and the API over the site's own index."""

import datetime as dt

import pytest
from django.urls import reverse

from disclosure_pages.choices import Category
from disclosure_pages.models import DisclosureItemPage, ExternalItem, Origin
from disclosure_pages.public_state import public_keys, public_states
from search import engines, services
from search.builder import build_document
from search.engines import EngineDown
from tests.factories import make_guide, make_item, make_reading_point, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def index(home_index):
    make_site()
    return home_index


def index_all():
    states = public_states(public_keys()).values()
    engines.get("local").rebuild((1, build_document(state)) for state in states)


def ask(client, **data):
    return client.get(reverse("search"), data)


def api(client, path="search", **data):
    return client.get(f"/api/v1/{path}", data)


# the page


def test_items_guides_and_reading_points_are_found(client):
    make_item("低保对象公示", text="<b>低保</b>金已发放。")
    make_guide(text="低保怎么申请。")
    make_reading_point(address="低保窗口旁")
    index_all()
    page = ask(client, q="低保")
    assert page.status_code == 200
    text = page.content.decode()
    assert "共 3 条" in text
    assert "<mark>低保</mark>对象公示</a>" in text
    assert "<mark>低保</mark>金已发放" in text


def test_a_two_character_word_inside_a_sentence_is_found(client):
    make_item("关于防汛的通知", text="各村应当在汛期前检查山塘水库的溢洪道。")
    index_all()
    assert "关于防汛的通知" in ask(client, q="塘水").content.decode()


def test_what_the_database_no_longer_shows_is_left_out_at_once(client):
    item = make_item("将撤回的公示")
    make_item("留下的公示")
    index_all()
    item.unpublish()
    text = ask(client, q="公示").content.decode()
    assert "将撤回" not in text
    assert "共 1 条" in text
    assert api(client, q="公示").json()["total"] == 1
    assert api(client, "suggest", q="撤回").json()["suggestions"] == []


def test_filters_are_check_boxes_and_chips_that_can_be_removed(client):
    make_item("工作公示", category=Category.WORK)
    make_item("财政公示", category=Category.FINANCE)
    index_all()
    page = ask(client, q="公示", category="finance")
    text = page.content.decode()
    assert 'value="finance" checked' in text
    assert 'value="institution" disabled' in text
    assert '<a class="chip" href="?q=%E5%85%AC%E7%A4%BA">' in text
    assert [hit.document.title for hit in page.context["answer"].hits] == ["财政公示"]


def test_pages_follow_each_other_and_keep_the_question(client):
    for number in range(23):
        make_item(f"第{number}号公示")
    index_all()
    first = ask(client, q="公示", category="work")
    second = ask(client, q="公示", category="work", page=2)
    assert len(first.context["answer"].hits) == 20
    assert len(second.context["answer"].hits) == 3
    assert "?q=%E5%85%AC%E7%A4%BA&amp;category=work&amp;page=2" in (
        first.content.decode()
    )


def test_without_hits_the_page_helps(client):
    index_all()
    text = ask(client, q="没有这样的东西").content.decode()
    assert "没有查到“没有这样的东西”" in text
    assert "没有找到？" in text


def test_nothing_typed_lists_everything_newest_first(client):
    make_item("旧", date_published=dt.date(2026, 9, 1))
    make_item("新", date_published=dt.date(2026, 10, 1))
    index_all()
    hits = ask(client).context["answer"].hits
    assert [hit.document.title for hit in hits] == ["新", "旧"]


@pytest.mark.parametrize("where", ["title", "summary", "text", "q"])
def test_markup_is_shown_as_text(client, where):
    attack = '<script>alert("低保")</script><img src=x onerror=低保>'
    values = {"summary": attack} if where == "summary" else {}
    make_item(
        attack if where == "title" else "低保公示",
        text=attack.replace("<", "&lt;") if where == "text" else "低保。",
        **values,
    )
    index_all()
    text = ask(client, q=attack if where == "q" else "低保").content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize(
    "data",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "99999999999999"},
        {"page": "x"},
        {"category": "nonsense"},
        {"year": "20x6"},
        {"sort": "nonsense"},
        {"office": "\x00'\"<>"},
        {"q": "\x00\ufffe" * 50},
        {"q": "长" * 5_000},
    ],
)
def test_wrong_addresses_are_answered(client, data):
    index_all()
    assert ask(client, **data).status_code == 200


def test_a_long_question_is_cut_and_the_page_says_so(client):
    index_all()
    assert "只用前 200 字" in ask(client, q="低保" * 200).content.decode()


def test_queries_do_not_grow_with_the_hits(client, django_assert_max_num_queries):
    make_item("公示一")
    index_all()
    ask(client, q="公示")
    with django_assert_max_num_queries(12) as few:
        ask(client, q="公示")
    for number in range(15):
        make_item(f"公示{number}")
    index_all()
    ask(client)  # Wagtail keeps the addresses of sites until a page is saved
    with django_assert_max_num_queries(12) as many:
        ask(client, q="公示", category="work", office="civil-affairs")
    assert len(many) <= len(few)


# engines that are down


class DownEngine:
    name = "es"
    asked = 0

    def search(self, query):
        self.asked += 1
        raise EngineDown("no answer")


@pytest.fixture
def broken_es(settings, monkeypatch):
    settings.GONGKAI_INDEXES = ["es", "local"]
    down, local = DownEngine(), engines.get("local")
    monkeypatch.setattr(engines, "get", {"es": down, "local": local}.__getitem__)
    return down


def test_the_local_index_answers_when_elasticsearch_is_down(client, broken_es):
    make_item("低保公示")
    index_all()
    text = ask(client, q="低保").content.decode()
    assert "低保" in text
    assert "搜索正在使用备用方式" in text
    answer = api(client, q="低保").json()
    assert (answer["engine"], answer["degraded"]) == ("local", True)
    assert broken_es.asked == 1  # left alone for a while after it failed


def test_when_no_engine_answers_the_page_says_so(client, monkeypatch):
    monkeypatch.setattr(engines, "get", lambda name: DownEngine())
    page = ask(client, q="低保")
    assert page.status_code == 503
    assert "搜索暂时不可用" in page.content.decode()
    services._avoid_until.clear()
    assert api(client, q="低保").status_code == 503


def test_an_index_that_is_being_rebuilt_is_mentioned(client):
    engines.get("local").put_many([])
    assert "索引正在重建" in ask(client, q="低保").content.decode()


# what came from elsewhere (portal role)


def test_a_portal_finds_what_it_received_by_origin(client, settings):
    settings.GONGKAI_ROLE = "portal"
    for code, name in (
        ("11330099MB1A2B3C4D", "云溪镇"),
        ("11330099MB9Z8Y7X6W", "南溪镇"),
    ):
        Origin.objects.create(credit_code=code, name=name)
        metadata = {
            "type": "item",
            "title": f"{name}低保公示",
            "category": "work",
            "origin": code,
            "origin_label": name,
            "url": "https://town.example/a/",
        }
        ExternalItem.objects.create(
            origin=code,
            key="a" * 32,
            version=1,
            state="published",
            title=metadata["title"],
            payload={"metadata": metadata, "html": "<p>低保。</p>", "attachments": []},
        )
    index_all()
    answer = api(client, q="低保", origin="11330099MB1A2B3C4D").json()
    assert [hit["title"] for hit in answer["results"]] == ["云溪镇低保公示"]
    assert [hit["origin"] for hit in answer["results"]] == ["11330099MB1A2B3C4D"]
    assert {(v["label"], v["count"]) for v in answer["facets"]["origin"]} == {
        ("云溪镇", 1),
        ("南溪镇", 1),
    }
    text = ask(client, q="低保").content.decode()
    assert f"/external/11330099MB1A2B3C4D/{'a' * 32}/" in text
    ExternalItem.objects.filter(origin="11330099MB1A2B3C4D").update(state="withdrawn")
    assert api(client, q="低保").json()["total"] == 1


# the API


def test_the_answer_has_the_fields_of_the_contract(client):
    make_item(
        "低保公示",
        document_number="云政〔2026〕11号",
        text="低保金 <b>发放</b>",
    )
    index_all()
    answer = api(client, q="低保", category="work").json()
    contract = {
        "total", "page", "engine", "took_ms", "results", "facets", "suggestions",
    }  # fmt: skip
    assert contract <= answer.keys()
    [hit] = answer["results"]
    fields = {
        "type", "index_number", "external_id", "title", "category",
        "document_number", "publisher", "date_published", "url", "score", "snippet",
    }  # fmt: skip
    assert fields <= hit.keys()
    assert hit["snippet"] == "<mark>低保</mark>金 发放"
    assert {"value": "work", "label": "工作信息", "count": 1} in (
        answer["facets"]["category"]
    )
    assert answer["facets"]["office"] == [
        {"value": "civil-affairs", "label": "民政和社会事务办公室", "count": 1}
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"page": "x"},
        {"page": "0"},
        {"page_size": "101"},
        {"page": "101", "page_size": "100"},
        {"category": "nonsense"},
        {"year": "20260"},
        {"sort": "size"},
        {"q": "长" * 2_001},
    ],
)
def test_wrong_parameters_are_told_in_json(client, data):
    answer = api(client, **data)
    assert answer.status_code in (400, 422)
    assert "detail" in answer.json()


def test_titles_are_suggested_by_part_by_initials_and_by_pinyin(client):
    make_item("云溪镇政府信息公开指南汇编")
    make_item("信息公开年度报告")
    index_all()

    def titles(q):
        return [s["title"] for s in api(client, "suggest", q=q).json()["suggestions"]]

    both = ["信息公开年度报告", "云溪镇政府信息公开指南汇编"]
    assert titles("信息公开") == both
    assert titles("資訊公開") == both
    assert titles("xxgk") == both
    assert titles("xxgkzn") == ["云溪镇政府信息公开指南汇编"]
    assert titles("xinxigongk") == titles("xin xi gong kai") == both
    assert titles("zhinanhuibian") == ["云溪镇政府信息公开指南汇编"]
    assert titles("x") == titles("") == titles("？？") == []


def test_only_what_is_public_is_ever_put_into_the_index():
    make_item("草稿公示", live=False)
    item = make_item("不予公开的公示")
    DisclosureItemPage.objects.filter(pk=item.pk).update(disclosure_mode="withheld")
    document = build_document(public_states([item.key])[item.key])
    assert (document.state, document.title, document.text) == ("withdrawn", "", "")
