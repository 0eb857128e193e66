import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.folding import fold
from disclosure_pages.document_numbers import (
    CLOSE,
    OPEN,
    DocumentNumber,
    find_all,
    normalise,
    parse,
)
from search.recognise import recognise

ORGANS = st.sampled_from(
    ["云政", "云政办", "云政办发", "乐政办发", "瑞政办", "浙民助", "国办函", "云党委"]
)
NUMBERS = st.builds(
    DocumentNumber, ORGANS, st.integers(1949, 2099), st.integers(1, 99999)
)
BRACKETS = st.sampled_from([*zip(OPEN, CLOSE, strict=True), ("（", "）"), ("［", "］")])
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@given(NUMBERS)
def test_the_strict_form_reads_back_as_itself(number):
    assert parse(str(number)) == number
    assert normalise(str(number)) == str(number)


@given(
    NUMBERS, BRACKETS, st.integers(0, 3), st.booleans(), st.booleans(), st.booleans()
)
def test_any_usual_way_of_typing_gives_the_strict_form(
    number, brackets, zeros, ordinal, wide, spaced
):
    serial = "0" * zeros + str(number.serial)
    text = (
        f"{number.organ}{brackets[0]}{number.year}{brackets[1]}"
        f"{'第' if ordinal else ''}{serial}号"
    )
    if wide:
        text = text.translate(FULL_WIDTH)
    if spaced:
        text = f" {text} ".replace("号", " 号 ").replace(
            brackets[0], f" {brackets[0]} "
        )
    assert normalise(text) == str(number)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser_and_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    number = parse(text)
    if number:
        assert number.serial > 0
        assert "第" not in str(number) or number.year is None


@given(NUMBERS, st.sampled_from(["根据", "按照《通知》（", "废止", "，"]))
def test_a_number_is_found_in_running_text(number, before):
    assert number in find_all(f"{before}{number}文件要求。")


@given(NUMBERS)
def test_search_reads_the_same_number(number):
    found = [f for f in recognise(fold(str(number)).text) if f.kind == "number"]
    assert [f.token for f in found] == [
        fold(f"#{number.organ}-{number.year}-{number.serial}").text
    ]


@pytest.mark.parametrize(
    ("typed", "strict"),
    [
        ("云政办（2026）第012号", "云政办〔2026〕12号"),
        ("文号：云政办[2026]3号", "云政办〔2026〕3号"),
        ("云政〔2026〕31", "云政〔2026〕31号"),
        ("云政2026年第31号", "云政〔2026〕31号"),
        ("云政﹝２０２６﹞３１号", "云政〔2026〕31号"),
        ("国令第 711 号", "国令第711号"),
        ("云溪镇人民政府令（第3号）", "云溪镇人民政府令第3号"),
    ],
)
def test_known_forms(typed, strict):
    assert normalise(typed) == strict


@pytest.mark.parametrize(
    "text",
    [
        *("", "号", "云政〔2026〕0号", "云政〔1026〕3号", "〔2026〕3号", "第3号"),
        *("云政〔2026〕123456号", "11330099MB1A2B3C4D/2026-00012", "2026年8月24日"),
    ],
)
def test_what_is_no_number_is_left_alone(text):
    assert parse(text) is None
    assert normalise(f" {text} ") == text


def test_several_numbers_come_in_order_and_once():
    text = (
        "根据云政办〔2026〕3号和国办发(2019)54号、云政办〔2026〕3号，执行国令第711号。"
    )
    assert [str(number) for number in find_all(text)] == [
        *("云政办〔2026〕3号", "国办发〔2019〕54号", "国令第711号")
    ]


def test_the_brackets_are_those_of_the_standard():
    text = normalise("云政(2026)3号")
    assert unicodedata.name(text[2]) == "LEFT TORTOISE SHELL BRACKET"
    assert unicodedata.name(text[7]) == "RIGHT TORTOISE SHELL BRACKET"
