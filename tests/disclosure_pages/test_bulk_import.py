"""Import: what is written, once; resumed, updated, undone."""

import datetime as dt
import json
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape
from wagtail.models import Page, PageLogEntry, ReferenceIndex, Revision

from cms.models import Office
from disclosure_pages.bulk import importing
from disclosure_pages.bulk.importing import Options, import_file
from disclosure_pages.choices import RegisterStatus
from disclosure_pages.demo.organisation import load_offices
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    ImportBatch,
    IndexNumberEntry,
)
from disclosure_pages.public_state import public_states
from disclosure_pages.services.index_numbers import issue_index_number
from disclosure_pages.services.site import setup_site
from disclosure_pages.signals import public_state_changed
from tasks.models import OutboxEntry
from tests.disclosure_pages.bulk_files import (
    ITEMS,
    WRITERS,
    row,
    write_csv,
    write_jsonl,
    write_xlsx,
)
from tests.factories import CREDIT_CODE, make_item, make_site, make_user
from tests.snapshots import Snapshots

pytestmark = pytest.mark.django_db
PUBLISH = Options(publish=True, reviewed_by="周敏，保密审查表第 9 号")


@pytest.fixture(autouse=True)
def township():
    make_site()


@Snapshots
def found_offices():
    load_offices()
    setup_site()


@Snapshots
def import_items():
    import_file(ITEMS, PUBLISH)


@pytest.fixture
def all_offices():
    found_offices()


@pytest.fixture
def imported(all_offices):
    """The 68 items, imported and public."""
    import_items()


@pytest.fixture
def changes():
    """The keys and lane of every signal, and whether it came inside a transaction."""
    seen = []

    def remember(sender, keys, lane, **kwargs):
        inside = transaction.get_connection().in_atomic_block
        seen.append((keys, lane, inside))

    public_state_changed.connect(remember)
    yield seen
    public_state_changed.disconnect(remember)


def items():
    return DisclosureItemPage.objects.order_by("path")


def assert_sound():
    """What `Page.find_problems` looks for, by one query instead of two a page."""
    nodes = list(Page.objects.values_list("path", "depth", "numchild"))
    step, children = Page.steplen, Counter(path[: -Page.steplen] for path, *_ in nodes)
    paths = {path for path, *_ in nodes}
    for path, depth, numchild in nodes:
        assert set(path) <= set(Page.alphabet), path
        assert len(path) == depth * step and numchild == children[path], path
        assert depth == 1 or path[:-step] in paths, path


def test_the_68_items_become_public(all_offices, changes):
    summary = import_file(ITEMS, PUBLISH)
    assert (summary.ok, summary.created, summary.published) == (True, 68, 68)
    assert items().live().count() == 68
    assert_sound()
    keys = [key for sent, lane, _inside in changes for key in sent if lane == "bulk"]
    assert sorted(keys) == sorted(page.key for page in items())
    assert all(inside for _keys, _lane, inside in changes)
    rows = OutboxEntry.objects.filter(key__in=keys)  # the site has pages of its own
    targets = rows.values_list("target", "key", "wanted", "delivered")
    assert len(targets) == len(keys) * len({target for target, *_rest in targets})
    assert {(wanted, delivered) for *_row, wanted, delivered in targets} == {(1, 0)}
    states = public_states(keys)
    assert {state.state for state in states.values()} == {"published"}


def comparable(revision):
    """The content without what changes by saving; PostgreSQL reorders JSON keys."""
    volatile = {"latest_revision", "live_revision"}
    content = {k: v for k, v in revision.content.items() if k not in volatile}
    return content | {"body": json.loads(content["body"])}


def test_an_imported_item_is_what_the_editor_would_have_made(imported):
    for page in items():
        revision = page.latest_revision
        assert page.live_revision_id == revision.pk
        assert not page.has_unpublished_changes
        again = page.save_revision()
        assert comparable(revision) == comparable(Revision.objects.get(pk=again.pk))


