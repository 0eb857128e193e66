"""One contract for every engine: what a target, a reader and reconcile rely on."""

import threading
from dataclasses import replace

import pytest

from search.engines import EngineError, Entry, Receipt
from search.query import make_query

from .conftest import make_document, make_tombstone


@pytest.fixture(
    params=["local", pytest.param("elastic", marks=pytest.mark.elasticsearch)]
)
def engine(request):
    return request.getfixturevalue(request.param)


def keys(engine, text="", **asked):
    return [hit.key for hit in engine.search(make_query(text, **asked)).hits]


def put(engine, *documents):
    answers = engine.put_many([(1, document) for document in documents])
    assert all(isinstance(answer, Receipt) for answer in answers)


# versions and tombstones


def test_an_empty_index_answers_and_asks_for_a_rebuild(engine):
    result = engine.search(make_query("低保", facets=["category"]))
    assert (result.total, result.hits) == (0, [])
    assert engine.needs_rebuild
    assert engine.healthy()
    assert engine.entries("", 10) == []


def test_a_receipt_echoes_key_version_and_hash(engine):
    document = make_document()
    assert engine.put_many([(3, document)]) == [
        Receipt(document.key, 3, document.sha256)
    ]


def test_a_lower_version_is_refused_and_changes_nothing(engine):
    engine.put_many([(5, make_document(title="新的标题"))])
    [answer] = engine.put_many([(4, make_document(title="旧的标题"))])
    assert isinstance(answer, EngineError)
    assert (answer.stale, answer.held_version) == (True, 5)
    assert keys(engine, "旧的") == []
    assert len(keys(engine, "新的")) == 1


def test_the_same_version_and_hash_again_is_fine(engine):
    document = make_document()
    first = engine.put_many([(2, document)])
    assert engine.put_many([(2, document)]) == first
    assert engine.search(make_query("")).total == 1


def test_the_same_version_with_other_content_is_a_conflict(engine):
    engine.put_many([(2, make_document(title="甲"))])
    [answer] = engine.put_many([(2, make_document(title="乙"))])
    assert (answer.stale, answer.held_version) == (True, 2)


def test_one_refused_document_does_not_hold_up_the_others(engine):
    engine.put_many([(9, make_document(2))])
    answers = engine.put_many([(1, make_document(n)) for n in (1, 2, 3)])
    assert [isinstance(answer, Receipt) for answer in answers] == [True, False, True]
    assert engine.search(make_query("")).total == 3


def test_a_batch_may_hold_one_key_twice(engine):
    answers = engine.put_many([(1, make_document(1)), (2, make_tombstone(1))])
    assert [answer.version for answer in answers] == [1, 2]
    assert engine.search(make_query("")).total == 0


def test_a_tombstone_is_not_found_but_remembered(engine):
    document = make_document(title="将要撤回的通知")
    engine.put_many([(1, document)])
    engine.put_many([(2, make_tombstone())])
    assert keys(engine, "撤回") == []
    result = engine.search(make_query("", facets=["category", "year"]))
    assert (result.total, result.facets) == (0, {"category": [], "year": []})
    assert engine.entries("", 10) == [Entry(document.key, 2, "gone-1", "withdrawn")]
    [answer] = engine.put_many([(1, document)])
    assert answer.stale


def test_a_withdrawn_document_can_come_back(engine):
    engine.put_many([(2, make_tombstone())])
    engine.put_many([(3, make_document(title="重新公开"))])
    assert len(keys(engine, "重新公开")) == 1


def test_entries_are_paged_in_order_of_their_keys(engine):
    documents = [make_document(number) for number in range(1, 8)]
    foreign = make_document(key="11330099MB1A2B3C4D." + "f" * 32)
    put(engine, *reversed(documents), foreign)
    seen, after = [], ""
    while page := engine.entries(after, 3):
        seen += [entry.key for entry in page]
        after = page[-1].key
    assert seen == sorted([*(document.key for document in documents), foreign.key])


# rebuilding


def test_a_rebuild_replaces_everything_but_keeps_tombstones(engine):
    put(engine, make_document(1), make_document(2))
    engine.put_many([(4, make_tombstone(3))])
    assert engine.rebuild([(1, make_document(2)), (1, make_document(5))]) == 2
    assert not engine.needs_rebuild
    assert [(e.key[-1], e.version, e.state) for e in engine.entries("", 10)] == [
        ("2", 1, "published"),
        ("3", 4, "withdrawn"),
        ("5", 1, "published"),
    ]
    [answer] = engine.put_many([(3, make_document(3))])
    assert answer.held_version == 4


