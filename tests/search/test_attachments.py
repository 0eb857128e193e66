"""Words inside attached files are found, and a hit says in which file and where."""

import pytest

from disclosure_pages.choices import TextState
from disclosure_pages.models import FileText, ItemAttachment
from disclosure_pages.public_state import public_keys, public_states
from disclosure_pages.services.withdrawal import withdraw
from search import attachments, engines, explain, services
from search.builder import build_document, build_documents
from search.documents import SearchDocument
from search.engines.base import build
from tasks.drain import drain
from tasks.jobs.extract import extract
from tasks.models import OutboxEntry
from tests.factories import make_document as make_file
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db
PAGES = ["封面", "目录", "低保对象名单：峡门村张某某等三户。", "附则"]


@pytest.fixture(autouse=True)
def index(home_index):
    make_site()
    return home_index


def read_file(name="名单.pdf", pages=PAGES, content=b"%PDF-"):
    """A stored file whose text was taken out."""
    file = make_file(name, content)
    FileText.objects.filter(sha256=file.sha256).update(
        state=TextState.OK, pages=list(pages)
    )
    return file


def index_all():
    states = list(public_states(public_keys()).values())
    build(engines.get("local"), ((1, d) for d in build_documents(states)))


def find(text):
    return services.find(services.Asked(text)).hits


def test_a_hit_in_a_file_names_the_file_and_its_page():
    item = make_item("关于公示的通知", documents=[read_file()])
    index_all()
    (hit,) = find("峡门村 张某某")
    assert hit.document.key == item.key
    assert hit.file.where == "附件《名单.pdf》第 3 页"
    assert hit.file.address.endswith("#page=3")
    assert "<mark>峡门村</mark><mark>" in hit.snippet or "<mark>峡门村张" in hit.snippet


def test_the_page_and_the_api_say_where_it_stands(client):
    item = make_item("关于公示的通知", documents=[read_file()])
    index_all()
    text = client.get("/search/", {"q": "峡门村"}).content.decode()
    file = item.attachments.get().document
    assert f'href="{file.url}#page=3">附件《名单.pdf》第 3 页</a>' in text
    (result,) = client.get("/api/v1/search", {"q": "峡门村"}).json()["results"]
    assert result["file"] == {"name": "名单.pdf", "page": 3}
    assert "<mark>峡门村</mark>" in result["snippet"]


@pytest.mark.parametrize(
    ("name", "pages", "where"),
    [
        ("表.xlsx", ["一", "峡门村"], "附件《表.xlsx》第 2 张表"),
        ("片.pptx", ["一", "峡门村"], "附件《片.pptx》第 2 张幻灯片"),
        ("文.docx", ["峡门村"], "附件《文.docx》"),
        ("包.zip", ["一.txt", "峡门村"], "附件《包.zip》"),
    ],
)
def test_the_place_is_told_as_the_format_has_it(name, pages, where):
    make_item("通知", documents=[read_file(name, pages, name.encode())])
    index_all()
    (hit,) = find("峡门村")
    assert hit.file.where == where
    assert "#" not in hit.file.address


def test_quotes_reach_into_files_and_minus_leaves_out_by_them():
    make_item("通知", documents=[read_file()])
    make_item("通知二", text="没有附件的通知。")
    index_all()
    assert len(find("“峡门村张某某等四户”")) == 0
    assert len(find("“峡门村张某某等三户”")) == 1
    assert [hit.document.title for hit in find("通知 -张某某")] == ["通知二"]


def test_the_desk_says_that_a_word_stands_in_an_attachment():
    make_item("低保通知", documents=[read_file()])
    make_item("峡门村通知")
    index_all()
    for text in ("峡门村 低保", "峡门村低保有多少？"):
        told = {r.document.title: r for r in explain.explain(text).reasons}
        with_file, without = told["低保通知"], told["峡门村通知"]
        assert dict(with_file.matched)["峡门村"] == "附件"
        assert dict(with_file.matched)["低保"] == "标题"
        assert (with_file.missing, without.missing) == ((), ("低保",))


def test_what_the_text_says_itself_is_shown_rather_than_a_file():
    make_item("通知", text="峡门村公示。", documents=[read_file()])
    index_all()
    (hit,) = find("峡门村")
    assert hit.file is None
    assert "<mark>峡门村</mark>公示" in hit.snippet


def test_titles_and_texts_rank_above_a_long_file_that_repeats_the_word():
    long = read_file("长.pdf", ["低保救助" * 5_000], b"%PDF-long")
    make_item("其他事项", documents=[long])
    make_item("关于低保救助的通知")
    make_item("某项通知", text="现就低保救助有关事项通知如下。" + "别的话。" * 50)
    index_all()
    assert [hit.document.title for hit in find("低保救助")] == [
        *("关于低保救助的通知", "某项通知", "其他事项"),
    ]