def test_the_clerk_opens_every_imported_item(imported, client):
    """All fill the form; the page around it is drawn once for each kind of item."""
    groups = [office.editor_group.name for office in Office.objects.all()]
    clerk = make_user("clerk", *groups)
    client.force_login(clerk)
    form_class = DisclosureItemPage.get_edit_handler().get_form_class()
    kinds = {}
    for page in items():
        draft, parent = page.get_latest_revision_as_object(), page.get_parent()
        form = form_class(instance=draft, parent_page=parent, for_user=clerk)
        shown = "".join(str(part) for part in [*form, *form.formsets.values()])
        assert escape(page.title) in shown, page.title
        kinds.setdefault(kind_of(page), page)
        kinds.setdefault(parent.pk, page)
    assert len(kinds) > 7  # the offices alone
    for page in dict.fromkeys(kinds.values()):
        response = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
        assert response.status_code == 200, page.title


def kind_of(page):
    """Which fields of an item are filled, with which blocks and how many files."""
    values = {field.name: getattr(page, field.attname) for field in page._meta.fields}
    filled = frozenset(name for name, value in values.items() if value)
    blocks = frozenset(block.block_type for block in page.body)
    return filled, blocks, page.attachments.count()


@pytest.mark.parametrize("publish", [False, True])
def test_fifty_rows_ask_hardly_more_than_one(tmp_path, publish):
    options, costs = (PUBLISH if publish else Options()), []
    for name, count in (("first", 1), ("one", 1), ("fifty", 50)):
        rows = [
            row(title=f"{name}{n}", external_id=f"{name}-{n}") for n in range(count)
        ]
        path = write_jsonl(tmp_path / f"{name}.jsonl", rows)
        with CaptureQueriesContext(connection) as asked:
            assert import_file(path, options).created == count
        costs.append(len(asked))
    assert costs[2] <= costs[1] + 5  # the pieces of one update


def test_rows_are_drafts_without_number_unless_published(tmp_path, changes):
    import_file(write_csv(tmp_path / "d.csv", [row()]), Options())
    page = items().get()
    assert (page.live, page.index_number, page.first_published_at) == (False, "", None)
    assert page.has_unpublished_changes
    assert page.latest_revision.content["title"] == page.title
    assert not changes
    assert not OutboxEntry.objects.exists()
    assert not IndexNumberEntry.objects.exists()


def test_numbers_are_issued_per_year_without_gaps(imported):
    for year in (2024, 2025, 2026):
        entries = IndexNumberEntry.objects.filter(year=year).order_by("serial")
        assert [entry.serial for entry in entries] == list(range(1, len(entries) + 1))
        assert all(entry.page.date_published.year == year for entry in entries)
    assert {entry.status for entry in IndexNumberEntry.objects.all()} == {
        RegisterStatus.PUBLISHED
    }


def test_numbers_brought_along_are_kept_and_passed_over(tmp_path):
    brought = f"{CREDIT_CODE}/2026-00002"
    rows = [row(title=f"第{n}件", external_id=f"N-{n}") for n in range(3)]
    rows.append(row(title="带号", index_number=brought))
    import_file(write_csv(tmp_path / "n.csv", rows), PUBLISH)
    assert items().get(index_number=brought).title == "带号"
    later = make_item()
    numbers = items().values_list("index_number", flat=True)
    assert sorted(number[-5:] for number in numbers) == [
        *("00001", "00002", "00003", "00004", "00005")
    ]
    assert issue_index_number(later).endswith("00005")


def test_every_row_leaves_a_log_entry_with_actor_and_reason(tmp_path):
    path = write_csv(tmp_path / "l.csv", [row()])
    summary = import_file(path, PUBLISH)
    entry = PageLogEntry.objects.get(action="gongkai.import")
    assert entry.page_id == items().get().pk
    assert str(entry.uuid) == entry.data["batch"] == summary.batch
    assert entry.data["reviewed_by"] == PUBLISH.reviewed_by
    assert entry.data["row"] == 2
    assert entry.revision_id == items().get().latest_revision_id