def test_what_is_put_while_a_rebuild_runs_is_not_lost(engine):
    engine.rebuild([(1, make_document(1)), (1, make_document(2))])

    def documents():
        yield 1, make_document(1)
        engine.put_many([(2, make_tombstone(1)), (1, make_document(9))])
        assert {key[-1] for key in keys(engine)} == {"2", "9"}  # still answers
        yield 1, make_document(2)

    engine.rebuild(documents())
    assert {key[-1] for key in keys(engine)} == {"2", "9"}
    assert [entry.version for entry in engine.entries("", 10)] == [2, 1, 1]


def test_readers_never_see_a_half_built_index(engine):
    documents = [(1, make_document(number)) for number in range(1, 40)]
    engine.rebuild(documents)
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(engine.search(make_query("")).total)

    reader = threading.Thread(target=read)
    reader.start()
    for _round in range(3):
        engine.rebuild(documents)
    stop.set()
    reader.join()
    assert seen == {39}


# finding


@pytest.mark.parametrize(
    "text",
    ["低保", "最低生活保障", "动态管理", "理办", "云溪鎮最低生活保障", "２０２６ 低保"],
)
def test_words_inside_a_sentence_are_found(engine, text):
    put(
        engine,
        make_document(
            title="云溪镇最低生活保障动态管理办法",
            text="2026年起，低保对象家庭收入发生变化的，应当告知村民委员会。",
        ),
        make_document(2, title="道路施工公告"),
    )
    assert keys(engine, text) == [make_document().key]


@pytest.mark.parametrize(
    "spelling",
    [
        *("云政〔2026〕11号", "云政[2026]11号", "云政（2026）11号", "云政【2026】11号"),
        *("云政〔2026年〕第11号", "云政２０２６－11号", "雲政〔2026〕011號"),
        "请问云政〔2026〕11号",
    ],
)
def test_a_document_number_comes_first_in_every_spelling(engine, spelling):
    put(
        engine,
        make_document(1, text="根据云政〔2026〕11号，现予转发。云政〔2026〕11号。"),
        make_document(2, document_number="云政〔2026〕11号"),
        make_document(3, document_number="云政〔2026〕12号"),
    )
    assert keys(engine, spelling) == [make_document(2).key[:-1] + d for d in "21"]


@pytest.mark.parametrize(
    "typed",
    [
        "11330099MB1A2B3C4D/2026-00047",
        "11330099mb1a2b3c4d／2026-00047",
        "2026-00047",
    ],
)
def test_an_index_number_is_found_whole_and_by_its_end(engine, typed):
    put(
        engine,
        make_document(1, index_number="11330099MB1A2B3C4D/2026-00047"),
        make_document(2, index_number="11330099MB1A2B3C4D/2026-00048"),
    )
    assert keys(engine, typed) == [make_document(1).key]


def test_a_whole_title_comes_before_texts_that_repeat_its_words(engine):
    put(
        engine,
        make_document(1, title="公示", text="低保对象公示，" * 30),
        make_document(2, title="低保对象公示"),
    )
    assert keys(engine, "低保对象公示")[0] == make_document(2).key


def test_all_words_are_required_until_that_finds_too_little(engine):
    put(
        engine,
        *(make_document(n, title=f"低保救助第{n}批") for n in range(1, 5)),
        make_document(9, title="防汛物资救助"),
    )
    strict = engine.search(make_query("低保 救助"))
    assert (strict.total, strict.relaxed) == (4, False)
    loose = engine.search(make_query("低保 防汛"))
    assert (loose.total, loose.relaxed) == (5, True)


def test_a_long_question_needs_a_third_of_its_words(engine):
    put(engine, make_document(title="高龄老人津贴发放办法"))
    question = "村里高龄老人津贴现在每月发放标准到底按照哪个文件执行啊"
    assert keys(engine, question) == [make_document().key]
    assert keys(engine, "公路桥梁隧道养护工程招标投标专家评审抽取") == []


def test_quotes_keep_words_together_and_minus_leaves_out(engine):
    put(
        engine,
        make_document(1, title="救助对象公示"),
        make_document(2, title="公示救助对象"),
    )
    assert keys(engine, "“对象公示”") == [make_document(1).key]
    assert keys(engine, "救助 -象公") == [make_document(2).key]
    assert keys(engine, "救助 -“对象公示”") == [make_document(2).key]


def test_a_quoted_phrase_is_found_only_as_it_stands(engine):
    put(
        engine,
        make_document(1, text="对低保对象给予救助。"),
        make_document(2, text="低保对象，给予救助。"),
        make_document(3, text="给予对象低保，保对救助。"),
        make_document(4, title="低保对象", text="给予救助"),
    )
    assert keys(engine, "“低保对象给予”") == [make_document(1).key]
    assert len(keys(engine, "“低保对象”")) == 3
    assert len(keys(engine, "“低保对象” “给予救助” 救助")) == 3
    assert len(keys(engine, "“低保对象”由谁救助？")) == 4  # only emphasis


