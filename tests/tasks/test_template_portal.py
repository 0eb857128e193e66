"""A portal that loads tables by hand: packages out, receipts in."""

import datetime as dt
import os
import time
import zipfile

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from openpyxl import load_workbook

from cms.models.notices import Notice
from disclosure_pages.bulk.columns import COLUMNS
from tasks.confirmation import places
from tasks.drain import drain
from tasks.jobs.receipts import receipts
from tasks.models import (
    OutboxEntry,
    PortalTemplate,
    ReconcileReport,
    TemplateBatch,
    TemplateColumn,
    TemplateReceipt,
    TemplateRow,
    TemplateValue,
)
from tasks.reconciliation import reconcile
from tasks.reports import reconcile_daily
from tasks.selectors import backlogs
from tasks.targets import Receipt, TargetError, Waiting
from tasks.template import batches, inbox, removing
from tasks.template.official import load_official
from tests.disclosure_pages.bulk.far_cells import (
    far_book,
    laughing_book,
    locked_book,
    oddly_packed_book,
)
from tests.factories import make_document, make_item, make_people, make_site
from tests.tasks.messages import new_key, state_of, withdrawal_of
from tests.tasks.portal_contracts import Package, TemplateContract

pytestmark = pytest.mark.django_db
FACTS = {"date_made": "2026-09-02", "index_number": "11330099MB1A2B3C4D/2026-00031"}


@pytest.fixture
def portal(settings, tmp_path):
    settings.GONGKAI_INDEXES = []
    settings.MEDIA_ROOT = tmp_path / "media"
    return TemplateContract(tmp_path / "city", settings)


@pytest.fixture
def own(portal):
    """A template of the portal's own, as a clerk sets it up."""
    template = PortalTemplate.objects.create(portal="city")
    template.fill()
    return template


def put(portal, *items):
    return portal.target.put_many(items)


def packages(portal):
    return sorted(path.name for path in portal.shelf.batches.glob("[!.]*"))


def opened(portal, name):
    return Package(portal.shelf.batches / name)


# What goes out


def test_the_table_has_the_columns_of_the_template_and_nothing_else(portal):
    put(portal, (1, state_of(**FACTS)))
    with opened(portal, "000001-发布.zip") as package:
        headings = [column.label for column in COLUMNS]
        assert list(package.table[0]) == headings
        assert package.table[0]["类别"] == "工作信息"
        assert package.table[0]["正文"] == "正文。"


def test_the_form_names_key_version_hash_and_batch(portal):
    state = state_of(**FACTS)
    put(portal, (7, state))
    with opened(portal, "000001-发布.zip") as package:
        (line,) = package.form
    assert (line["永久标识"], line["版本"], line["校验码"], line["批次"]) == (
        *(state.key, "7", state.sha256, "1"),
    )
    assert line["处理结果"] in (None, "")


def test_what_was_exported_can_be_imported_by_the_same_software(portal, tmp_path):
    make_site()
    content = b"20 households"
    make_document("名单.txt", content)
    state = state_of(title="低保公示", files=[("名单.txt", content)], **FACTS)
    put(portal, (1, state))
    with zipfile.ZipFile(portal.shelf.batches / "000001-发布.zip") as archive:
        archive.extractall(tmp_path / "loaded")
    call_command("import_items", str(tmp_path / "loaded/信息加载表.xlsx"), dry_run=True)


def test_no_cell_is_a_formula_or_a_number(portal):
    title = '=HYPERLINK("http://x","y")'
    put(portal, (1, state_of(title=title, summary="@SUM(1)", **FACTS)))
    with zipfile.ZipFile(portal.shelf.batches / "000001-发布.zip") as archive:
        book = load_workbook(archive.open("信息加载表.xlsx"))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert f"'{title}" in [cell.value for cell in cells]


