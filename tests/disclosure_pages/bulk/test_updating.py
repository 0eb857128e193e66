"""What an import may not do to items that are there, and undoing with own numbers."""

import json

import pytest

from disclosure_pages.bulk.importing import Options, _paced, import_file
from disclosure_pages.bulk.importing import Summary as ImportSummary
from disclosure_pages.bulk.undoing import undo_batch
from disclosure_pages.choices import RegisterStatus
from disclosure_pages.demo.organisation import load_offices
from disclosure_pages.models import (
    DisclosureItemPage,
    ImportBatch,
    IndexNumberEntry,
)
from disclosure_pages.public_state import public_keys
from disclosure_pages.services.site import setup_site
from disclosure_pages.services.withdrawal import withdraw
from disclosure_pages.signals import public_state_changed
from tasks.models import OutboxEntry
from tests.disclosure_pages.bulk.files import a_row, everything, some_rows, write
from tests.factories import make_item, make_people

pytestmark = pytest.mark.usefixtures("township")
PUBLISH = Options(publish=True, reviewed_by="周敏：保密审查〔2026〕3 号")
RESTRICTED = {"disclosure_mode": "withheld", "disclosure_reason": "涉及个人隐私"}


def load(path, rows, options=PUBLISH):
    summary = import_file(write(path, rows), options)
    assert summary.ok, summary.problems
    return summary


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".jsonl"])
@pytest.mark.parametrize("mode", ["withheld", "on_request"])
def test_what_is_not_proactive_is_never_public(tmp_path, suffix, mode):
    row = a_row(**RESTRICTED | {"disclosure_mode": mode, "external_id": "MZ-1"})
    for _time in range(2):  # created, then updated
        summary = load(tmp_path / f"a{suffix}", [row])
        assert summary.published == 0
        row["summary"] = "改过"
    page = DisclosureItemPage.objects.get()
    assert (page.live, page.disclosure_mode, page.index_number) == (False, mode, "")
    assert not OutboxEntry.objects.exists()


@pytest.mark.parametrize("columns", [{}, {"disclosure_mode": ""}])
def test_a_row_silent_about_the_mode_leaves_it(tmp_path, columns):
    load(tmp_path / "a.csv", [a_row(external_id="MZ-1", **RESTRICTED)])
    row = a_row(external_id="MZ-1", title="新标题", **columns)
    summary = load(tmp_path / "b.csv", [row])
    assert (summary.updated, summary.published) == (1, 0)
    page = DisclosureItemPage.objects.get()
    draft = page.get_latest_revision_as_object()
    assert (draft.title, draft.disclosure_mode) == ("新标题", "withheld")
    assert not page.live
    assert not public_keys()
    assert not OutboxEntry.objects.exists()


def test_an_empty_validity_leaves_it(tmp_path):
    load(tmp_path / "a.csv", [a_row(external_id="MZ-1", validity="废止")])
    load(tmp_path / "b.csv", [a_row(external_id="MZ-1", title="新标题", validity="")])
    page = DisclosureItemPage.objects.get()
    assert (page.title, page.validity) == ("新标题", "repealed")


def test_empty_cells_of_a_new_row_mean_valid_and_proactive(tmp_path):
    row = a_row(validity="", disclosure_mode="")
    assert load(tmp_path / "a.csv", [row]).published == 1
    page = DisclosureItemPage.objects.get()
    assert (page.validity, page.disclosure_mode) == ("valid", "proactive")


def test_what_somebody_is_working_on_is_not_published_along(tmp_path):
    load(tmp_path / "a.csv", [a_row(external_id="MZ-1")])
    page = DisclosureItemPage.objects.get()
    page.summary = "还没有审查的话"
    page.save_revision(user=make_people()["clerk"])
    path = write(tmp_path / "b.csv", [a_row(external_id="MZ-1", title="新标题")])
    before = everything()
    (found,) = import_file(path, PUBLISH).problems
    assert (found.row, found.column) == (2, "标题")
    assert "未经审查的修改" in found.reason
    assert everything() == before
    assert import_file(path, Options()).updated == 1  # as a draft it goes to review
    page.refresh_from_db()
    assert (page.title, page.summary) == ("三季度临时救助情况", "")


def test_an_item_drafted_by_hand_is_not_published_by_an_import(tmp_path):
    make_item(live=False, user=make_people()["clerk"], external_id="MZ-1")
    path = write(tmp_path / "b.csv", [a_row(external_id="MZ-1")])
    (found,) = import_file(path, PUBLISH).problems
    assert "未经审查的修改" in found.reason


def test_words_of_somebody_whose_account_is_gone_are_unreviewed(tmp_path):
    make_item(live=False, user=make_people()["clerk"], external_id="MZ-1")
    make_people()["clerk"].delete()
    path = write(tmp_path / "b.csv", [a_row(external_id="MZ-1")])
    (found,) = import_file(path, PUBLISH).problems
    assert "未经审查的修改" in found.reason