def test_attachments_are_stored_named_and_counted(imported):
    with_files = [page for page in items() if page.attachments.exists()]
    assert len(with_files) == 3
    for page in with_files:
        document = page.attachments.get().document
        assert document.sha256 == document.file_sha256()
        assert document.file_size == document.file.size
        assert document.collection.name == page.get_parent().title
        assert ReferenceIndex.get_references_to(document).count() == 1
        state = public_states([page.key])[page.key]
        assert state.attachments[0]["sha256"] == document.sha256


def test_one_file_for_two_rows_is_stored_once(tmp_path):
    (tmp_path / "附表.csv").write_bytes(b"a,b\n1,2\n")
    rows = [row(title="甲", attachments="附表.csv"), row(attachments="附表.csv")]
    import_file(write_csv(tmp_path / "f.csv", rows), PUBLISH)
    assert DisclosureDocument.objects.count() == 1
    assert {page.attachments.count() for page in items()} == {1}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "written", ["2026-09-02", "2026/9/2", "2026.09.02", "2026年9月2日", "20260902"]
)
def test_dates_in_the_usual_forms(tmp_path, kind, written):
    path = WRITERS[kind](tmp_path / f"d.{kind}", [row(date_made=written)])
    import_file(path, Options())
    assert items().get().date_made == dt.date(2026, 9, 2)


@pytest.mark.parametrize("cell", [dt.date(2026, 9, 2), dt.datetime(2026, 9, 2), 46267])
def test_dates_of_a_workbook(tmp_path, cell):
    import_file(write_xlsx(tmp_path / "d.xlsx", [row(date_made=cell)]), Options())
    assert items().get().date_made == dt.date(2026, 9, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_a_csv(tmp_path, encoding):
    path = write_csv(tmp_path / "e.csv", [row(title="石桥头村𫗧公示")], encoding)
    import_file(path, Options())
    assert items().get().title == "石桥头村𫗧公示"


def test_slugs_and_labels_keys_and_headings_are_all_taken(tmp_path):
    record = {"标题*": "甲", "category": "FINANCE", "成文日期": "2026-09-02"}
    record |= {"关键词": ["低保", "医保"], "validity": "失效"}
    import_file(write_jsonl(tmp_path / "k.jsonl", [record]), Options())
    page = items().get()
    assert (page.category, page.validity) == ("finance", "expired")
    assert page.keyword_list == ["低保", "医保"]


def test_a_restricted_item_is_never_public(tmp_path, changes):
    private = row(disclosure_mode="依申请公开", disclosure_reason="涉及个人隐私")
    summary = import_file(write_csv(tmp_path / "p.csv", [private]), PUBLISH)
    assert (summary.created, summary.published) == (1, 0)
    assert not items().get().live
    assert not changes


def test_the_office_is_the_named_one_then_the_option_then_the_publisher(
    tmp_path, all_offices
):
    rows = [
        row(title="甲", office="财政所"),
        row(title="乙", office="enforcement"),
        row(title="丙", publisher="应急管理办公室"),
        row(title="丁"),
    ]
    path = write_csv(tmp_path / "o.csv", rows)
    import_file(path, Options())
    parents = {page.title: page.responsible_office.code for page in items()}
    assert parents == {
        **{"甲": "finance", "乙": "enforcement", "丙": "emergency"},
        "丁": "civil-affairs",
    }
    path = write_csv(tmp_path / "o2.csv", [row(title="戊")])
    import_file(path, Options(office="agriculture"))
    assert items().get(title="戊").responsible_office.code == "agriculture"


def test_a_dry_run_writes_nothing(all_offices, changes, capsys):
    before = (Page.objects.count(), DisclosureDocument.objects.count())
    call_command("import_items", str(ITEMS), "--dry-run", "--json")
    summary = json.loads(capsys.readouterr().out)
    assert (summary["ok"], summary["rows"], summary["created"]) == (True, 68, 68)
    assert (Page.objects.count(), DisclosureDocument.objects.count()) == before
    assert not (changes or ImportBatch.objects.exists())


def test_the_same_file_again_changes_nothing(imported, changes):
    revisions, sent = Revision.objects.count(), len(changes)
    summary = import_file(ITEMS, PUBLISH)
    assert (summary.created, summary.updated, summary.unchanged) == (0, 0, 68)
    assert (Revision.objects.count(), len(changes)) == (revisions, sent)


def test_rows_without_any_number_are_not_doubled_either(tmp_path):
    path = write_csv(tmp_path / "n.csv", [row(title="甲"), row(title="乙")])
    import_file(path, Options())
    summary = import_file(path, Options())
    assert (summary.created, summary.unchanged, items().count()) == (0, 2, 2)


class Killed(Exception):
    """Stands for the process dying while it writes."""


def test_an_import_that_broke_off_is_continued(tmp_path, monkeypatch, changes):
    monkeypatch.setattr(importing, "FIRST_PIECE", 10)
    monkeypatch.setattr(importing, "LARGEST_PIECE", 10)
    rows = [row(title=f"第{n}件公示", external_id=f"R-{n}") for n in range(45)]
    path = write_csv(tmp_path / "r.csv", rows)

    def dies(sender, keys, **kwargs):
        if len(changes) == 3:
            raise Killed

    public_state_changed.connect(dies)
    try:
        with pytest.raises(Killed):
            import_file(path, PUBLISH)
    finally:
        public_state_changed.disconnect(dies)
    assert items().count() == 20  # the third piece was taken back as a whole
    assert OutboxEntry.objects.values("key").distinct().count() == 20
    broken_off = ImportBatch.objects.get()
    assert broken_off.state == ImportBatch.State.RUNNING
    summary = import_file(path, PUBLISH)
    assert (summary.created, summary.unchanged) == (25, 20)
    assert summary.batch == str(broken_off.uuid)
    assert items().count() == 45
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.created) == (ImportBatch.State.DONE, 45)
    serials = IndexNumberEntry.objects.order_by("serial")
    assert [entry.serial for entry in serials] == list(range(1, 46))
    assert_sound()


