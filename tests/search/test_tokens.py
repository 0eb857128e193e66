"""The token pipeline: one spelling for one thing, positions that point back."""

import threading
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.folding import fold, fold_text
from search import segmenter, tokens
from search.query import make_query, parse
from search.recognise import recognise

MIXED = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "云政〔〕［］（）【】２０２６年第号㈠⑩ﬁ資訊ＡＢＣ，。İß㎡\u0301\x00"
        ),
    ),
    max_size=60,
)


def number(text):
    return [f.token for f in recognise(fold_text(text)) if f.kind == "number"]


@pytest.mark.parametrize(
    "spelling",
    [
        *("云政〔2026〕11号", "云政[2026]11号", "云政［2026］11号", "云政(2026)11号"),
        *(
            "云政（2026）11号",
            "云政【2026】11号",
            "云政﹝2026﹞11号",
            "云政〔2026年〕11号",
        ),
        *("云政〔2026〕第11号", "云政〔２０２６〕１１号", "雲政〔2026〕011號"),
        *("云政 〔 2026 〕 11 号", "云政2026年11号", "云政2026-11号", "云政〔2026〕11"),
        *("根据云政〔2026〕11号文件", "关于印发云政〔2026〕11号的通知"),
    ],
)
def test_every_spelling_of_a_document_number_is_one_token(spelling):
    assert number(spelling) == ["#云政-2026-11"]


@pytest.mark.parametrize(
    "text", ["2026年11月", "共2026年11件", "电话2026-1112345", "预算2026年110万元"]
)
def test_other_figures_are_no_document_numbers(text):
    assert number(text) == []


def test_an_order_has_no_year():
    assert number("国务院令第711号") == ["#国务院令-711"]


def test_a_number_can_be_found_in_running_text_and_by_its_parts():
    found = tokens.analyse("现将镇里的云政〔2026〕11号文件转发")
    assert {"#云政-2026-11", "2026", "11", "11号"} <= set(found.words)
    assert "云政" in found.bigrams


def test_an_index_number_is_one_token_and_its_endings():
    found = set(tokens.analyse("11330099MB1A2B3C4D／2026-00047").words)
    assert {"#11330099mb1a2b3c4d-2026-00047", "#2026-00047", "00047"} <= found


@pytest.mark.parametrize(
    "day",
    ["2026年5月1日", "2026-05-01", "2026.5.1", "2026/5/1", "２０２６年５月１日",
     "二〇二六年五月一日", "2026 年 5 月 1 日"],
)  # fmt: skip
def test_every_spelling_of_a_date_is_one_token_with_its_month(day):
    assert {"2026", "@2026-05", "@2026-05-01"} <= set(tokens.analyse(day).words)


@pytest.mark.parametrize(
    "day", ["2026年13月1日", "2026-99-99", "1.2.3", "2026年5月99日"]
)
def test_what_is_no_date_is_none(day):
    assert not [word for word in tokens.analyse(day).words if word.startswith("@")]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("政府資訊公開條例", "政府信息公开条例"),
        ("雲溪鎮網路", "云溪镇网络"),
        ("ＡＢＣ１２３", "abc123"),
        ("㈠⑩", "(一)10"),
        ("政府信息公开", "政府信息公开"),
    ],
)
def test_width_case_and_script_are_folded(written, folded):
    assert fold_text(written) == folded


def test_positions_point_back_when_lengths_change():
    source = "㈠⑩ﬁ低保"
    folded = fold(source)
    start = folded.text.index("低保")
    assert folded.source_span(start, start + 2) == (3, 5)
    assert folded.source_span(0, 3) == (0, 1)


@given(MIXED)
def test_every_folded_character_comes_from_its_place_in_the_source(source):
    folded = fold(source)
    spans = [folded.source_span(i, i + 1) for i in range(len(folded.text))]
    assert all(end == start + 1 for start, end in spans)
    assert [start for start, _end in spans] == sorted(start for start, _end in spans)
    assert {start for start, _end in spans} == set(range(len(source)))


@given(MIXED)
def test_folding_twice_changes_nothing_for_plain_text(source):
    once = fold_text(source)
    if unicodedata.is_normalized("NFKC", once) and once == once.lower():
        assert fold_text(once) == once


@given(MIXED)
def test_tokens_have_no_blanks_and_are_short(source):
    found = tokens.analyse(source)
    for token in (*found.words, *found.bigrams, *found.unigrams):
        assert token
        assert token.split() == [token]
        assert len(token) <= tokens.MAX_TOKEN


@given(
    st.text(st.sampled_from("云溪镇最低生活保障对象公示办法"), min_size=2, max_size=20)
)
def test_any_two_neighbouring_characters_can_be_found(text):
    bigrams = set(tokens.analyse(text).bigrams)
    for place in range(len(text) - 1):
        [unit] = parse(f"“{text[place : place + 2]}”").phrases
        assert all(token in bigrams for _field, token in unit.alternatives[0])


def test_long_texts_take_time_in_proportion_only():
    # A run without any punctuation, figures and codes: nothing quadratic.
    text = "最低生活保障2026-" * 20_000
    assert len(tokens.analyse(text).unigrams) == 120_000


def test_names_of_this_place_stay_whole():
    tokens.add_user_words(["竹里村", "x", "Ab"])
    assert "竹里村" in [word.text for word in tokens.cut_words("石桥头竹里村低保")]


def test_names_are_learned_while_others_cut():
    text = "云溪镇人民政府关于印发农村低保工作实施方案的通知" * 200
    begun, done = threading.Barrier(3), threading.Event()
    failed = []

    def cut():
        begun.wait()
        while not done.is_set():
            try:
                segmenter.cut(text)
            except RuntimeError as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=cut) for _each in range(2)]
    for thread in threads:
        thread.start()
    try:
        begun.wait()
        for number in range(50):
            time.sleep(0.001)  # lets them begin
            segmenter.add_word(f"云溪{chr(0x4E00 + number)}垸村", 1)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failed == []


# questions


def surfaces(text):
    return set(parse(text).surfaces)


def test_question_words_are_not_required():
    assert surfaces("请问低保怎么申请的") == {"低保", "申请"}
    assert surfaces("怎么") == {"怎么"}


def test_up_to_six_words_are_all_required_more_by_a_third():
    assert make_query("低保 救助 公示 名单 标准 发放").minimum == 6
    long = make_query("低保 救助 公示 名单 标准 发放 资金")
    assert (len(long.units), long.minimum, long.relaxed) == (7, 3, ())


def test_a_question_word_makes_a_sentence():
    sentence = make_query("低保怎么申请")
    assert (len(sentence.units), sentence.minimum) == (2, 1)
    assert sentence.scored["title"] == ()
    assert make_query("低保 申请 名单 公示").minimum == 4


@given(MIXED)
def test_every_question_can_be_parsed(text):
    query = make_query(text)
    assert 0 <= query.minimum <= len(query.units)


def test_a_question_is_cut_at_two_hundred_characters():
    assert len(parse("低" * 5_000).text) == 200
