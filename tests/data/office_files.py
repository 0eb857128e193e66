"""Writing small but valid docx, xlsx and pdf files, the same bytes each time."""

import datetime as dt
import io
import zipfile
from html import escape
from pathlib import Path

from openpyxl import Workbook

EPOCH = (2026, 1, 1, 0, 0, 0)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def write_zip(path: Path, parts: dict[str, bytes]) -> None:
    """Write a zip whose bytes do not depend on the clock."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def save_workbook(book: Workbook, path: Path) -> None:
    """Save a workbook without the time of saving in it."""
    book.properties.creator = "云溪镇人民政府"
    book.properties.created = book.properties.modified = dt.datetime(*EPOCH)
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    core = parts["docProps/core.xml"].decode()
    start = core.index("<dcterms:modified")
    end = core.index("</dcterms:modified>")
    kept = core[start : core.index(">", start) + 1] + "2026-01-01T00:00:00Z"
    parts["docProps/core.xml"] = (core[:start] + kept + core[end:]).encode()
    write_zip(path, parts)


def xlsx(path: Path, title: str, rows: list[list[object]]) -> None:
    """Write one sheet: a title, then the rows."""
    book = Workbook()
    sheet = book.active
    sheet.title = title[:28]
    sheet.append([title])
    for row in rows:
        sheet.append(row)
    save_workbook(book, path)


def docx(path: Path, title: str, paragraphs: list[str]) -> None:
    """Write a document of plain paragraphs."""
    lines = "".join(
        f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"
        for text in [title, *paragraphs]
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{relations}"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}.main+xml"/>'
        "</Types>",
        "_rels/.rels": f'{head}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'{head}<w:document xmlns:w="{WORD}">'
        f"<w:body>{lines}</w:body></w:document>",
    }
    write_zip(path, {name: text.encode() for name, text in parts.items()})


def pdf(path: Path, lines: list[str]) -> None:
    """Write one page; the font is one that every reader brings for Chinese."""
    shown = "".join(
        f"<{line.encode('utf-16-be').hex()}> Tj 0 -24 Td\n" for line in lines
    )
    stream = f"BT /F1 14 Tf 60 780 Td\n{shown}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light "
        b"/Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> "
        b"/FontDescriptor 7 0 R /DW 1000 >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 "
        b"/FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 "
        b"/CapHeight 880 /StemV 93 >>",
    ]
    output = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        output += b"%010d 00000 n \n" % offset
    output += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    path.write_bytes(output)