def test_no_piece_is_larger_than_500(tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "QUICK_S", 60)
    monkeypatch.setattr(importing, "SLOW_S", 60)
    rows = [row(title=f"第{n}件", external_id=f"B-{n}", body="") for n in range(1_300)]
    summary = import_file(write_jsonl(tmp_path / "b.jsonl", rows), PUBLISH)
    sizes = [100, 200, 400, 500, 100]
    assert summary.transactions == len(sizes)
    assert_sound()


def test_a_changed_row_is_an_update_of_the_live_item(tmp_path):
    first = write_csv(tmp_path / "1.csv", [row(external_id="U-1", summary="旧")])
    import_file(first, PUBLISH)
    page = items().get()
    second = write_csv(tmp_path / "2.csv", [row(external_id="U-1", summary="新")])
    summary = import_file(second, PUBLISH)
    assert (summary.created, summary.updated, summary.published) == (0, 1, 1)
    page.refresh_from_db()
    assert (page.summary, page.live, page.has_unpublished_changes) == (
        "新",
        True,
        False,
    )
    assert page.revisions.count() == 2
    entries = OutboxEntry.objects.filter(key=page.key)
    assert entries
    assert all(entry.wanted > 1 and entry.pending for entry in entries)


def test_without_publish_an_update_of_a_live_item_is_a_draft(tmp_path):
    import_file(write_csv(tmp_path / "1.csv", [row(external_id="U-1")]), PUBLISH)
    changed = write_csv(tmp_path / "2.csv", [row(external_id="U-1", title="改过的")])
    import_file(changed, Options())
    page = items().get()
    assert (page.live, page.has_unpublished_changes) == (True, True)
    assert page.title != "改过的"
    assert page.get_latest_revision_as_object().title == "改过的"


