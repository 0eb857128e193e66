"""From public state to document."""

import pytest

from disclosure_pages.public_state import PublicState
from search import dictionary
from search.builder import build_document, plain_text
from search.documents import SearchDocument

METADATA = {
    "type": "item",
    "title": "低保公示",
    "summary": "一句话。",
    "keywords": ["低保", "公示"],
    "category": "work",
    "date_published": "2026-05-01",
    "village": None,
}


@pytest.fixture(autouse=True)
def _no_names(monkeypatch):
    monkeypatch.setattr(dictionary, "load", lambda: None)


def test_text_is_summary_body_and_names_of_files():
    state = PublicState(
        "k",
        "published",
        METADATA,
        "<p>正文&amp;。</p>",
        [{"name": "名册.pdf"}],
        "",
        "h",
    )
    document = build_document(state)
    assert document.text == "一句话。\n正文&。\n名册.pdf"
    assert document.keywords == "低保；公示"
    assert (document.key, document.sha256, document.year) == ("k", "h", "2026")
    assert document.village == ""
    assert SearchDocument.from_stored(document.stored()) == document


def test_what_is_not_public_becomes_a_tombstone():
    state = PublicState("k", "withdrawn", METADATA, "<p>正文</p>", [], "撤回", "h")
    assert build_document(state) == SearchDocument("k", "withdrawn", "h")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>一</p><p>二</p>", "一\n二"),
        ("<table><tr><td>村</td><td>户</td></tr></table>", "村\n户"),
        ("低<b>保</b>金", "低保金"),
        ("甲<br/>乙", "甲\n乙"),
        ("1 &lt; 2 &amp;lt;", "1 < 2 &lt;"),
        ("", ""),
    ],
)
def test_markup_goes_blocks_stay_apart(markup, text):
    assert plain_text(markup) == text


def test_what_others_send_may_be_anything():
    strange = METADATA | {
        "date_published": "tomorrow",
        "keywords": [1, None],
        "summary": 5,
        "office": ["x"],
        "title": "长" * 5_000,
    }
    document = build_document(
        PublicState("o.k", "published", strange, "", [{}], "", "")
    )
    assert (document.date_published, document.year) == ("", "")
    assert (document.text, document.keywords) == ("5", "1；None")
    assert len(document.title) == 2_000


def test_the_titles_of_other_items_are_no_text_of_a_dossier():
    others = '<ul class="others">\n<li><a>别的标题</a></li></ul>'
    html = f"<p>前言</p><h2>文件</h2>{others}<p>后记</p>"
    state = PublicState("k", "published", METADATA, html, [], "", "h")
    assert build_document(state).text == "一句话。\n前言\n文件\n后记"
