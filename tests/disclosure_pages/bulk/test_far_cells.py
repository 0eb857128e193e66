"""A cell far away costs a reader more memory than there is: it is never given one."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from disclosure_pages import catalogue_sheet
from disclosure_pages.bulk import workbooks
from disclosure_pages.bulk.extents import check_extents
from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.bulk.reading import read_table
from disclosure_pages.catalogue_sheet import read_catalogue
from disclosure_pages.desk.loading import package
from disclosure_pages.desk.loading.package import inspect_sheet
from disclosure_pages.intake import sheets
from disclosure_pages.intake.text import extract_text
from tests.disclosure_pages.bulk import far_cells
from tests.disclosure_pages.bulk.far_cells import CELL, ROWS, far_book


@pytest.fixture(autouse=True)
def no_reader(monkeypatch):
    """Whoever hands such a file to the reader fails, before it takes the memory."""

    class Reader:
        from_path = from_filelike = staticmethod(
            lambda _file: pytest.fail("the reader got it")
        )

    for module in (workbooks, catalogue_sheet, package, sheets):
        monkeypatch.setattr(module, "CalamineWorkbook", Reader)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "far.xlsx"
    found.write_bytes(far_book())
    return found


def check(content):
    check_extents(io.BytesIO(content), "a.xlsx")


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_however_it_is_written(rows):
    content = far_book(rows)
    assert len(content) < 10_000
    with pytest.raises(UnreadableFile, match="表格太大"):
        check(content)


@pytest.mark.parametrize("name", ["a.bin", "media/a.png", "sub/../a.part", "B.VML"])
def test_wherever_it_lies(name):
    with pytest.raises(UnreadableFile, match="表格太大"):
        check(far_cells.under_another_name(name))


def test_whatever_the_directory_says():
    with pytest.raises(workbooks.UNREADABLE):
        check(far_cells.longer_than_it_says())


def test_a_part_that_unpacks_to_more_than_it_says(monkeypatch):
    monkeypatch.setattr("disclosure_pages.bulk.extents.MAX_UNPACKED", 100_000)

    def change(parts):
        parts["xl/media/a.png"] = b"0" * 200_000

    book = bytearray(far_cells.repacked(change))
    size = (200_000).to_bytes(4, "little")
    assert book.count(size) == 2
    with pytest.raises(UnreadableFile, match="500 MB"):
        check(bytes(book.replace(size, (9).to_bytes(4, "little"))))


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1048576"><c r="XFD1048576" s="1"/></row>',  # only a border
        f'<row r="20000"><c r="GR20000">{CELL}</c></row>',
    ],
)
def test_what_a_table_may_have(rows):
    check(far_book(rows))


@pytest.mark.parametrize("read", [read_table, read_catalogue, inspect_sheet])
def test_every_reader_asks_first(path, read):
    with pytest.raises(UnreadableFile, match="第 1048576 行、第 16384 列"):
        read(path)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["import_items", "import_catalogue"])
def test_the_commands_say_so(path, command):
    with pytest.raises(CommandError):
        call_command(command, str(path))


def test_an_attached_workbook_is_not_read_either():
    found = extract_text(far_book(), "far.xlsx")
    assert "表格太大" in found.message


def test_an_attached_ods_is_not_read_either():
    found = extract_text(far_cells.far_ods(), "far.ods")
    assert "第 1048576 行" in found.message