def test_a_file_read_later_is_found_without_hands():
    make_item("通知", documents=[make_file("说明.txt", "峡门村低保".encode())])
    drain()
    assert find("峡门村") == []
    assert extract() == 1
    drain()
    (hit,) = find("峡门村")
    assert hit.file.where == "附件《说明.txt》"


def test_reading_a_file_sends_nothing_to_a_portal(settings):
    settings.GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}
    make_item("通知", documents=[make_file("说明.txt", "峡门村低保".encode())])
    before = OutboxEntry.objects.get(target="portal:city").wanted
    local = OutboxEntry.objects.get(target="index:local").wanted
    extract()
    assert OutboxEntry.objects.get(target="portal:city").wanted == before
    assert OutboxEntry.objects.get(target="index:local").wanted == local + 1


def test_a_draft_tells_nothing_of_its_file():
    make_item("草稿", live=False, documents=[make_file("说明.txt", b"secret word")])
    extract()
    assert not OutboxEntry.objects.exists()
    drain()
    assert find("secret") == []


def test_a_file_that_a_draft_shares_is_found_only_by_what_is_public():
    file = read_file()
    public = make_item("公开的", documents=[file])
    draft = make_item("草稿", live=False, documents=[file])
    drain()
    assert [hit.document.key for hit in find("峡门村")] == [public.key]
    withdraw(public, reason="测试")
    drain()
    assert find("峡门村") == []
    assert draft.attachments.count() == 1


def test_a_file_taken_off_a_page_is_found_no_more():
    item = make_item("通知", documents=[read_file()])
    drain()
    assert find("峡门村")
    ItemAttachment.objects.filter(page=item).delete()
    # The index does not know yet: the hit may come, its text must not.
    (hit,) = find("峡门村")
    assert hit.file is None
    assert "峡门村" not in hit.snippet
    OutboxEntry.record([item.key], "publish")
    drain()
    assert find("峡门村") == []


def test_of_long_files_only_so_much_is_found(monkeypatch):
    monkeypatch.setattr(attachments, "MAX_FILE", 10)
    monkeypatch.setattr(attachments, "MAX_DOCUMENT", 15)
    files = [
        read_file(f"{n}.pdf", [f"字{n}" * 3 + "空" * 4 + "后面"], f"{n}".encode())
        for n in (1, 2)
    ]
    item = make_item("通知", documents=files)
    (state,) = public_states([item.key]).values()
    (document,) = build_documents([state])
    assert document.file_text == "字1字1字1空空空空\n字2字2"
    assert document.files.split() == [file.sha256 for file in files]


def test_the_index_keeps_tokens_of_files_but_not_their_text():
    make_item("通知", documents=[read_file()])
    index_all()
    (hit,) = find("峡门村")
    assert hit.document.files
    assert hit.document.file_text == ""
    assert "file_text" not in hit.document.stored()
    assert SearchDocument.from_stored(hit.document.stored()) == hit.document


def test_unread_and_broken_files_are_found_by_name_only():
    file = make_file("张某某名单.pdf", b"%PDF-")
    FileText.objects.update(state=TextState.FAILED, pages=["峡门村"])
    item = make_item("通知", documents=[file])
    index_all()
    assert [hit.document.key for hit in find("张某某名单")] == [item.key]
    assert find("峡门村") == []


def test_queries_do_not_grow_with_the_files(client, django_assert_max_num_queries):
    def fill(numbers):
        for number in numbers:
            files = [
                read_file(f"{number}-{n}.pdf", PAGES, f"{number}-{n}".encode())
                for n in (1, 2)
            ]
            make_item(f"通知{number}", documents=files)
        index_all()

    fill(range(3))
    client.get("/search/", {"q": "峡门村"})
    with django_assert_max_num_queries(12) as few:
        client.get("/search/", {"q": "峡门村"})
    fill(range(3, 12))
    with django_assert_max_num_queries(12) as many:
        page = client.get("/search/", {"q": "峡门村"})
    assert page.content.decode().count("第 3 页") == 12
    assert len(few) == len(many)


def test_reading_stops_where_a_page_of_hits_would_wait_too_long(monkeypatch):
    monkeypatch.setattr(attachments, "MAX_READ", 10)
    for number in range(3):
        make_item(f"通知{number}", documents=[read_file(f"{number}.pdf", PAGES, b"x")])
        make_item(
            f"{number}", documents=[read_file("甲.pdf", PAGES, f"{number}".encode())]
        )
    index_all()
    hits = find("峡门村")
    assert len(hits) == 6
    assert 0 < sum(hit.file is not None for hit in hits) < 6


def test_texts_of_many_files_are_read_few_at_a_time(django_assert_num_queries):
    items = [
        make_item(documents=[read_file(f"{n}.pdf", PAGES, f"{n}".encode())])
        for n in range(25)
    ]
    states = list(public_states([item.key for item in items]).values())
    with django_assert_num_queries(2):
        documents = list(build_documents(states))
    assert all(document.file_text for document in documents)
    assert not build_document(states[0]).file_text
