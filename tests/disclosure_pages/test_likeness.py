import random
import time
from difflib import SequenceMatcher

import opencc
import pytest

from disclosure_pages.likeness.facts import (
    Comparison,
    facts_of,
    matters_differ,
    plain_figure,
    titles_differ,
)
from disclosure_pages.likeness.marks import (
    distance,
    hashes,
    letters_of,
    shingles,
    simhash,
)
from disclosure_pages.likeness.matching import Block, Matching, match
from disclosure_pages.likeness.passages import side_by_side
from disclosure_pages.likeness.verdict import REPRINT, SAME_TEXT, Text, likeness

TITLE = "关于做好2026年农村危房改造工作的通知"
TEXT = """各村民委员会，镇直各部门：
为做好2026年冬季农村危房改造工作，保障困难群众住房安全，现将有关事项通知如下。
一、补助对象。低保户、分散供养特困人员和低保边缘家庭，共128户。
二、补助标准。D级每户补助35000元，C级每户15000元。
三、时间安排。2026年11月30日前完成申报，12月20日前竣工验收。溪口村负责入户调查。"""
COVER = "现将市住建局的通知转发给你们，请认真贯彻执行，并于月底前报镇里。\n云溪镇\n"


def compared(draft, text=TEXT, title=TITLE, draft_title=TITLE, villages=()):
    return likeness(Text.of(draft_title, draft), Text.of(title, text), villages)


def kind_of(*texts, **values):
    found = compared(*texts, **values)
    return found and found.kind


def test_letters_know_where_they_stood():
    source = "（一）補助 ２０２６ 年；㎡ A"
    letters = letters_of(source)
    assert letters.text == "一补助2026年m2a"
    assert "".join(source[i] for i in letters.places) == "一補助２０２６年㎡㎡A"


@pytest.mark.parametrize(
    "draft",
    [
        TEXT,
        TEXT.replace("\n", "　"),
        opencc.OpenCC("s2t").convert(TEXT),
        TEXT.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        TEXT.replace("2026年", "二〇二六年"),
    ],
)
def test_another_layout_is_the_same_text(draft):
    assert compared(draft).kind == SAME_TEXT
    assert compared(draft).percent >= 90


def test_some_words_less_or_more_are_the_same_text():
    edited = TEXT.replace("保障", "确保").replace("困难群众", "困难家庭")
    assert kind_of(edited) == SAME_TEXT
    assert (
        kind_of(TEXT.replace("二、补助标准。", "二、\n另外请各村注意：")) == SAME_TEXT
    )
    without = "\n".join(line for line in TEXT.split("\n") if not line.startswith("二"))
    assert kind_of(without) == SAME_TEXT


def test_a_covering_notice_makes_a_reprint_whoever_signs_it_and_when():
    title = f"云溪镇人民政府关于转发《{TITLE}》的通知"
    found = compared(f"{COVER}2027年1月5日\n{TITLE}\n{TEXT}", draft_title=title)
    assert (found.kind, found.percent) == (REPRINT, 100)


@pytest.mark.parametrize(
    ("old", "new"),
    [("2026", "2025"), ("128", "96"), ("35000", "30000"), ("溪口村", "石桥村")],
)
def test_another_year_amount_or_village_is_another_thing(old, new):
    assert kind_of(TEXT.replace(old, new)) is None
    assert kind_of(f"{COVER}{TEXT.replace(old, new)}", draft_title="转发通知") is None


def test_the_village_may_have_a_name_that_no_rule_knows():
    one, other = (TEXT.replace("溪口村", name) for name in ("大坪", "小坪"))
    assert kind_of(one, other) == SAME_TEXT
    assert kind_of(one, other, villages=["大坪", "小坪"]) is None


def test_titles_of_another_season_village_or_matter_make_another_thing():
    assert titles_differ("2026年第三季度低保公示", "2026年第四季度低保公示")
    assert titles_differ("溪口村低保公示", "石桥村低保公示")
    assert not titles_differ("关于进一步做好工作的通知", "关于做好2026年工作的通知")
    titles = "道路硬化工程招标公告", "文化广场工程招标公告"
    assert matters_differ(titles, ("本次道路硬化工程", "本次文化广场工程"))
    assert not matters_differ(titles, ("本次道路硬化工程", "本次道路硬化工程"))


def test_short_texts_and_quotations_are_not_compared():
    assert kind_of("见附件。", "见附件。") is None
    long = "\n".join(f"第{n}条说的是另外一件和它没有关系的事。" * 3 for n in range(20))
    assert kind_of(long + TEXT.split("\n")[1]) is None
    assert kind_of(long + TEXT) is None