def test_file_names_stay_inside_the_package(portal):
    content = b"x"
    make_document("名单.txt", content)
    names = ["../../名单.txt", "名单.txt", "a/b:c*.txt"]
    state = state_of(files=[(name, content) for name in names], **FACTS)
    put(portal, (1, state))
    with opened(portal, "000001-发布.zip") as package:
        found = [name for name in package.names() if name.startswith("附件/")]
    files = [name for name in found if not name.endswith("/")]
    assert len(files) == 3
    assert all(name.count("/") == 2 and "/.." not in name for name in files)


def test_a_body_too_long_for_a_cell_lies_beside_the_table(portal):
    state = state_of(html=f"<p>{'长' * 40_000}</p>", **FACTS)
    put(portal, (1, state))
    with opened(portal, "000001-发布.zip") as package:
        assert package.table[0]["正文"] == f"见文件：正文/{state.key}.txt"
        assert package.read(f"正文/{state.key}.txt").decode() == "长" * 40_000


def test_batches_are_numbered_and_withdrawals_go_first_in_one_of_their_own(portal):
    gone, state = withdrawal_of(new_key(), **FACTS), state_of(**FACTS)
    put(portal, (1, state), (1, gone))
    assert packages(portal) == ["000001-撤下.zip", "000002-发布.zip"]
    put(portal, (2, state_of(state.key, title="改", **FACTS)))
    assert packages(portal)[-1] == "000003-发布.zip"
    with opened(portal, "000001-撤下.zip") as package:
        assert package.table[0]["永久标识"] == gone.key
        assert package.table[0]["撤下原因"] == "发布有误"


def test_a_restored_backup_does_not_use_a_number_again(portal):
    put(portal, (1, state_of(**FACTS)))
    TemplateBatch.objects.all().delete()
    put(portal, (1, state_of(**FACTS)))
    assert packages(portal) == ["000001-发布.zip", "000002-发布.zip"]


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_withdrawn_is_taken_out_of_packages_not_answered(portal, own, packed):
    PortalTemplate.objects.filter(pk=own.pk).update(packed=packed)
    content = b"secret by mistake"
    make_document("名单.txt", content)
    bad = state_of(title="撤我", files=[("名单.txt", content)], **FACTS)
    good = state_of(title="留我", files=[("名单.txt", content)], **FACTS)
    put(portal, (1, bad), (1, good))
    put(portal, (2, withdrawal_of(bad.key)))
    first, _gone = packages(portal)
    with opened(portal, first) as package:
        assert [row["标题"] for row in package.table] == ["留我"]
        assert [line["永久标识"] for line in package.form] == [good.key]
        assert not [name for name in package.names() if bad.key in name]
        assert [name for name in package.names() if good.key in name]
    assert not list(portal.shelf.batches.glob(".*"))


def test_a_package_that_loses_all_its_items_disappears(portal):
    state = state_of(**FACTS)
    put(portal, (1, state))
    put(portal, (2, withdrawal_of(state.key)))
    assert packages(portal) == ["000002-撤下.zip"]


@pytest.mark.parametrize("result", ["accepted", "refused"])
def test_what_is_withdrawn_leaves_packages_whatever_the_portal_said(portal, result):
    state = state_of(title="撤我", **FACTS)
    put(portal, (1, state), (1, state_of(**FACTS)))
    TemplateRow.objects.filter(key=state.key).update(result=result)
    put(portal, (2, withdrawal_of(state.key)))
    with opened(portal, "000001-发布.zip") as package:
        assert state.key not in [line["永久标识"] for line in package.form]
    proof = TemplateRow.objects.get(key=state.key, version=1)
    assert (proof.result, proof.sha256) == (result, state.sha256)
    assert proof.removed_at


def test_older_versions_leave_the_packages_before_the_newer_one(portal):
    state, other = state_of(title="旧", **FACTS), state_of(**FACTS)
    put(portal, (1, state), (1, other))
    TemplateRow.objects.filter(key=state.key).update(result="accepted")
    put(portal, (2, state_of(state.key, title="新", **FACTS)))
    with opened(portal, "000001-发布.zip") as package:
        assert [line["永久标识"] for line in package.form] == [other.key]
    with opened(portal, "000002-发布.zip") as package:
        assert [row["标题"] for row in package.table] == ["新"]


