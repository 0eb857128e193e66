"""`collectstatic`: what pages ask for is compressed, once, whole or not at all."""

import gzip

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

SHEET = "p { color: black }\n" * 50


@pytest.fixture
def collect(settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "sheet.css").write_text(SHEET)
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = [
        "django.contrib.staticfiles.finders.FileSystemFinder"
    ]
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "cms.static_files.StaticFiles"}
    }

    def run():
        call_command("collectstatic", "--no-input", verbosity=0)
        return settings.STATIC_ROOT / staticfiles_storage.stored_name("sheet.css")

    return run


def beside(path, suffix):
    return path.with_name(path.name + suffix)


def test_the_file_that_pages_ask_for_is_compressed(collect):
    sheet = collect()
    assert gzip.decompress(beside(sheet, ".gz").read_bytes()).decode() == SHEET
    assert beside(sheet, ".br").stat().st_size < len(SHEET) / 10
    assert list(sheet.parent.glob("*.part")) == []


def test_the_copy_under_the_plain_name_is_not(collect):
    plain = collect().with_name("sheet.css")
    assert plain.read_text() == SHEET
    assert not beside(plain, ".gz").exists()


def test_what_is_compressed_stays(collect):
    kept = beside(collect(), ".br")
    before = kept.stat().st_ino
    collect()
    assert kept.stat().st_ino == before


def test_what_an_interruption_left_is_finished(collect):
    sheet = collect()
    beside(sheet, ".gz").unlink()
    beside(sheet, ".gz.part").write_bytes(b"half")
    collect()
    assert gzip.decompress(beside(sheet, ".gz").read_bytes()).decode() == SHEET
    assert not beside(sheet, ".gz.part").exists()


def test_a_changed_file_is_compressed_under_a_new_name(collect, tmp_path):
    first = collect()
    (tmp_path / "source/sheet.css").write_text(SHEET * 2)
    second = collect()
    assert first != second
    assert gzip.decompress(beside(second, ".gz").read_bytes()).decode() == SHEET * 2
