"""Small workbooks whose cells lie far away, written as no program writes them."""

import io
import zipfile

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
CELL = "<v>1</v>"
ROWS = {
    "far": f'<row r="1048576"><c r="XFD1048576">{CELL}</c></row>',
    "quotes": f"<row r='1048576'><c r='XFD1048576'>{CELL}</c></row>",
    "small letters": f'<row r="9"><c r="xfd1048576">{CELL}</c></row>',
    "row without cell references": f'<row r="1048576">{"<c/>" * 9}<c>{CELL}</c></row>',
    "one on": f'<row r="900"><c r="XFC900"/><c>{CELL}</c></row>',
    "one on in its own row": f'<row r="900000"><c r="Z1"/><c>{CELL}</c></row>',
    "prefix": f'<x:row xmlns:x="{MAIN}"><x:c r="ZZ900000"><x:v>1</x:v></x:c></x:row>',
    "text": '<row r="900000"><c r="ZZ900000" t="inlineStr"><is><t>x</t></is></c></row>',
}


def sheet_of(rows):
    """A sheet that says it is one cell large."""
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><dimension ref="A1"/>'
        f'<sheetData><row r="1"><c r="A1">{CELL}</c></row>{rows}</sheetData>'
        "</worksheet>"
    )


def repacked(change):
    """A workbook whose parts a function changed; it gets {name: bytes}."""
    book, out = io.BytesIO(), io.BytesIO()
    plain = Workbook()
    plain.active.append(["标题*"])
    plain.save(book)
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def far_book(rows=ROWS["far"]):
    """A workbook of a few kB with these rows below the first."""
    return repacked(lambda parts: parts.update({SHEET: sheet_of(rows).encode()}))


def under_another_name(name):
    """The sheet lies under a name that only the workbook's links tell."""

    def change(parts):
        parts[f"xl/{name}"] = sheet_of(ROWS["far"]).encode()
        links = parts["xl/_rels/workbook.xml.rels"].decode()
        links = links.replace("/xl/worksheets/sheet1.xml", name)
        parts["xl/_rels/workbook.xml.rels"] = links.encode()

    return repacked(change)


def longer_than_it_says():
    """The directory says that the sheet ends before its far cell."""
    head = f'<worksheet xmlns="{MAIN}"/>'.encode()
    content = head + sheet_of(ROWS["far"]).encode()
    book = bytearray(repacked(lambda parts: parts.update({SHEET: content})))
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        info = archive.getinfo(SHEET)
    directory = book.index(b"PK\x01\x02")
    place = book.index(SHEET.encode(), directory) - 46
    book[place + 24 : place + 28] = len(head).to_bytes(4, "little")
    crc = zipfile.crc32(head)
    book[place + 16 : place + 20] = crc.to_bytes(4, "little")
    assert info.file_size == len(content)
    return bytes(book)


def far_ods():
    """An ods of a few hundred bytes: rows that repeat, then one that says something."""
    schema = "urn:oasis:names:tc:opendocument:xmlns"
    names = " ".join(f'xmlns:{n}="{schema}:{n}:1.0"' for n in ("office", "table"))
    rows = (
        '<table:table-row table:number-rows-repeated="1048575"/><table:table-row>'
        '<table:table-cell table:number-columns-repeated="16383"/>'
        '<table:table-cell office:value-type="float" office:value="1"/>'
        "</table:table-row>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            f"<table:table>{rows}</table:table></office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return out.getvalue()


def locked_book():
    """A workbook whose parts claim to be encrypted."""
    return _flagged(6, 8, b"\x01\x00")


def laughing_book(part):
    """A workbook one of whose parts defines entities, one of them a file of ours."""
    entities = (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        b'<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&b;&f;</x>'
    )
    return repacked(lambda parts: parts.update({part: entities}))


def oddly_packed_book():
    """A workbook packed in a way that nobody unpacks."""
    return _flagged(8, 10, b"\x63\x00")


def _flagged(local, central, value):
    book = bytearray(repacked(lambda parts: None))
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        place = book.find(signature)
        while place >= 0:
            book[place + offset : place + offset + 2] = value
            place = book.find(signature, place + 4)
    return bytes(book)
