"""What can be written into a question, on both engines; nothing of it is an error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engines.local import LocalEngine
from search.query import make_query, parse

from .conftest import make_document

PAIR = ["local", pytest.param("elastic", marks=pytest.mark.elasticsearch)]


@pytest.fixture(params=PAIR)
def engine(request):
    return request.getfixturevalue(request.param)


def found(engine, text, **asked):
    """The documents found, by number."""
    hits = engine.search(make_query(text, page_size=100, **asked)).hits
    return {int(hit.key, 16) for hit in hits}


def put(engine, *documents):
    engine.rebuild([(1, document) for document in documents])


@pytest.fixture
def filled(engine):
    """A few documents that differ in what field words look at."""
    put(
        engine,
        make_document(1, title="低保对象公示", document_number="云政〔2026〕11号"),
        make_document(2, title="临时救助公告", text="根据云政〔2026〕11号办理。"),
        make_document(3, title="防汛通知", text="低保救助。", village="溪口村"),
        make_document(
            4,
            title="溪口村道路施工",
            index_number="11330099MB1A2B3C4D/2026-00047",
            publisher="云溪镇人民政府",
            office_label="村镇建设办公室",
        ),
        make_document(5, title="森林防火令", publisher="县林业局"),
    )
    return engine


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("公示 OR 公告", {1, 2}),
        ("公示 ＯＲ 公告", {1, 2}),
        ("公示|公告", {1, 2}),
        ("公示 ｜ 公告 ｜ 防火", {1, 2, 5}),
        ("公示 或者 公告", {1, 2}),
        ("公示 或 公告", {1, 2}),
        ("“对象公示” OR “助公告”", {1, 2}),
        ("低保 公示|防汛", {1, 3}),
        ("标题:公示|标题:防汛", {1, 3}),
        ("公示|公告 -低保", {2}),
        ("| 公示", {1}),
        ("公示 OR", {1}),
    ],
)
def test_of_words_joined_by_or_any_is_enough(filled, text, wanted):
    assert found(filled, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("文号:云政〔2026〕11号", {1}),
        ("文号：云政[2026]11号", {1}),
        ("文号：“云政（2026）11号”", {1}),
        ("文號：云政〔2026〕11号", {1}),
        ("文号:云政", {1}),
        ("文号:12号", set()),
        ("索引号:2026-00047", {4}),
        ("索引号: 11330099mb1a2b3c4d/2026-00047", {4}),
        ("发布机构:林业局", {5}),
        ("发布机构:村镇建设", {4}),
        ("标题:低保", {1}),
        ("标题:“低保对象”", {1}),
        ("标题:令", {5}),
        ("村:溪口", {3, 4}),
        ("低保 村：溪口村", {3}),
        ("救助 -标题:救助", {3}),
        ("溪口 -索引号:2026-00047", {3}),
        ("标题:防汛 标题:通知", {3}),
    ],
)
def test_a_field_word_looks_only_there(filled, text, wanted):
    assert found(filled, text) == wanted


def test_an_unknown_field_word_is_just_words(filled):
    assert found(filled, "主题:低保") == {1, 3}
    assert found(filled, "低保救助:标题") >= {1, 2, 3}
    assert parse("请问文号:云政").phrases == ()


def test_a_document_number_in_its_field_still_comes_first(filled):
    hits = filled.search(make_query("文号:云政〔2026〕11号")).hits
    assert hits[0].score >= 1_000


def test_stop_words_and_single_characters_are_looked_for(engine):
    put(
        engine,
        make_document(1, title="的确凉", text="无"),
        make_document(2, title="防汛令", text="村里的事"),
    )
    assert found(engine, "的") == {1, 2}
    assert found(engine, "令") == {2}
    assert found(engine, "“防汛” 的") == {2}
    assert found(engine, "什么") == set()


def test_a_range_of_days_holds_for_hits_totals_and_facets(engine):
    days = {1: "2025-12-31", 2: "2026-01-01", 3: "2026-05-31", 4: "2026-06-01", 5: ""}
    put(engine, *(make_document(n, date_published=day) for n, day in days.items()))
    asked = {"since": 20260101, "until": 20260531, "facets": ["year"]}
    assert found(engine, "通知", **asked) == {2, 3}
    assert found(engine, "", since=20260601) == {4}
    assert found(engine, "", until=20251231) == {1}
    result = engine.search(make_query("通知", **asked))
    assert result.total == 2
    assert result.facets == {"year": [("2026", 2)]}


def test_by_date_a_walk_meets_every_document_once(engine):
    days = [f"2026-01-{1 + n % 7:02}" if n % 9 else "" for n in range(1, 61)]
    put(engine, *(make_document(n, date_published=d) for n, d in enumerate(days, 1)))
    whole = [
        hit.key
        for hit in engine.search(make_query("通知", sort="date", page_size=100)).hits
    ]
    met, place = [], None
    while True:
        asked = {"sort": "date", "page_size": 7, "after": place, "facets": ["year"]}
        result = engine.search(make_query("通知", **asked))
        assert result.total == 60
        assert result.facets["year"] == [("2026", 54)]
        if not result.hits:
            break
        met += [hit.key for hit in result.hits]
        place = result.hits[-1].position
    assert met == whole
    assert len(set(met)) == 60


def test_a_document_may_concern_several_villages(engine):
    put(
        engine,
        make_document(1, village="溪口村；竹里村"),
        make_document(2, village="竹里村"),
    )
    result = engine.search(make_query("", facets=["village"]))
    assert result.facets["village"] == [("竹里村", 2), ("溪口村", 1)]
    assert found(engine, "", filters={"village": ["溪口村"]}) == {1}
    assert found(engine, "村:竹里") == {1, 2}


def test_ten_thousand_values_of_a_facet_are_all_counted(engine):
    engine.rebuild(
        (1, make_document(n, village=f"第{n}村；总村")) for n in range(1, 10_001)
    )
    counts = engine.search(make_query("", facets=["village"])).facets["village"]
    assert len(counts) == 10_001
    assert counts[0] == ("总村", 10_000)


def test_what_a_word_is_held_by_is_told(filled):
    words = parse("低保 救助 火星").relaxed
    keys = [f"{number:032x}" for number in (1, 2)]
    holdings = filled.holding(words, keys)
    assert [holding.count for holding in holdings] == [2, 2, 0]
    assert [set(holding.keys) for holding in holdings] == [{keys[0]}, {keys[1]}, set()]
    assert filled.holding(words, [])[0].keys == frozenset()


ODD = [
    *("a" * 10_000, "低" * 10_000, "低保 " * 500, " OR ".join(["低保"] * 500)),
    *("|" * 200, "“" * 200, "-" * 200, "文号:" * 50, "标题:“" * 40, "--低保", "-|-|-"),
    *("^(低保)+.*$", "[低-保]{1,9}", r"\u4f4e\d+\\", "低保~2^8", "*", "低*", "?"),
    *("\x00\x01\x1f低保\x7f", "\u202e保低\u202c", "\u200b低\ufeff保", "\ud800低保"),
    *(
        "<script>alert(1)</script>",
        "'; DROP TABLE x; --",
        "{{7*7}}",
        "%00%0a",
        "低保\n",
    ),
    *(
        "的",
        "的 了 吗",
        "村",
        "a",
        "。",
        "文号:",
        "文号:。",
        "标题:“”",
        "低保 OR OR 救助",
    ),
    *(
        "(低保|救助)",
        "低保 AND NOT (救助",
        '"低保',
        "低保 | -救助",
        "：：：",
        "村:村:村",
    ),
]


@pytest.mark.elasticsearch
@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:20]))
def test_odd_questions_find_the_same_on_both(pair, text):
    agree(pair, text)


@pytest.fixture(scope="module")
def pair(tmp_path_factory, elastic_of_module):
    """Both engines with the same few documents, for many questions."""
    local = LocalEngine(str(tmp_path_factory.mktemp("index")))
    documents = [
        make_document(
            n, title=title, text=title[::-1], village="溪口村" if n % 2 else ""
        )
        for n, title in enumerate(
            ["低保对象公示", "救助的通知", "script alert", "2026年1月防汛", "a村"], 1
        )
    ]
    for engine in (local, elastic_of_module):
        put(engine, *documents)
    return local, elastic_of_module


def agree(pair, text):
    one, other = (
        engine.search(make_query(text, facets=["village", "year"])) for engine in pair
    )
    assert (one.total, one.relaxed, one.facets) == (
        *(other.total, other.relaxed),
        other.facets,
    )
    assert {hit.key for hit in one.hits} == {hit.key for hit in other.hits}


SIGNS = st.sampled_from(
    [
        *(
            "低保",
            "救助",
            "公示",
            "的",
            "村",
            "a",
            "2026",
            "云政〔2026〕11号",
            " OR ",
            "|",
        ),
        *(
            "“",
            "”",
            '"',
            "-",
            " ",
            "文号:",
            "标题:",
            "村：",
            "索引号:",
            "发布机构：",
            "?",
        ),
        *("(", ")", "*", "\\", "\u202e", "\x00", "。", "2026年1月", "2026-00047"),
    ]
)


@pytest.mark.elasticsearch
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.one_of(st.lists(SIGNS, max_size=12).map("".join), st.text(max_size=60)))
def test_whatever_is_typed_the_engines_agree(pair, text):
    agree(pair, text)


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.lists(SIGNS, max_size=30).map("".join), st.text(max_size=300)))
def test_taking_a_question_apart_never_fails(text):
    parsed = parse(text)
    for unit in (*parsed.units, *parsed.relaxed, *parsed.phrases, *parsed.excluded):
        assert all(all(token for _field, token in way) for way in unit.alternatives)
    assert all(name for name, _unit in parsed.named)