def test_words_of_attached_files_are_found_as_those_of_the_text(engine):
    put(
        engine,
        make_document(1, title="甲", file_text="峡门村低保对象名单，共三户。"),
        make_document(2, title="乙", text="峡门村的低保。"),
        make_document(3, title="丙", text="峡门村", file_text="低保\n云政〔2026〕11号"),
    )
    assert keys(engine, "名单") == [make_document(1).key]
    assert keys(engine, "“低保对象名单”") == [make_document(1).key]
    assert keys(engine, "峡门村 低保")[0] == make_document(2).key
    assert len(keys(engine, "峡门村 低保")) == 3  # half in the text, half in a file
    assert keys(engine, "云政[2026]11号") == [make_document(3).key]
    # The third scores higher: its text is shorter.
    assert keys(engine, "峡门村 -名单") == [make_document(3).key, make_document(2).key]
    engine.put_many([(2, make_document(1, title="甲"))])  # the file was taken off
    assert keys(engine, "名单") == []


def test_punctuation_alone_finds_nothing_and_nothing_finds_all(engine):
    put(engine, make_document())
    assert engine.search(make_query("？！")).total == 0
    assert engine.search(make_query("  ")).total == 1


def test_of_equal_scores_the_newest_come_first_on_every_page(engine):
    same = [
        make_document(n, title="相同的标题", date_published=f"2026-01-{31 - n:02}")
        for n in range(1, 31)
    ]
    put(engine, *reversed(same[:15]))
    put(engine, *reversed(same[15:]))
    found = [
        key
        for page in (1, 2, 3)
        for key in keys(engine, "相同", page=page, page_size=10)
    ]
    assert found == [document.key for document in same]


def test_by_date_the_newest_come_first_and_dateless_last(engine):
    days = {1: "2024-01-31", 2: "2026-02-01", 3: "", 4: "2026-02-01", 5: "2025-12-31"}
    put(engine, *(make_document(n, date_published=day) for n, day in days.items()))
    found = keys(engine, "通知", sort="date")
    assert [int(key, 16) for key in found] == [2, 4, 5, 1, 3]
    assert keys(engine, "") == found


@pytest.mark.parametrize("sort", ["date", "relevance"])
def test_a_search_among_keys_looks_at_nothing_else(engine, sort):
    put(engine, *(make_document(n, title=f"低保{n}") for n in range(1, 6)))
    put(engine, make_document(6, title="道路"), make_tombstone(7))
    asked = tuple(f"{n:032x}" for n in (2, 4, 6, 7, 99))
    query = replace(make_query("低保", sort=sort, facets=["category"]), keys=asked)
    result = engine.search(query)
    assert sorted(hit.key for hit in result.hits) == [asked[0], asked[1]]
    assert result.total == 2
    assert result.facets["category"] == [("work", 2)]
    many = replace(query, keys=tuple(f"{n:032x}" for n in range(4, 1004)))
    assert {hit.key for hit in engine.search(many).hits} == {
        f"{n:032x}" for n in (4, 5)
    }


def test_facets_count_after_the_other_filters_with_every_value(engine):
    documents = [
        make_document(
            n,
            category="work" if n % 2 else "finance",
            office=f"office-{n}",
            date_published=f"{2020 + n % 3}-01-01",
        )
        for n in range(1, 31)
    ]
    put(engine, *documents)
    query = make_query(
        "通知",
        filters={"category": ["work"], "year": ["2020", "2021"]},
        facets=["category", "office", "year"],
    )
    result = engine.search(query)
    assert result.total == 10
    assert result.facets["category"] == [("finance", 10), ("work", 10)]
    assert result.facets["year"] == [("2020", 5), ("2021", 5), ("2022", 5)]
    assert len(result.facets["office"]) == 10
    assert len(engine.search(make_query("", facets=["office"])).facets["office"]) == 30


def test_a_hit_carries_what_a_page_shows(engine):
    document = make_document(
        title="标题", url="https://example.test/a/", publisher="云溪镇人民政府"
    )
    put(engine, document)
    assert engine.search(make_query("标题")).hits[0].document == document


@pytest.mark.parametrize(
    "text",
    ["\x00", "a" * 3000, "AND OR NOT (", '"', "-", "((((", "𠮷野家", "🙂", "\ud800"],
)
def test_no_question_is_an_error(engine, text):
    put(engine, make_document())
    assert engine.search(make_query(text)).total in (0, 1)