def test_an_older_package_that_is_broken_does_not_hold_up_the_newer(portal):
    state = state_of(**FACTS)
    put(portal, (1, state))
    (portal.shelf.batches / "000001-发布.zip").write_bytes(b"cut off")
    (outcome,) = put(portal, (2, state_of(state.key, title="新", **FACTS)))
    assert outcome.reason_zh == "已导出（第 2 批），待回执"


def test_each_portal_has_its_columns_and_words_as_data(portal, own):
    own.columns = [
        TemplateColumn(heading="栏目", field="category", sort_order=0),
        TemplateColumn(heading="来源", field="fixed", fixed="云溪镇", sort_order=1),
        TemplateColumn(heading="名称", field="title", max_length=5, sort_order=2),
    ]
    word = TemplateValue(field="category", ours="工作信息", theirs="栏目 0317")
    own.values = [word]
    own.save()
    long = state_of(title="六个字的标题啊", **FACTS)
    _good, bad = put(portal, (1, state_of(title="公示", **FACTS)), (1, long))
    assert "最多 5 字" in bad.reason_zh
    assert not bad.retryable
    with opened(portal, "000001-发布.zip") as package:
        assert package.table == [
            {"栏目": "栏目 0317", "来源": "云溪镇", "名称": "公示"}
        ]


def test_a_required_column_without_a_value_says_so(portal):
    (outcome,) = put(portal, (1, state_of(date_made="")))
    assert outcome.reason_zh == "门户的“成文日期”必填，这一条没有。"
    assert packages(portal) == []


def test_a_package_may_be_gathered_but_a_withdrawal_goes_at_once(portal, own):
    PortalTemplate.objects.filter(pk=own.pk).update(gather_minutes=60)
    put(portal, (1, state_of(**FACTS)))
    later, gone = state_of(**FACTS), withdrawal_of(new_key())
    outcomes = put(portal, (1, later), (1, gone))
    assert isinstance(outcomes[0], Waiting)
    assert 3500 < outcomes[0].again_s <= 3600
    assert packages(portal) == ["000001-发布.zip", "000002-撤下.zip"]
    an_hour_ago = timezone.now() - dt.timedelta(minutes=61)
    TemplateBatch.objects.update(created_at=an_hour_ago)
    put(portal, (1, later))
    assert packages(portal)[-1] == "000003-发布.zip"


def test_a_process_that_dies_before_the_package_appears_leaves_nothing(
    portal, monkeypatch
):
    state = state_of(**FACTS)
    with monkeypatch.context() as patch:
        patch.setattr(batches.package, "put_in_place", _die)
        with pytest.raises(KeyboardInterrupt):
            put(portal, (1, state))
    assert packages(portal) == []
    (outcome,) = put(portal, (1, state))
    assert outcome.reason_zh == "正在导出"  # another process may still be at it
    _an_hour_ago()
    put(portal, (1, state))
    assert packages(portal) == ["000001-发布.zip"]
    assert TemplateRow.objects.count() == 1


def test_a_process_that_dies_after_the_package_appeared_exports_it_once(
    portal, monkeypatch
):
    state = state_of(**FACTS)
    put(portal, (1, state))
    TemplateBatch.objects.update(written_at=None)  # died before it noted this
    _an_hour_ago()
    (outcome,) = put(portal, (1, state))
    assert outcome.reason_zh == "已导出（第 1 批），待回执"
    assert packages(portal) == ["000001-发布.zip"]


def _die(*args, **kwargs):
    raise KeyboardInterrupt


def _an_hour_ago():
    TemplateBatch.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))


