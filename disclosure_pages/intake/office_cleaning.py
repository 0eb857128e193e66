"""Removing names and traces from docx, xlsx and pptx, part by part."""

import io
import re
import zipfile

from disclosure_pages.intake.packages import open_package, read_member
from disclosure_pages.intake.results import Limits

HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = b"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/"
EMPTY_PARTS = {
    "docProps/core.xml": HEAD + b'<cp:coreProperties xmlns:cp="' + _PACKAGE + b'"/>',
    "docProps/app.xml": HEAD
    + b'<Properties xmlns="'
    + _OFFICE
    + b'extended-properties"/>',
    "docProps/custom.xml": HEAD
    + b'<Properties xmlns="'
    + _OFFICE
    + b'custom-properties"/>',
}
EPOCH = (1980, 1, 1, 0, 0, 0)
ROOTS = ("word/", "xl/", "ppt/")
_VALUE = rb"(\"[^\"]*\"|'[^']*')"
# Names and accounts of people, wherever comments and changes carry them.
_NAMES = re.compile(
    rb"(\s(?:\w+:)?(?:author|initials|userId|displayName|providerId|userName"
    rb"|lastModifiedBy)\s*=\s*)" + _VALUE
)
_NAMED_PARTS = re.compile(
    r"(?:comments?\w*|people|document|footnotes|endnotes|header|footer|settings|styles"
    r"|persons?|commentAuthors|authors|threadedComments?|workbook|revisionHeaders"
    r"|userNames|glossary|numbering)\d*\.xml$",
    re.IGNORECASE,
)
_COMMENT_AUTHORS = re.compile(rb"(<(?:\w+:)?author>)[^<]*(</(?:\w+:)?author>)")
_AUTHOR_ATTRIBUTES = re.compile(rb"(<(?:\w+:)?cmAuthor\b[^>]*?\sname=)" + _VALUE)
_REVISIONS = re.compile(rb"\sw:rsid\w*\s*=\s*" + _VALUE)
_REVISION_LIST = re.compile(rb"<w:rsids>.*?</w:rsids>", re.DOTALL)
_PATHS = re.compile(rb"(<x15ac:absPath\b[^>]*?\surl=)" + _VALUE)


def clean(data: bytes, limits: Limits) -> bytes:
    """Return the file without properties, names, revision marks and dates of parts."""
    buffer = io.BytesIO()
    with (
        open_package(data, limits) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            content = read_member(source, member.filename, limits)
            info = zipfile.ZipInfo(member.filename, EPOCH)
            info.compress_type = member.compress_type
            target.writestr(info, cleaned_part(member.filename, content))
    return buffer.getvalue()


def cleaned_part(name: str, content: bytes) -> bytes:
    """Return one part without what tells who wrote it."""
    if name in EMPTY_PARTS:
        return EMPTY_PARTS[name]
    if not name.endswith(".xml") or not name.startswith(ROOTS):
        return content
    if name.startswith("word/"):
        content = _REVISION_LIST.sub(b"", _REVISIONS.sub(b"", content))
    if _NAMED_PARTS.search(name) or "omment" in name or "persons/" in name:
        content = _NAMES.sub(rb'\1""', content)
        content = _COMMENT_AUTHORS.sub(rb"\1\2", content)
        content = _AUTHOR_ATTRIBUTES.sub(rb'\1""', content)
        content = _PATHS.sub(rb'\1""', content)
    return content