def test_figures_are_read_in_either_writing():
    written = ["二〇二六", "十二", "三", "二十", "一百零五", "007", "3"]
    assert [plain_figure(w) for w in written] == [
        "2026",
        "12",
        "3",
        "20",
        "105",
        "7",
        "3",
    ]
    values = [fact.value for fact in facts_of("溪口村各村行政村共3户")]
    assert values == ["溪口村", "3"]


@pytest.mark.parametrize("seed", range(20))
def test_passages_are_really_the_same_and_in_order(seed):
    chance = random.Random(seed)
    a = "".join(chance.choices("天地人日月山川一二三", k=400))
    b = a[:100] + "x" + a[150:300] + "".join(chance.choices("水火", k=30)) + a[:60]
    found = match(a, b)
    last = (0, 0)
    for block in found.blocks:
        assert (block.a, block.b) >= last
        last = block.ends
    used = set()
    for block in (*found.blocks, *found.moved):
        assert a[block.a : block.a + block.size] == b[block.b : block.b + block.size]
        places = set(range(block.a, block.a + block.size))
        assert not places & used
        used |= places
    best = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    assert found.size >= 0.9 * sum(block.size for block in best if block.size > 2)


def test_moved_paragraphs_are_found():
    lines = TEXT.split("\n")
    turned = "\n".join([lines[0], lines[3], lines[2], lines[1], lines[4]])
    a, b = letters_of(TEXT).text, letters_of(turned).text
    found = match(a, b)
    assert found.moved
    assert found.size >= 0.95 * len(a)


def test_the_time_does_not_grow_with_the_square():
    def seconds(size):
        chance = random.Random(1)
        a = "".join(chr(0x4E00 + chance.randrange(500)) for _n in range(size))
        b = "".join(c if chance.random() > 0.3 else "口" for c in a)
        began = time.process_time()
        match(a, b)
        return time.process_time() - began

    assert seconds(16_000) < 8 * seconds(4_000) + 0.5


def test_simhash_is_near_for_what_is_near():
    def of(text):
        return simhash(hashes(shingles(letters_of(text).text)))

    near = distance(of(TEXT), of(TEXT.replace("保障", "确保")))
    far = distance(of(TEXT), of("今天天气很好，大家都去山上种树，回来以后吃饭，" * 8))
    assert near < 12 < far
    assert distance(of(TEXT), of(TEXT)) == 0
    assert -(2**63) <= of(TEXT) < 2**63


def test_side_by_side_loses_no_letter_and_marks_what_is_the_same():
    draft = opencc.OpenCC("s2t").convert(TEXT).replace("冬季", "今年冬天这个季节")
    shown = side_by_side(draft, TEXT)
    for source, side in ((draft, shown.left), (TEXT, shown.right)):
        lines = ["".join(part.text for part in line) for line in side]
        assert lines == [line for line in source.split("\n") if line.strip()]
    other = [p.text for line in shown.left for p in line if not p.same]
    assert other == ["今年冬天这个季节"]
    assert [p.text for line in shown.right for p in line if not p.same] == ["冬季"]
    assert shown.right_percent > 97
    assert not shown.cut


def test_side_by_side_of_nothing():
    assert side_by_side("", TEXT).left == []
    assert {p.same for line in side_by_side("", TEXT).right for p in line} == {False}


@pytest.mark.parametrize(
    ("written", "plain"),
    [("7" * 5000, "7" * 5000), ("五" * 5000, "5" * 5000), ("00", "0"), ("٣", "3")],
)
def test_figures_of_any_length_are_figures(written, plain):
    assert plain_figure(written) == plain
    numbered = f"编号{written}。{TEXT}"
    assert kind_of(numbered, text=numbered) == SAME_TEXT


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("一" * 30_000, "一" * 29_999),
        ("1a" * 15_000, "1a" * 15_000),
        ("十" * 15_000 + "年" * 15_000, "十" * 15_000 + "月" * 15_000),
        ("1年" * 15_000, "2年" * 15_000),
        ("1a" * 15_000, "1a" * 7_000 + "2b" * 8_000),
        ("a1" * 7_500 + "溪口村" * 5_000, "a2" * 7_500 + "溪头村" * 5_000),
    ],
)
def test_no_text_is_slow_to_compare(a, b):
    started = time.monotonic()
    facts_of(a)
    compared(a, b)
    comparison = Comparison(a, b, Matching([Block(0, 0, len(b))], []), [])
    assert comparison.differ() in (True, False)
    assert time.monotonic() - started < 1.5