def test_exporting_asks_no_more_for_more_items(portal, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        put(portal, *[(1, state_of(**FACTS)) for _ in range(40)])


# What comes back


def answer(portal, *lines, name="receipt.csv"):
    portal.drop(name, list(lines))
    inbox.collect()


def row_of(state):
    return TemplateRow.objects.get(key=state.key)


def test_a_receipt_by_index_number_alone_counts_when_it_is_clear(portal):
    state = state_of(**FACTS)
    put(portal, (3, state))
    answer(
        portal,
        {"索引号": FACTS["index_number"], "结果": "已发布", "网址": "https://c.cn/1"},
    )
    (outcome,) = put(portal, (3, state))
    assert outcome == Receipt(state.key, 3, state.sha256, "https://c.cn/1")


def test_a_receipt_that_could_mean_two_versions_counts_for_none(portal):
    state = state_of(**FACTS)
    put(portal, (1, state))
    put(portal, (2, state_of(state.key, title="改", **FACTS)))
    line = {"永久标识": state.key, "批次": "", "结果": "成功"}
    answer(portal, line)
    assert set(TemplateRow.objects.values_list("result", flat=True)) == {"waiting"}
    answer(portal, {**line, "批次": "2"}, name="second.csv")
    assert TemplateRow.objects.get(result="accepted").version == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"校验码": "0" * 64}, "校验码与报送的不符"),
        ({"版本": "9"}, "没有报送过这个版本或批次"),
        ({"永久标识": "f" * 32}, "没有向这个门户报送过这一条"),
        ({"处理结果": "也许"}, "看不懂“也许”"),
    ],
)
def test_what_does_not_fit_is_reported_and_counts_for_nothing(portal, change, said):
    make_site()
    make_people()
    state = state_of(**FACTS)
    put(portal, (1, state))
    with opened(portal, "000001-发布.zip") as package:
        line = {**package.form[0], "处理结果": "成功", **change}
    answer(portal, line)
    assert row_of(state).result == "waiting"
    receipt = _last_receipt()
    assert said in receipt.problems[0]
    assert "第 2 行" in receipt.problems[0]
    notice = Notice.objects.get(kind="portal_receipt")
    assert "对不上 1 行" in notice.text


def _last_receipt():
    return TemplateReceipt.objects.latest("pk")


def test_lines_that_nobody_filled_in_wait(portal):
    first, second = state_of(**FACTS), state_of(date_made="2026-09-02")
    put(portal, (1, first), (1, second))
    with opened(portal, "000001-发布.zip") as package:
        answer(portal, {**package.form[0], "处理结果": "成功"}, package.form[1])
    assert (row_of(first).result, row_of(second).result) == ("accepted", "waiting")


def test_a_receipt_in_the_portals_own_encoding_is_read(portal):
    state = state_of(**FACTS)
    put(portal, (1, state))
    path = portal.shelf.receipts / "回执.csv"
    path.write_bytes(
        f"永久标识,处理结果,说明\n{state.key},退回,栏目不对\n".encode("gbk")
    )
    os.utime(path, (1, 1))
    inbox.collect()
    (outcome,) = put(portal, (1, state))
    assert (outcome.reason_zh, outcome.retryable) == ("门户退回：栏目不对", False)


def test_the_form_comes_back_as_a_workbook_too(portal):
    state = state_of(**FACTS)
    put(portal, (1, state))
    with zipfile.ZipFile(portal.shelf.batches / "000001-发布.zip") as archive:
        book = load_workbook(archive.open("回执表.xlsx"))
    book.active["I2"] = "成功"
    path = portal.shelf.receipts / "回执表.xlsx"
    book.save(path)
    os.utime(path, (1, 1))
    assert inbox.collect() == 1
    assert row_of(state).result == "accepted"
    assert not path.exists()
    assert len(list((portal.shelf.receipts / "done").iterdir())) == 1


