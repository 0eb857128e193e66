"""Export, template and synthetic items: what comes out can go in again."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook
from wagtail.models import Collection

from disclosure_pages.bulk.columns import COLUMNS
from disclosure_pages.bulk.importing import Options, import_file
from disclosure_pages.bulk.synthesis import synthetic_items
from disclosure_pages.choices import Category
from disclosure_pages.demo.organisation import load_offices
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    FileText,
    ImportBatch,
)
from disclosure_pages.public_state import public_states
from disclosure_pages.services.site import setup_site
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.bulk_files import ITEMS, row, write_jsonl
from tests.factories import make_item, make_site
from tests.snapshots import Snapshots, dump, write

pytestmark = pytest.mark.django_db
PUBLISH = Options(publish=True, reviewed_by="周敏")
KINDS = ["xlsx", "csv", "jsonl"]


@pytest.fixture(autouse=True)
def township():
    make_site()


@Snapshots
def found_offices():
    load_offices()
    setup_site()


@Snapshots
def load():
    import_file(ITEMS, PUBLISH)


@pytest.fixture
def empty():
    """The rows of a site with every office and no item."""
    found_offices()
    return dump()


@pytest.fixture
def loaded(empty):
    load()


def exported(path, *arguments):
    call_command("export_items", str(path), *arguments)
    return path


def fingerprints():
    """What the public sees of every item, without what belongs to this database."""
    keys = [page.key for page in DisclosureItemPage.objects.live()]
    return {
        state.metadata["external_id"]: (
            {k: v for k, v in state.metadata.items() if k != "url"},
            state.html,
            [(f["name"], f["sha256"]) for f in state.attachments],
        )
        for state in public_states(keys).values()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_imported_again_changes_nothing(loaded, tmp_path, kind):
    path = exported(tmp_path / f"out.{kind}")
    summary = import_file(path, PUBLISH)
    assert not summary.problems
    assert (summary.created, summary.updated, summary.unchanged) == (0, 0, 68)


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_fills_an_empty_site_with_the_same(loaded, empty, tmp_path, kind):
    before = fingerprints()
    path = exported(tmp_path / f"out.{kind}")
    filled = dump()
    tables = [m._meta.db_table for m in (DisclosureDocument, FileText, Collection)]
    write(filled, empty | {name: filled[name] for name in tables})
    assert not (DisclosureItemPage.objects.exists() or ImportBatch.objects.exists())
    summary = import_file(path, PUBLISH)
    assert (summary.problems, summary.created) == ([], 68)
    assert fingerprints() == before


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "'"])
def test_no_exported_cell_is_a_formula(tmp_path, kind, start):
    title = f"{start}HYPERLINK(1)"
    make_item(title=title, summary=title, external_id="F-1")
    path = exported(tmp_path / f"out.{kind}")
    if kind == "csv":
        cells = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))[1]
    else:
        cells = [cell.value for cell in load_workbook(path).active[2]]
    assert f"'{title}" in cells
    assert not any(str(cell).startswith(("=", "+", "-", "@")) for cell in cells if cell)
    assert import_file(path, PUBLISH).unchanged == 1


def test_cells_of_a_workbook_are_text(tmp_path):
    for title in ("#REF!", "=1", "12"):
        make_item(title=title, external_id=title)
    path = exported(tmp_path / "out.xlsx")
    rows = load_workbook(path).active.iter_rows(min_row=2)
    kinds = {cell.data_type for row in rows for cell in row if cell.value is not None}
    assert kinds == {"s"}
    assert import_file(path, PUBLISH).unchanged == 3


def test_only_public_items_are_exported_unless_drafts_are_asked_for(tmp_path):
    make_item("公开的")
    make_item("草稿", live=False)
    withdraw(make_item("撤回的"), reason="有误", actor_name="周敏")
    titles = lambda path: [  # noqa: E731
        json.loads(line)["title"] for line in path.read_text("utf-8").splitlines()
    ]
    assert titles(exported(tmp_path / "public.jsonl")) == ["公开的"]
    every = titles(exported(tmp_path / "all.jsonl", "--all"))
    assert sorted(every) == sorted(["公开的", "草稿"])


def test_an_export_can_be_narrowed(loaded, tmp_path, capsys):
    call_command(
        *("export_items", str(tmp_path / "f.csv"), "--category", "finance"),
        *("--office", "finance", "--json"),
    )
    count = json.loads(capsys.readouterr().out)["items"]
    assert 0 < count < 68
    with pytest.raises(CommandError):
        call_command("export_items", str(tmp_path / "f.csv"), "--office", "nowhere")


def test_an_export_may_be_tried_first(loaded, tmp_path, capsys):
    call_command("export_items", str(tmp_path / "f.csv"), "--dry-run", "--json")
    assert json.loads(capsys.readouterr().out)["items"] == 68
    assert not list(tmp_path.iterdir())


def test_a_text_too_long_for_a_cell_is_refused_and_nothing_left(tmp_path):
    make_item(text="长" * 40_000)
    with pytest.raises(CommandError, match="jsonl"):
        exported(tmp_path / "long.xlsx")
    assert not list(tmp_path.iterdir())
    assert exported(tmp_path / "long.csv").exists()


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    with pytest.raises(CommandError):
        exported(tmp_path / "out.xls")


def test_the_template_has_every_column_and_its_choices(tmp_path):
    path = tmp_path / "模板.xlsx"
    call_command("import_template", str(path))
    book = load_workbook(path)
    assert book.sheetnames == ["公开信息", "填写说明"]
    sheet = book["公开信息"]
    headings = [cell.value for cell in sheet[1]]
    assert headings == [column.heading for column in COLUMNS]
    assert {"标题*", "类别*", "成文日期*", "索引号", "外部编号"} <= set(headings)
    rules = [rule.formula1 for rule in sheet.data_validations.dataValidation]
    labels = ",".join(str(label) for label in Category.labels)
    assert f'"{labels}"' in rules
    assert len(rules) == 3


def test_the_untouched_template_imports_nothing(tmp_path):
    path = tmp_path / "t.xlsx"
    call_command("import_template", str(path))
    (found,) = import_file(path, Options()).problems
    assert "没有数据行" in found.reason


def test_a_filled_template_is_imported(tmp_path):
    path = tmp_path / "t.xlsx"
    call_command("import_template", str(path))
    book = load_workbook(path)
    sheet = book["公开信息"]
    places = {cell.value.rstrip("*"): cell.column for cell in sheet[1]}
    values = {"标题": "甲", "类别": "财政管理", "成文日期": "2026-09-02"}
    for label, value in values.items():
        sheet.cell(row=3, column=places[label], value=value)
    book.save(path)
    summary = import_file(path, Options())
    assert (summary.problems, summary.created) == ([], 1)
    assert DisclosureItemPage.objects.get().category == "finance"


def test_a_template_needs_a_folder_and_the_right_ending(tmp_path):
    for name in ("t.csv", "nowhere/t.xlsx"):
        with pytest.raises(CommandError):
            call_command("import_template", str(tmp_path / name))


def test_synthetic_items_are_the_same_for_a_seed_and_varied():
    some = list(synthetic_items(600, seed=3))
    assert some[:100] == list(synthetic_items(100, seed=3))
    assert some[:100] != list(synthetic_items(100, seed=4))
    assert len({item["title"] for item in some}) > 590
    lengths = {len(item["title"]) for item in some}
    assert len(lengths) > 10  # equal lengths would make any ranking by length blind
    offices = [item["office"] for item in some]
    assert offices.count("civil-affairs") > 3 * offices.count("service-center")
    assert {item["category"] for item in some} == set(Category.values)


def test_synthetic_items_pass_the_import(empty, tmp_path, capsys):
    path = tmp_path / "g.jsonl"
    call_command("generate", "150", str(path), "--seed", "5")
    assert import_file(path, Options(dry_run=True)).good == 150
    call_command("generate", "40", "--import", "--json")
    assert json.loads(capsys.readouterr().out)["created"] == 40
    with pytest.raises(CommandError):
        call_command("generate", "5", "--publish")


def test_synthetic_items_go_to_standard_output(capsys):
    call_command("generate", "3", "--seed", "2")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == list(synthetic_items(3, seed=2))


def test_an_import_of_a_file_made_elsewhere_keeps_its_external_id(tmp_path):
    path = write_jsonl(tmp_path / "x.jsonl", [row(external_id="民〔2026〕3号/甲")])
    import_file(path, Options())
    assert DisclosureItemPage.objects.get().external_id == "民〔2026〕3号/甲"
