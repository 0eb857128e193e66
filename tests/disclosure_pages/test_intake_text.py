import io
import zipfile

import docx
import pikepdf
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from disclosure_pages.choices import TextState
from disclosure_pages.intake.results import Limits
from disclosure_pages.intake.text import extract_text
from tests.data.make_documents import make_documents

REAL = make_documents(3, 2)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zipped(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def with_part(data, name, content):
    """The same zip with one more part."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def word(*paragraphs):
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return document


def codes(found):
    return [finding.code for finding in found.findings]


def test_word_paragraphs_and_tables_come_in_order():
    document = word("甲")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "乙", "丙"
    document.add_paragraph("丁")
    found = extract_text(saved(document), "a.docx")
    assert (found.state, found.kind) == (TextState.OK, "docx")
    assert found.pages == ["甲\n乙\t丙\n丁"]


def test_macros_and_embedded_objects_are_reported():
    data = with_part(saved(word("甲")), "word/vbaProject.bin", b"x")
    data = with_part(data, "word/embeddings/oleObject1.bin", b"x")
    found = extract_text(data, "a.docx")
    assert codes(found) == ["macros", "embedded"]
    assert found.state == TextState.OK
    assert "docx" in found.findings[0].message


def test_tracked_changes_read_as_accepted_and_are_reported():
    document = word("原文")
    document.paragraphs[0]._p.append(
        parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>新增</w:t></w:r></w:ins>")
    )
    document.paragraphs[0]._p.append(
        parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>删</w:delText></w:r></w:del>")
    )
    found = extract_text(saved(document), "a.docx")
    assert found.text == "原文新增"
    assert codes(found) == ["tracked_changes"]
    assert "2 处修订" in found.findings[0].message


def test_comments_are_reported_and_their_text_is_checked_too():
    document = word("原文")
    document.add_comment(document.paragraphs[0].runs, text="批注里的话", author="甲")
    found = extract_text(saved(document), "a.docx")
    assert codes(found) == ["comments"]
    assert "批注里的话" in found.text


def test_an_empty_word_file_is_empty():
    assert extract_text(saved(docx.Document()), "a.docx").state == TextState.EMPTY


def pdf_of(pages=1, **encryption):
    document = pikepdf.new()
    for _page in range(pages):
        document.add_blank_page()
    buffer = io.BytesIO()
    document.save(buffer, **encryption)
    return buffer.getvalue()


def test_each_bad_pdf_has_a_sentence_of_its_own():
    locked = pdf_of(encryption=pikepdf.Encryption(owner="a", user="b"))
    limits = Limits(file_size=5000, pages=3)
    found = {
        "scan": extract_text(pdf_of(), "a.pdf"),
        "encrypted": extract_text(locked, "a.pdf"),
        "broken": extract_text(b"%PDF-1.7\nnothing", "a.pdf"),
        "long": extract_text(pdf_of(5), "a.pdf", limits),
        "large": extract_text(pdf_of() + b" " * 9000, "a.pdf", limits),
    }
    states = {name: result.state for name, result in found.items()}
    assert states == {
        **{"scan": TextState.SCAN, "encrypted": TextState.ENCRYPTED},
        **dict.fromkeys(("broken", "long", "large"), TextState.FAILED),
    }
    messages = [result.message for result in found.values()]
    assert len(set(messages)) == 5
    assert all("请" in message for message in messages)


def test_a_pdf_with_text_is_read_page_by_page():
    (made,) = [d for d in REAL if d.name.endswith("pdf")]
    found = extract_text(made.data, made.name)
    assert found.state == TextState.OK
    assert made.title.replace("\n", "")[:8] in found.text.replace("\n", "")


def test_a_workbook_gives_a_page_per_sheet_and_names_hidden_ones():
    book = Workbook()
    book.active.append(["姓名", 12345678901, 1.5])
    hidden = book.create_sheet("底稿")
    hidden.append(["内部"])
    hidden.sheet_state = "hidden"
    found = extract_text(saved(book), "a.xlsx")
    assert found.pages == ["姓名\t12345678901\t1.5", "内部"]
    assert codes(found) == ["hidden_sheets"]
    assert "底稿" in found.findings[0].message


def test_a_hundred_thousand_empty_rows_hide_nothing():
    book = Workbook()
    book.active["A1"], book.active["C100000"] = "姓名", "最后一行"
    assert extract_text(saved(book), "a.xlsx").pages == ["姓名\n\t\t最后一行"]


@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.xlsx"])
def test_what_is_too_long_to_read_is_said(name):
    book = Workbook()
    book.active.append(["长" * 300])
    data = {"a.txt": ("长" * 300).encode(), "a.docx": saved(word("长" * 300))}
    found = extract_text(data.get(name, saved(book)), name, Limits(characters=100))
    assert found.state == TextState.OK
    assert codes(found) == ["truncated"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_in_any_usual_encoding(encoding):
    found = extract_text("云溪镇，低保名单".encode(encoding), "a.csv")
    assert found.text.lstrip("\ufeff") == "云溪镇，低保名单"


def test_a_zip_lists_its_members_and_reads_them():
    data = zipped(**{"名单.txt": "正文".encode(), "装.exe": b"MZ"})
    found = extract_text(data, "a.zip")
    assert found.pages == ["名单.txt\n装.exe", "正文"]
    assert codes(found) == ["program"]


def test_names_written_by_chinese_windows_are_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("XXXX.txt", "正文".encode())
    data = buffer.getvalue().replace(b"XXXX", "名单".encode("gbk"))
    assert extract_text(data, "a.zip").pages[0] == "名单.txt"


def test_zips_within_zips_end_somewhere():
    data = b"text"
    for _level in range(6):
        data = zipped(inner__zip=data)
    found = extract_text(data, "a.zip")
    assert found.state == TextState.OK
    assert "套得太深" in found.findings[0].message


@pytest.mark.parametrize(
    "limits",
    [Limits(members=3), Limits(unpacked=30), Limits(member_size=9)],
    ids=["members", "unpacked", "member_size"],
)
def test_a_zip_is_opened_only_within_its_limits(limits):
    data = zipped(**{f"{number}.txt": b"0123456789" for number in range(4)})
    assert extract_text(data, "a.zip").state == TextState.OK
    found = extract_text(data, "a.zip", limits)
    assert found.state == TextState.FAILED
    assert "请" in found.message


def test_a_zip_with_a_password_says_so():
    data = bytearray(zipped(**{"a.txt": b"text"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    assert extract_text(bytes(data), "a.zip").state == TextState.ENCRYPTED


def test_a_member_that_lies_about_its_size_is_not_read_to_its_end():
    data = zipped(**{"a.txt": b"0" * 5_000})
    lie = data.replace((5_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    found = extract_text(lie, "a.zip", Limits(member_size=100))
    assert found.state == TextState.OK
    assert len(found.pages[-1]) <= 100


def test_a_pdf_that_takes_too_long_is_read_in_part_and_says_so():
    (made,) = [d for d in REAL if d.name.endswith("pdf")]
    whole, page = pikepdf.new(), pikepdf.open(io.BytesIO(made.data))
    for _copy in range(3):
        whole.pages.append(page.pages[0])
    data = saved(whole)
    assert len(extract_text(data, "a.pdf").pages) == 3
    found = extract_text(data, "a.pdf", Limits(seconds=-1.0))
    assert (found.state, len(found.pages)) == (TextState.OK, 1)
    assert codes(found) == ["truncated"]


@pytest.mark.parametrize("name", ["a.zip", "a.docx", "a.xlsx"])
def test_a_bomb_is_not_unpacked(name):
    parts = {"a.zip": "big.txt", "a.docx": "word/document.xml"}
    part = parts.get(name, "xl/workbook.xml")
    found = extract_text(zipped(**{part: b"0" * 30 * 1024**2}), name)
    assert found.state == TextState.FAILED
    assert "没有打开" in found.message


def test_entities_in_a_word_file_are_refused():
    xml = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    found = extract_text(zipped(**{"word/document.xml": xml}), "a.docx")
    assert found.state == TextState.FAILED


def test_an_encrypted_word_file_says_so():
    data = OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    found = extract_text(data, "a.docx")
    assert found.state == TextState.ENCRYPTED
    assert "密码" in found.message


@pytest.mark.parametrize(
    ("name", "word"), [("a.doc", "docx"), ("a.wps", "docx"), ("a.ofd", "OFD")]
)
def test_formats_without_a_reader_say_what_to_do(name, word):
    found = extract_text(OLE + b"\0" * 600 if name != "a.ofd" else b"x", name)
    assert found.state == TextState.UNSUPPORTED
    assert word in found.message


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["docx", "xlsx", "xls", "pptx", "pdf", "zip", "txt", "csv", "ods"]),
    st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.4\n", OLE, b"\xff\xfe"]),
    st.binary(max_size=400),
)
def test_no_bytes_raise(ending, head, rest):
    found = extract_text(head + rest, f"a.{ending}")
    assert found.state == TextState.OK or found.message


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_real_file_raises_nothing(data):
    made = REAL[data.draw(st.integers(0, 1))]
    place = data.draw(st.integers(0, len(made.data) - 1))
    cut = made.data[:place] + data.draw(st.binary(max_size=20)) + made.data[place + 9 :]
    found = extract_text(cut, made.name)
    assert found.state == TextState.OK or found.message