def test_a_file_that_is_still_being_copied_is_left_alone(portal):
    put(portal, (1, state_of(**FACTS)))
    (portal.shelf.receipts / "new.csv").write_text("处理结果,索引号\n")
    assert inbox.collect() == 0
    assert (portal.shelf.receipts / "new.csv").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK not really", "打不开"),
        ("a.csv", b"a,b\n1,2\n", "表头里要有"),
        ("a.docx", b"x", "只认"),
        ("a.csv", b"\xff\xfe\xff", "编码看不懂"),
        ("empty.csv", b"", "空的"),
        ("long.csv", b"a" * 17_000_000, "打不开"),
        ("far.xlsx", far_book(), "表格太大"),
        ("locked.xlsx", locked_book(), "打不开"),
        ("packed.xlsx", oddly_packed_book(), "打不开"),
        ("laughs.xlsx", laughing_book("xl/workbook.xml"), "打不开"),
        ("strings.xlsx", laughing_book("xl/sharedStrings.xml"), "打不开"),
    ],
)
def test_a_file_that_is_no_receipt_is_put_away_and_reported(
    portal, name, content, said
):
    portal.shelf.make()
    path = portal.shelf.receipts / name
    path.write_bytes(content)
    os.utime(path, (1, 1))
    assert inbox.collect() == 1
    assert said in _last_receipt().problems[0]
    assert not path.exists()


def _lay(portal, name, content):
    """A file in the inbox that is no longer being copied."""
    portal.shelf.make()
    path = portal.shelf.receipts / name
    path.write_bytes(content)
    os.utime(path, (1, 1))
    return path


def _put_away(portal):
    return [path.name for path in (portal.shelf.receipts / "done").iterdir()]


@pytest.mark.parametrize(
    "name",
    ["汉" * 80 + ".csv", "x" * 251 + ".csv", os.fsdecode(b"\xbb\xd8\xd6\xb4.csv")],
)
def test_whatever_a_receipt_is_called_it_is_read_once(portal, name):
    state = state_of(**FACTS)
    put(portal, (1, state))
    _lay(portal, name, f"永久标识,处理结果\n{state.key},成功\n".encode())
    assert [inbox.collect(), inbox.collect()] == [1, 0]
    assert row_of(state).result == "accepted"
    (kept,) = _put_away(portal)
    assert kept.endswith(".csv")


def test_a_file_that_breaks_the_reading_holds_up_no_other(portal, monkeypatch):
    make_site()
    make_people()
    state = state_of(**FACTS)
    put(portal, (1, state))
    line = f"永久标识,处理结果\n{state.key},成功\n".encode()
    for name in ("a.csv", "b.csv"):
        _lay(portal, name, line)
    read = inbox.read_receipt

    def breaks(portal, path, *, name):
        if name == "a.csv":
            raise ZeroDivisionError
        return read(portal, path, name=name)

    monkeypatch.setattr(inbox, "read_receipt", breaks)
    assert [inbox.collect(), inbox.collect()] == [1, 0]
    assert row_of(state).result == "accepted"
    assert len(_put_away(portal)) == 2
    assert "“a.csv”没有读成" in Notice.objects.get(kind="portal_receipt").text


def test_a_file_waits_while_the_database_is_down(portal, monkeypatch):
    path = _lay(portal, "a.csv", b"x")

    def down(*args, **kwargs):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "read_receipt", down)
        assert inbox.collect() == 0
    assert path.exists()


def test_a_file_that_killed_its_reader_is_not_read_again(portal, monkeypatch):
    make_site()
    make_people()
    _lay(portal, "a.csv", b"x")
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "read_receipt", _die)
        with pytest.raises(KeyboardInterrupt):
            inbox.collect()
    assert inbox.collect() == 0
    assert _put_away(portal) == []  # perhaps it is still being read
    (left,) = portal.shelf.receipts.glob(".reading-*")
    os.utime(left, (1, 1))
    assert inbox.collect() == 0
    assert len(_put_away(portal)) == 1
    assert "没有读成" in Notice.objects.get(kind="portal_receipt").text


def test_a_portal_whose_inbox_can_not_be_read_holds_up_no_other(portal, monkeypatch):
    state = state_of(**FACTS)
    put(portal, (1, state))
    path = _lay(portal, "a.csv", f"永久标识,处理结果\n{state.key},成功\n".encode())
    monkeypatch.setattr(
        inbox, "template_shelves", lambda: [_Unreadable(), portal.shelf]
    )
    assert inbox.collect() == 1
    assert not path.exists()


