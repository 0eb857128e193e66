import io
import zipfile

import docx
import pikepdf
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from disclosure_pages.intake.cleaning import clean_copy
from disclosure_pages.intake.text import extract_text
from tests.data.make_documents import make_documents

NAME = "ZhangSanAuthor"


def everything(data):
    """All bytes of all parts of an office file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def word_file():
    document = docx.Document()
    document.core_properties.author = NAME
    document.core_properties.last_modified_by = NAME
    document.core_properties.title = NAME
    run = document.add_paragraph().add_run("关于做好救助工作的通知")
    document.add_comment(run, text="请核对", author=NAME, initials="ZS")
    paragraph = document.add_paragraph("正文。")
    paragraph._p.set(
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}rsidR",
        "00AB12CD",
    )
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_a_word_copy_names_nobody_and_says_the_same():
    data = word_file()
    copy = clean_copy(data, "通知.docx").data
    assert NAME.encode() in everything(data)
    assert NAME.encode() not in everything(copy)
    assert b"00AB12CD" not in everything(copy)
    assert extract_text(copy, "a.docx").pages == extract_text(data, "a.docx").pages
    opened = docx.Document(io.BytesIO(copy))
    assert opened.paragraphs[0].text == "关于做好救助工作的通知"
    assert opened.core_properties.author == ""


def test_a_workbook_copy_names_nobody_and_opens():
    book = Workbook()
    book.properties.creator = NAME
    book.active["A1"] = "合计"
    book.active["A1"].comment = Comment("核对", NAME)
    buffer = io.BytesIO()
    book.save(buffer)
    copy = clean_copy(buffer.getvalue(), "表.xlsx").data
    assert NAME.encode() not in everything(copy)
    assert load_workbook(io.BytesIO(copy)).active["A1"].value == "合计"


def test_a_pdf_copy_has_no_properties():
    (made,) = [d for d in make_documents(3, 2) if d.name.endswith("pdf")]
    with pikepdf.open(io.BytesIO(made.data)) as document:
        document.docinfo["/Author"] = NAME
        with document.open_metadata() as metadata:
            metadata["dc:creator"] = [NAME]
        buffer = io.BytesIO()
        document.save(buffer)
    copy = clean_copy(buffer.getvalue(), made.name).data
    with pikepdf.open(io.BytesIO(copy)) as document:
        assert not document.docinfo.keys()
        assert "/Metadata" not in document.Root
    assert NAME.encode() not in copy
    assert extract_text(copy, "a.pdf").pages == extract_text(made.data, "a.pdf").pages


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_photo_loses_its_place_and_maker_but_not_its_upright(orientation):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = NAME, orientation
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(buffer, "JPEG", exif=exif)
    copy = clean_copy(buffer.getvalue(), "a.jpg").data
    with Image.open(io.BytesIO(copy)) as image:
        assert not image.getexif()
        assert image.size == ((40, 20) if orientation == 1 else (20, 40))
    assert NAME.encode() not in copy


def test_a_png_loses_its_texts():
    info = PngInfo()
    info.add_text("Author", NAME)
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    copy = clean_copy(buffer.getvalue(), "a.png").data
    assert NAME.encode() not in copy
    Image.open(io.BytesIO(copy)).load()


@pytest.mark.parametrize("name", ["坏.docx", "坏.pdf", "坏.jpg", "坏.png"])
def test_what_cannot_be_cleaned_has_no_copy_and_a_finding(name):
    heads = {"docx": b"PK\x03\x04", "pdf": b"%PDF-1.7"}
    cleaned = clean_copy(heads.get(name[2:], b"\xff\xd8\xff") + b"broken", name)
    assert cleaned.data is None
    assert [finding.code for finding in cleaned.findings] == ["not_cleaned"]


def test_a_signed_pdf_stays_as_it_is():
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array())
    buffer = io.BytesIO()
    document.save(buffer)
    cleaned = clean_copy(buffer.getvalue(), "章.pdf")
    assert cleaned.data is None
    assert "签章" in cleaned.findings[0].message


def test_plain_text_needs_no_copy():
    assert clean_copy("正文".encode(), "a.txt").findings == []
