"""Texts that are there already: found at the desk, told apart, shown side by side."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.http import QueryDict
from wagtail.models import Revision, WorkflowState
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from bench.duplicates import measure
from cms.models import Village
from disclosure_pages.desk.wizard_hooks import typed_text
from disclosure_pages.duplicates import (
    TITLE as SAME_TITLE,
)
from disclosure_pages.duplicates import (
    duplicates_of,
    find_duplicates,
    open_duplicates,
)
from disclosure_pages.likeness.verdict import REPRINT, SAME_TEXT
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalItem,
    TextMark,
    TextPrint,
)
from disclosure_pages.services import text_prints
from disclosure_pages.services.references import record_superior_item
from disclosure_pages.services.text_prints import keep_prints
from tasks.jobs.prints import print_texts
from tests.disclosure_pages.test_likeness import COVER, TEXT, TITLE
from tests.factories import (
    OfficeFactory,
    body_of,
    make_item,
    make_people,
    make_site,
    make_user,
)

pytestmark = pytest.mark.django_db
HTML = "".join(f"<p>{line}</p>" for line in TEXT.split("\n"))
OTHER = "农房改造的一件事"  # a title like no other


def superior(html=HTML, title=TITLE, number=1):
    item = record_superior_item(
        url=f"https://www.ningmin.example.cn/art/{number}.html",
        title=title,
        publisher="宁澜市住建局",
    )
    ExternalItem.objects.filter(pk=item.pk).update(payload={"html": html})
    keep_prints()
    return item


def by_text(text=TEXT, title=OTHER, **values):
    found = find_duplicates(title=title, text=text, **values)
    return [(m.page_id or m.external_id, m.reasons) for m in found if m.same_text]


def test_the_same_text_is_found_under_another_title():
    item = superior()
    assert by_text() == [(item.pk, (SAME_TEXT,))]
    (match,) = find_duplicates(title=OTHER, text=TEXT)
    assert match.certain
    assert match.why == "正文很像（100% 相同）"
    assert (match.title, match.publisher) == (TITLE, "宁澜市住建局")
    assert by_text(TEXT.replace("2026", "2025")) == []
    assert by_text(exclude_external_id=item.pk) == []


def test_one_thing_is_named_once_with_all_its_reasons():
    item = superior()
    (match,) = find_duplicates(title=TITLE, text=TEXT)
    assert match.external_id == item.pk
    assert match.reasons == (SAME_TITLE, SAME_TEXT)
    assert match.why == "标题相同，正文很像（100% 相同）"


def test_a_reprint_is_told_as_one():
    item = superior()
    title = f"云溪镇人民政府关于转发《{TITLE}》的通知"
    (match,) = find_duplicates(title=title, text=f"{COVER}{TITLE}\n{TEXT}")
    assert (match.external_id, match.reasons) == (item.pk, (REPRINT,))
    assert match.is_reprint
    assert match.why == "全文转发了它（100%）"


def test_public_texts_and_own_drafts_are_found_but_nobody_elses():
    make_site()
    OfficeFactory(code="finance", name="财政所")
    make_site()
    people = make_people()
    stranger = make_user("other", "编辑·财政所")
    public = make_item("公开了的一条", text=TEXT)
    draft = make_item("还没有公开的一条", text=TEXT, live=False)
    keep_prints()
    seen = {
        name: {pk for pk, _reasons in by_text(user=user)}
        for name, user in {
            "nobody": None, "clerk": people["clerk"], "stranger": stranger
        }.items()
    }  # fmt: skip
    assert seen == {
        "nobody": {public.pk},
        "clerk": {public.pk, draft.pk},
        "stranger": {public.pk},
    }
    assert by_text(exclude_page_id=public.pk) == []


def test_the_latest_draft_is_compared_and_the_public_text_of_what_is_live():
    make_site()
    clerk = make_people()["clerk"]
    item = make_item("一条", text="另外的一段。", live=False)
    keep_prints()
    assert by_text(user=clerk) == []
    item.body = body_of(TEXT)
    item.save_revision(clean=False)
    keep_prints()
    assert by_text(user=clerk) == [(item.pk, (SAME_TEXT,))]
    live = make_item("两条", text="说的是另一件。")
    live.body = body_of(TEXT)
    live.save_revision(clean=False)
    keep_prints()
    assert by_text() == []


def test_what_was_taken_back_is_forgotten():
    item = superior()
    page = make_item("一条", text=TEXT)
    keep_prints()
    assert TextPrint.objects.count() == 2
    DisclosureItemPage.objects.filter(pk=page.pk).update(
        live=False, withdrawn_at=dt.datetime.now(dt.UTC)
    )
    assert by_text() == [(item.pk, (SAME_TEXT,))]
    ExternalItem.objects.filter(pk=item.pk).update(state="withdrawn")
    assert by_text() == []
    keep_prints()
    assert not TextPrint.objects.exists()
    assert not TextMark.objects.exists()


def test_a_changed_superiors_text_is_read_again():
    item = superior("<p>还没有正文</p>")
    assert TextPrint.objects.get().letters == 0
    assert by_text() == []
    ExternalItem.objects.filter(pk=item.pk).update(payload={"html": HTML}, version=2)
    keep_prints()
    assert by_text() == [(item.pk, (SAME_TEXT,))]
    assert TextPrint.objects.get().stamp == 2


@pytest.mark.parametrize("payload", [{}, {"html": None}, [], {"html": "<script>x"}])
def test_a_superiors_item_without_text_does_no_harm(payload):
    item = superior()
    ExternalItem.objects.filter(pk=item.pk).update(payload=payload, version=2)
    assert by_text() == []
    keep_prints()
    assert TextPrint.objects.get().letters == 0


def test_the_job_reads_in_pieces_and_then_has_nothing_to_do(monkeypatch):
    monkeypatch.setattr(text_prints, "AT_ONCE", 3)
    for number in range(7):
        superior(f"<p>{TEXT}{number}</p>", number=number)
    TextPrint.objects.all().delete()
    assert keep_prints(limit=3) == 3
    assert keep_prints(budget_s=0) == 0
    assert print_texts() == 4
    assert print_texts() == 0


def test_phrases_that_many_texts_have_are_not_kept(monkeypatch):
    monkeypatch.setattr(text_prints, "COMMON", 3)
    own = "这是只有这一条才有的一句话，里面说的是{}号水井的{}次检查。"
    for number in range(8):
        words = "".join(chr(0x5000 + 37 * number + n) for n in range(30))
        superior(f"<p>{TEXT}{own}{words}</p>", number=number)
    marks = TextMark.objects.values_list("mark", flat=True)
    assert max(list(marks).count(mark) for mark in set(marks)) <= 3
    assert all(row.marks.count() > 5 for row in TextPrint.objects.all())


def test_queries_do_not_grow(django_assert_num_queries, django_assert_max_num_queries):
    make_site()
    clerk = make_people()["clerk"]
    superior()
    for number in range(5):
        make_item(f"第{number}条", text=TEXT)
        superior(number=number)
    with django_assert_max_num_queries(15):
        few = len(find_duplicates(title=OTHER, text=TEXT, user=clerk))
    for number in range(20):
        make_item(f"第{number}条", text=TEXT)
        superior(number=10 + number)
    with django_assert_max_num_queries(15):
        many = len(find_duplicates(title=OTHER, text=TEXT, user=clerk))
    assert 0 < few <= many


def test_villages_names_come_from_the_register():
    make_site()
    text = TEXT.replace("溪口村", "大坪")
    superior(f"<p>{text}</p>")
    other = text.replace("大坪", "小坪")
    assert by_text(other)
    for code in ("大坪", "小坪"):
        Village.objects.create(code=code, name=code)
    assert by_text(other) == []


def test_measured_on_a_few_pairs():
    """Floors; ``bench/duplicates.py`` measures many."""
    found = measure(seed=77, count=60)
    assert found["precision"] >= 0.97, found["wrong"]
    assert found["recall"] >= 0.93, found["wrong"]
    assert found["reprints_told"] >= 0.9


@pytest.fixture
def clerk(client):
    make_site()
    client.force_login(make_people()["clerk"])
    return client


def begin(text=TEXT, title=OTHER):
    return make_item(title, text=text, live=False)


def test_the_wizard_shows_it_and_both_texts_side_by_side(clerk):
    item = superior()
    page = begin()
    shown = clerk.get(f"/admin/publish/{page.pk}/same/").content.decode()
    assert "正文很像（100% 相同）" in shown
    address = f"/admin/publish/{page.pk}/beside/superior/{item.pk}/"
    assert address in shown
    beside = clerk.get(address).content.decode()
    assert "您这篇有 100% 和对方相同" in beside
    assert "<mark>二、补助标准。D级每户补助35000元，C级每户15000元。" in beside
    assert item.url in beside
    answer = clerk.post(f"/admin/publish/{page.pk}/check/", {})
    assert answer.url == f"/admin/publish/{page.pk}/same/"
    assert not WorkflowState.objects.exists()


def test_a_reason_or_a_reference_settles_it():
    item = superior()
    page = begin()
    assert [m.external_id for m in open_duplicates(page)] == [item.pk]
    page.duplicate_reason = "市局要求各镇都挂出来"
    assert open_duplicates(page) == []
    page.reference = item
    assert duplicates_of(page) == []


def test_the_reprint_gets_a_word_on_what_to_do(clerk):
    superior()
    page = begin(f"{COVER}{TITLE}{TEXT}", f"关于转发《{TITLE}》的通知")
    shown = clerk.get(f"/admin/publish/{page.pk}/same/").content.decode()
    assert "全文转发了它" in shown
    assert "只是转发的，选“引用它”" in shown


def test_side_by_side_shows_nobody_elses_draft(clerk):
    OfficeFactory(code="finance", name="财政所")
    make_site()
    page = begin()
    public = make_item("公开了的", text=TEXT)
    own = make_item("自己的草稿", text=TEXT, live=False)
    theirs = make_item("别人的草稿", text=TEXT, live=False, office="finance")
    item = superior()
    ExternalItem.objects.filter(pk=item.pk).update(relation="received")
    answers = {
        name: clerk.get(f"/admin/publish/{page.pk}/beside/{path}/").status_code
        for name, path in {
            "public": public.pk,
            "own": own.pk,
            "theirs": theirs.pk,
            "none": 999_999,
            "received": f"superior/{item.pk}",
        }.items()
    }
    assert answers == {
        "public": 200, "own": 200, "theirs": 404, "none": 404, "received": 404
    }  # fmt: skip
    assert clerk.get(f"/admin/publish/{theirs.pk}/beside/{own.pk}/").status_code in (
        302,
        403,
    )


def test_foreign_text_is_shown_as_text(clerk):
    item = superior(
        f"{HTML}<p>&lt;img src=x onerror=alert(1)&gt;</p><script>1</script>"
    )
    page = begin()
    shown = clerk.get(f"/admin/publish/{page.pk}/beside/superior/{item.pk}/")
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown.content.decode()
    assert "<img src=x" not in shown.content.decode()


def typed_body(*paragraphs):
    blocks = streamfield([("paragraph", rich_text(f"<p>{p}</p>")) for p in paragraphs])
    query = QueryDict(mutable=True)
    query.update({key: str(v) for key, v in nested_form_data({"body": blocks}).items()})
    return query


def test_the_full_editor_compares_what_was_typed(clerk):
    assert typed_text(typed_body(*TEXT.split("\n"))) == TEXT
    assert typed_text(QueryDict("")) == ""
    assert typed_text(QueryDict("body-count=x&body-0-type=paragraph")) == ""
    item = superior()
    page = begin("还没有正文。")
    data = {
        **typed_body(*TEXT.split("\n")).dict(),
        "title": OTHER,
        "slug": page.slug,
        "category": "work",
        "date_made": "2026-08-24",
        "validity": "valid",
        "disclosure_mode": "proactive",
        "action-submit": "1",
    }
    for name in ("attachments", "corrections", "identifiers", "comments"):
        data |= {f"{name}-{form}_FORMS": "0" for form in ("TOTAL", "INITIAL")}
    answer = clerk.post(f"/admin/pages/{page.pk}/edit/", data, follow=True)
    shown = answer.content.decode()
    assert "还没有提交" in shown
    assert f"/admin/publish/{page.pk}/beside/superior/{item.pk}/" in shown
    assert not WorkflowState.objects.exists()
    stored = Revision.objects.filter(object_id=str(page.pk)).latest("pk").content
    assert "35000" in json.loads(stored["body"])[3]["value"]


def test_a_text_that_cannot_be_read_stops_no_other(monkeypatch, caplog):
    bad, good = superior(number=1), superior(number=2)
    TextPrint.objects.all().delete()
    real = text_prints.external_text

    def read(item):
        return 1 / 0 if item.pk == bad.pk else real(item)

    monkeypatch.setattr(text_prints, "external_text", read)
    assert keep_prints() == 2
    assert keep_prints() == 0  # it is not tried again until it changes
    prints = dict(TextPrint.objects.values_list("external", "letters"))
    assert prints[bad.pk] == 0 < prints[good.pk]
    assert f"external {bad.pk}" in caplog.text


def test_nobody_waits_while_texts_are_read(monkeypatch):
    superior()
    TextPrint.objects.all().delete()
    real, inside = text_prints.letters_of, []

    def letters(text):
        inside.append(len(connection.savepoint_ids))
        return real(text)

    monkeypatch.setattr(text_prints, "letters_of", letters)
    assert keep_prints() == 1
    assert inside == [len(connection.savepoint_ids)]


def test_a_draft_of_nothing_but_figures_is_looked_up():
    text = "编号" + "7" * 5000
    superior(html=f"<p>{text}</p>")
    assert TextPrint.objects.get().letters == 5002
    assert find_duplicates(title=OTHER, text=text)