class _Unreadable:
    portal = "other"

    @property
    def receipts(self):
        raise PermissionError


def test_rows_are_counted_before_they_are_kept(portal, monkeypatch):
    monkeypatch.setattr("tasks.template.receipts.MAX_ROWS", 3)
    _lay(portal, "a.csv", "永久标识,处理结果\n".encode() + b",\n" * 4)
    inbox.collect()
    assert "行数太多" in _last_receipt().problems[0]


def test_reading_a_receipt_twice_changes_nothing(portal):
    state = state_of(**FACTS)
    portal.send((1, state))
    with opened(portal, "000001-发布.zip") as package:
        portal.reply(package, "once more")
    inbox.collect()
    assert row_of(state).result == "accepted"
    assert _last_receipt().problems == []


def test_taking_back_a_yes_is_reported(portal):
    state = state_of(**FACTS)
    portal.send((1, state))
    with opened(portal, "000001-发布.zip") as package:
        portal.reply(package, "later", 处理结果="退回", 说明="不合要求")
    inbox.collect()
    assert "先说接收，又说退回" in _last_receipt().problems[0]
    assert row_of(state).result == "refused"


# With the outbox


@pytest.fixture
def published(portal):
    """One item that was published, and the officers."""
    make_site()
    make_people()
    item = make_item("关于低保金发放的公示")
    OutboxEntry.objects.exclude(key=item.key).delete()
    drain()
    return item


def entry(item):
    return OutboxEntry.objects.get(target="portal:city", key=item.key)


def test_what_waits_for_a_receipt_says_so_and_is_not_late(portal, published):
    row = entry(published)
    assert row.pending and not row.dead
    assert row.situation == "已导出（第 1 批），待回执"
    (backlog,) = backlogs()
    assert (backlog.pending, backlog.awaiting, backlog.oldest_s) == (0, 1, 0.0)
    assert drain() == 0


def test_the_receipt_makes_it_delivered(portal, published):
    portal.answer()
    assert drain() == 1
    row = entry(published)
    assert not row.pending
    assert row.situation == "已送达"
    assert row.receipt["url"].startswith("https://city.example/")


def test_a_refusal_stops_the_row_with_the_portals_words(portal, published):
    with opened(portal, "000001-发布.zip") as package:
        portal.reply(package, "no", 处理结果="退回", 说明="栏目不存在")
    inbox.collect()
    drain()
    row = entry(published)
    assert row.dead
    assert row.last_error == "门户退回：栏目不存在"
    assert row.situation == "已停止重试"


def test_reconciling_says_what_it_can_not_prove(portal, published):
    (report,) = reconcile("portal:city")
    assert report.clean
    assert report.as_json()["provable"] is False
    assert report.as_json()["awaiting"] == 1
    portal.answer()
    drain()
    (report,) = reconcile("portal:city")
    assert (report.clean, report.awaiting, report.checked) == (True, 0, 1)


def test_reconciling_finds_what_the_portal_never_took(portal, published):
    portal.answer()
    drain()
    TemplateRow.objects.all().delete()
    (report,) = reconcile("portal:city", heal=True)
    assert report.keys("missing") == [published.key]
    drain()
    assert packages(portal)[-1] == "000002-发布.zip"


def test_a_withdrawal_shows_what_is_open_at_a_portal_nobody_can_read(portal, published):
    portal.answer()
    drain()
    page = published.specific
    page.unpublish()
    drain()
    (place,) = places(page)
    assert (place.confirmed_at, place.problem) == (None, "已导出（第 2 批），待回执")
    portal.answer()
    drain()
    (place,) = places(page)
    assert place.confirmed_at is None
    assert "请打开网址看一看" in place.problem