@pytest.mark.parametrize(
    "what, told", [("withdrawn", "已撤回"), ("drafted", "未经审查"), ("gone", "被删除")]
)
def test_what_happens_while_an_import_writes_is_not_written_over(tmp_path, what, told):
    load(tmp_path / "a.csv", some_rows(2), Options() if what == "gone" else PUBLISH)
    changed = [row | {"summary": "新的概述"} for row in some_rows(2)]

    def meanwhile(phase, done, total):
        if (phase, done) != ("写入", 1):
            return
        page = DisclosureItemPage.objects.get(external_id="MZ-0002")
        if what == "withdrawn":
            withdraw(page, reason="涉及个人隐私")
        elif what == "drafted":
            page.save_revision(user=make_people()["clerk"])
        else:
            page.delete()

    path = write(tmp_path / "b.csv", changed)
    summary = import_file(path, PUBLISH, meanwhile)
    (found,) = summary.problems
    assert (found.row, told in found.reason) == (3, True)
    assert (summary.ok, summary.good, summary.bad, summary.updated) == (True, 1, 1, 1)
    second = DisclosureItemPage.objects.filter(external_id="MZ-0002").first()
    if what != "gone":
        assert (second.live, second.summary) == (what == "drafted", "")


@pytest.mark.parametrize("options", [PUBLISH, Options()], ids=["publish", "draft"])
def test_an_import_does_not_silently_keep_an_item_from_another_office(
    tmp_path, options
):
    load_offices()
    setup_site()
    row = a_row(external_id="MZ-1", office="civil-affairs")
    load(tmp_path / "a.csv", [row])
    path = write(tmp_path / "b.csv", [row | {"office": "财政所", "title": "新标题"}])
    before = everything()
    (found,) = import_file(path, options).problems
    assert (found.row, found.column, found.value) == (2, "责任科室", "finance")
    assert "不能换科室" in found.reason
    assert everything() == before
    unnamed = [row | {"office": "", "title": "新标题"}]
    assert load(tmp_path / "c.csv", unnamed).updated == 1


def test_numbers_of_undone_drafts_are_free_for_the_next_try(tmp_path):
    row = a_row(index_number="旧〔2019〕7")
    batch = load(tmp_path / "a.csv", [row], Options()).batch
    assert undo_batch(ImportBatch.objects.get(uuid=batch)).deleted == 1
    assert not IndexNumberEntry.objects.exists()
    assert load(tmp_path / "b.csv", [row]).created == 1
    assert IndexNumberEntry.objects.get().status == RegisterStatus.PUBLISHED


def test_who_goes_on_with_a_broken_off_import_vouches_for_the_rest(tmp_path):
    path = write(tmp_path / "a.csv", some_rows(3))

    def broken(**kwargs):
        raise InterruptedError

    public_state_changed.connect(broken)
    try:
        with pytest.raises(InterruptedError):
            import_file(path, PUBLISH)
    finally:
        public_state_changed.disconnect(broken)
    assert not OutboxEntry.objects.exists()
    summary = import_file(path, Options(publish=True, reviewed_by="何国平"))
    batch = ImportBatch.objects.get(uuid=summary.batch)
    assert (batch.reviewed_by, batch.created) == ("何国平", 3)


@pytest.mark.parametrize("text", ["'=1", "''", "'-", "=1", "+1", "-", "@a"])
def test_jsonl_is_taken_as_it_is(tmp_path, text):
    load(tmp_path / "a.jsonl", [a_row(title=text, keywords=[text])])
    page = DisclosureItemPage.objects.get()
    assert (page.title, page.keywords) == (text, text)


def test_pieces_grow_to_500_and_no_further():
    sizes = [len(piece) for piece in _paced(range(2_000), ImportSummary("a"))]
    assert sizes == [100, 200, 400, 500, 500, 300]


def test_slow_pieces_get_smaller(monkeypatch):
    clock = iter(range(0, 10_000, 3))  # every transaction takes 3 s
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    sizes = [len(piece) for piece in _paced(range(160), ImportSummary("a"))]
    assert sizes == [100, 16, 10, 10, 10, 10, 4]


UNSAFE = (
    "<p>正文<script>alert(1)</script><img src=x onerror=alert(2)></p>"
    '<p><a href="javascript:alert(3)">甲</a><a href="//evil.cn/">乙</a>'
    '<a href="https://a.cn/" onclick="alert(4)">丙</a></p>'
    '<iframe src="https://evil.cn/"></iframe><style>p{color:red}</style>'
    '<table onload="alert(5)"><tr><td>表<svg onload=alert(6)></td></tr></table>'
)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".jsonl"])
def test_nothing_unsafe_reaches_the_reader(tmp_path, client, suffix):
    load(tmp_path / f"a{suffix}", [a_row(body=UNSAFE)])
    page = DisclosureItemPage.objects.get()
    stored = json.dumps(page.body.get_prep_value(), ensure_ascii=False)
    shown = client.get(page.url).content.decode()
    for text in (stored, shown):
        assert all(word in text for word in ("正文", "甲", "乙", "丙", "表"))
        assert "https://a.cn/" in text
        for bad in ("alert(", "javascript:", "evil.cn", "<iframe", "onerror"):
            assert bad not in text
    assert "color:red" not in stored