def test_a_draft_is_published_by_importing_it_again(tmp_path):
    path = write_csv(tmp_path / "1.csv", [row(external_id="U-1")])
    import_file(path, Options())
    summary = import_file(path, PUBLISH)
    assert (summary.updated, summary.published) == (1, 1)
    assert items().get().live
    assert items().get().index_number


def test_columns_that_the_file_lacks_stay_as_they_are(tmp_path):
    full = row(external_id="U-1", summary="概述", keywords="低保")
    import_file(write_jsonl(tmp_path / "1.jsonl", [full]), PUBLISH)
    some = {"external_id": "U-1", "title": "新标题", "category": "work"}
    some["date_made"] = "2026-09-02"
    import_file(write_jsonl(tmp_path / "2.jsonl", [some]), PUBLISH)
    page = items().get()
    assert (page.title, page.summary, page.keywords) == ("新标题", "概述", "低保")
    assert page.body


def test_attachments_are_replaced_by_an_update(tmp_path):
    for name in ("旧.csv", "新.csv"):
        (tmp_path / name).write_text(f"{name},1\n")
    old = row(external_id="U-1", attachments="旧.csv")
    import_file(write_csv(tmp_path / "1.csv", [old]), PUBLISH)
    new = row(external_id="U-1", attachments="新.csv")
    import_file(write_csv(tmp_path / "2.csv", [new]), PUBLISH)
    page = items().get()
    assert [entry.label for entry in page.attachments.all()] == ["新.csv"]


def test_the_same_external_id_of_another_source_is_another_item(tmp_path):
    path = write_csv(tmp_path / "s.csv", [row(external_id="1")])
    import_file(path, Options(source="民政局"))
    import_file(path, Options(source="农业局"))
    assert items().count() == 2


def test_undoing_withdraws_what_is_public_and_deletes_drafts(tmp_path, capsys):
    rows = [row(title="公开的", external_id="1")]
    rows.append(
        row(external_id="2", disclosure_mode="不予公开", disclosure_reason="内部事务")
    )
    path = write_csv(tmp_path / "u.csv", rows)
    batch = import_file(path, PUBLISH).batch
    call_command("import_items", "--undo", batch, "--json")
    result = json.loads(capsys.readouterr().out)
    assert (result["withdrawn"], result["deleted"], result["kept"]) == (1, 1, 0)
    page = items().get()
    assert (page.live, page.title) == (False, "公开的")
    assert page.withdrawn_reason
    assert {entry.lane for entry in OutboxEntry.objects.filter(key=page.key)} == {0}
    assert ImportBatch.objects.get().state == ImportBatch.State.UNDONE
    assert_sound()


def test_undoing_leaves_drafts_that_somebody_worked_on(tmp_path):
    path = write_csv(tmp_path / "u.csv", [row(external_id="1"), row(external_id="2")])
    batch = import_file(path, Options()).batch
    touched = items().first()
    clerk = make_user("clerk")
    touched.save_revision(user=clerk)
    clerk.delete()  # the work stays somebody's
    call_command("import_items", "--undo", batch)
    assert items().get() == touched


def test_undoing_may_be_tried_first(tmp_path):
    path = write_csv(tmp_path / "u.csv", [row()])
    batch = import_file(path, PUBLISH).batch
    call_command("import_items", "--undo", batch, "--dry-run")
    assert items().get().live
    assert ImportBatch.objects.get().state == ImportBatch.State.DONE


def test_an_undone_batch_can_be_imported_again(tmp_path):
    path = write_csv(tmp_path / "u.csv", [row(external_id="1")])
    call_command("import_items", "--undo", import_file(path, PUBLISH).batch)
    summary = import_file(path, PUBLISH)
    assert (summary.ok, summary.published) == (True, 1)
    page = items().get()
    assert (page.live, page.withdrawn_at) == (True, None)


def test_undoing_an_unknown_batch_fails():
    for name in ("nonsense", "6f2b7c1e-3c62-4b53-9d7a-2f0f6f3d5a10"):
        with pytest.raises(CommandError):
            call_command("import_items", "--undo", name)