def test_packages_are_cleaned_at_a_portal_that_is_fenced_off(portal, published):
    call_command("targets", "fence", "portal:city", reason="换了密钥")
    published.unpublish()
    drain()
    assert packages(portal) == ["000001-发布.zip"]
    assert receipts() == 0
    assert packages(portal) == []
    assert TemplateRow.objects.get().removed_at


def test_packages_at_home_are_cleaned_when_the_portal_is_configured_no_more(
    settings, tmp_path
):
    settings.GONGKAI_INDEXES = []
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_PORTALS = {"city": "template:"}
    make_site()
    item = make_item("关于低保金发放的公示")
    drain()
    home = tmp_path / "portals/city/batches"
    assert list(home.iterdir())
    settings.GONGKAI_PORTALS = {}
    assert removing.clean() == 0
    item.unpublish()
    assert removing.clean() == 1
    assert not list(home.iterdir())


def test_cleaning_takes_out_what_was_left_when_a_process_died(portal, monkeypatch):
    state = state_of(**FACTS)
    with monkeypatch.context() as patch:
        patch.setattr(batches, "take_out_older", lambda *args: None)
        put(portal, (1, state))
        put(portal, (2, state_of(state.key, **FACTS)))
    removing.clean()
    assert TemplateRow.objects.get(version=1).removed_at
    assert "000001-发布.zip" not in packages(portal)


def test_cleaning_asks_no_more_for_more_items(
    portal, published, django_assert_max_num_queries
):
    for _ in range(3):
        make_item("又一条", date_made=dt.date(2026, 9, 2))
        drain()
    with django_assert_max_num_queries(6):
        assert removing.clean() == 0


def test_what_is_gathered_is_waiting_not_missing(portal, own, published):
    PortalTemplate.objects.filter(pk=own.pk).update(gather_minutes=60)
    portal.answer()
    drain()
    make_item("又一条")
    drain()
    (report,) = reconcile("portal:city")
    assert (report.clean, report.awaiting) == (True, 1)


def test_what_the_portal_sent_back_is_not_sent_again_every_night(portal, published):
    with opened(portal, "000001-发布.zip") as package:
        portal.reply(package, "no", 处理结果="退回")
    inbox.collect()
    drain()
    reconcile_daily()
    assert ReconcileReport.objects.get().content["missing"] == [published.key]
    drain()
    assert packages(portal) == ["000001-发布.zip"]


# Reminders


def test_a_package_without_an_answer_is_reminded_of_once_in_some_days(
    portal, published
):
    assert inbox.remind() == 0
    TemplateBatch.objects.update(written_at=timezone.now() - dt.timedelta(days=4))
    assert inbox.remind() == 1
    assert "第 1 批超过 3 天没有回执" in Notice.objects.latest("pk").text
    assert inbox.remind() == 0
    TemplateBatch.objects.update(reminded_at=timezone.now() - dt.timedelta(days=4))
    assert inbox.remind() == 1
    portal.answer()
    TemplateBatch.objects.update(reminded_at=None)
    assert inbox.remind() == 0


# The template as data


def test_the_official_template_follows_the_program(db):
    official = PortalTemplate.objects.get(official=True)
    official.columns.all().delete()
    load_official()
    assert [c.heading for c in official.columns.all()] == [c.heading for c in COLUMNS]
    assert PortalTemplate.objects.count() == 1


def test_a_template_of_its_own_begins_with_the_default_columns(own):
    assert own.plan() == PortalTemplate.of("elsewhere").plan()


def test_time_of_a_receipt_is_kept(portal):
    before = time.time()
    state = state_of(**FACTS)
    portal.send((1, state))
    assert row_of(state).answered_at.timestamp() >= before - 1


def test_a_refused_outcome_is_an_error(portal):
    state = state_of(**FACTS)
    put(portal, (1, state))
    TemplateRow.objects.update(result="refused")
    (outcome,) = put(portal, (1, state))
    assert isinstance(outcome, TargetError)
    assert outcome.reason_zh == "门户退回：没有写原因"
