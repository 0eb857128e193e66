"""Marks: what was looked for is marked, everything else is plain text."""

import html
import re

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from search import highlight
from search.query import parse


def marks(text, question):
    return re.findall("<mark>(.*?)</mark>", highlight.title(text, parse(question)))


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("云溪镇最低生活保障办法", "最低生活保障", ["最低生活保障"]),
        ("低保对象与低保金", "低保", ["低保", "低保"]),
        ("低保金发放", "低保 发放", ["低保", "发放"]),
        ("政府資訊公開條例", "信息公开", ["資訊公開"]),
        ("政府信息公开", "資訊公開", ["信息公开"]),
        ("根据云政［２０２６］１１号", "云政〔2026〕11号", ["云政［２０２６］１１号"]),
        ("自2026年5月1日起", "2026-05-01", ["2026年5月1日"]),
        ("WiFi 与 wifi6", "wifi", ["WiFi"]),
        ("㈠⑩低保", "低保", ["低保"]),
        ("道路施工", "低保", []),
    ],
)
def test_what_was_looked_for_is_marked(text, question, marked):
    assert marks(text, question) == marked


@pytest.mark.parametrize(
    "attack",
    [
        "<script>低保</script>",
        "低保<img src=x onerror=alert(1)>",
        "&lt;低保&gt;",
        "'\"低保",
    ],
)
def test_stored_markup_never_becomes_markup(attack):
    for show in (highlight.title, highlight.snippet):
        for question in ("低保", "script 低保", "img lt mark", attack):
            shown = show(attack, parse(question))
            assert isinstance(shown, SafeString)
            plain = re.sub("</?mark>", "", shown)
            assert "<" not in plain
            assert ">" not in plain
            assert html.unescape(plain) == attack


def test_text_that_claims_to_be_safe_is_escaped_too():
    assert "<b>" not in highlight.title(SafeString("<b>低保</b>"), parse("低保"))


@given(st.text(max_size=300), st.text(max_size=20))
def test_marked_text_reads_as_the_source(text, question):
    shown = highlight.title(text, parse(question))
    plain = html.unescape(re.sub("</?mark>", "", shown))
    assert plain == text.replace("\n", " ")


def test_the_snippet_is_the_best_stretch_of_a_long_text():
    text = (
        "无关的话。" * 200 + "低保对象每季度公示一次，公示期七天。" + "别的话。" * 200
    )
    shown = highlight.snippet(text, parse("低保 公示"))
    plain = re.sub("</?mark>", "", shown)
    assert "<mark>低保</mark>对象每季度<mark>公示</mark>" in shown
    assert len(plain) <= highlight.WINDOW + 2
    assert plain.startswith("…")
    assert plain.endswith("…")


def test_without_a_match_the_snippet_is_the_beginning():
    assert highlight.snippet("开头。" + "话" * 500, parse("低保")).startswith("开头。")
    assert highlight.snippet("短文", parse("低保")) == "短文"
