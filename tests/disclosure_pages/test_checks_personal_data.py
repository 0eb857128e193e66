"""The detector on numbers that were written by hand, not by its generator."""

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from disclosure_pages.checks.personal_data import find

CARD = "6228480402564890018"  # a well-known example, Luhn holds


def kinds(text):
    return [(hit.kind, hit.level) for hit in find(text)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "360426199101010071",
            "身份证：360426 19910101 0071。",
            "360426-19910101-0071",
        ),
        *(
            "３６０４２６１９９１０１０１００７１",
            "3 6 0 4 2 6 1 9 9 1 0 1 0 1 0 0 7 1",
        ),
        *(
            "36042619910\n1010071",
            "周某360426199101010071，女",
            "编号：360426199101010071",
        ),
        "1\t周某\t360426199101010071\t13\t1200",
        "身份证号码 11010519491231002x",
        "身份证号110105491231002",
    ],
)
def test_identity_cards(text):
    assert kinds(text) == [("id_card", "block")]


@pytest.mark.parametrize(
    ("now", "found"),
    [("2026-11-26T15:59:59Z", []), ("2026-11-26T16:00:01Z", ["id_card"])],
)
def test_nobody_is_born_later_than_today_in_beijing(now, found):
    with time_machine.travel(now):
        assert [kind for kind, _level in kinds("110105202611270025")] == found


@pytest.mark.parametrize(
    "text",
    [
        *("周某13857712345", "周某：138 5771 2345", "周某 138-5771-2345"),
        *("+8613857712345", "+86 138-5771-2345", "周某/13857712345"),
        "周某\t13857712345\t溪口村\t3",
    ],
)
def test_mobiles(text):
    assert kinds(text) == [("mobile", "block")]


def test_two_numbers_apart_by_a_slash_are_both_found():
    text = "周某 13857712345/13957712346，360426199101010071/13857712345"
    assert [kind for kind, _level in kinds(text)] == [
        *("mobile", "mobile", "id_card", "mobile")
    ]


@pytest.mark.parametrize("word", ["咨询电话：", "监督热线", "联系人：周某，"])
def test_a_contact_mobile_warns(word):
    assert kinds(f"{word}13857712345") == [("mobile", "warn")]


@pytest.mark.parametrize(
    "text",
    [CARD, f"农行卡号：{CARD}", "6228 4804 0256 4890 018", "账号62284804025648\n90018"],
)
def test_bank_cards(text):
    assert kinds(text) == [("bank_card", "block")]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "3604**********0071",
            "360426********0071",
            "138****2345",
            "6228 **** **** 0018",
        ),
        *("36042619910101****", "360426××××××××0071", "360426XXXXXXXX0071"),
        *("11330099MB1A2B3C4D/2026-00012", "索引号：000014349/2017-00110"),
        *(
            "统一社会信用代码：113303820025543211",
            "云政办〔2026〕12号",
            "0577-61234567",
        ),
        *(
            "（0577）61234567",
            "总额13857712345元",
            "合计\t\t13857712345",
            "13857712345.50",
        ),
        *("2601-330382-04-01-123456", "20260824153012", "360426199101010072"),
        *("360426199113010071", "12345 12388 95598", "120.138577123"),
        "2025年收入 5637 5600 1902 1920 3606 3680 万元",
        "https://example.cn/art/13857712345.html?id=13857712345",
        "113304261991010100/2023-99090",
        "2019 2020 2021 2022 2023 2024 2025",
        "",
    ],
)
def test_look_alikes(text):
    assert kinds(text) == []


def test_places_are_those_of_the_text_and_the_excerpt_is_masked():
    text = "低保户周某，身份证３６０４２６１９９１０１０１００７１，住溪口村。"
    (hit,) = find(text)
    assert text[hit.start : hit.end] == "３６０４２６１９９１０１０１００７１"
    assert "3604**********0071" in hit.masked_excerpt
    assert "19910101" not in hit.masked_excerpt


@given(st.text(alphabet="0123456789Xx -\n\t*.年元号身份证电话", max_size=200))
def test_hits_lie_in_the_text_and_never_overlap(text):
    hits = find(text)
    ends = [0, *(hit.end for hit in hits)]
    assert all(end <= hit.start < hit.end for end, hit in zip(ends, hits, strict=False))
    assert not ends or ends[-1] <= len(text)
