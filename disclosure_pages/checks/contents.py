"""Everything a draft would show: its texts, links, tables and pictures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.db.models import CharField, TextField
from wagtail.blocks import StreamValue, StructValue
from wagtail.blocks.list_block import ListValue
from wagtail.contrib.typed_table_block.blocks import TypedTable
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model
from wagtail.models import Page
from wagtail.rich_text import RichText

from cms.numbers import small_int

BREAKS = {
    *("p", "h2", "h3", "h4", "li", "br", "hr", "tr", "div", "section", "figcaption"),
    *("dt", "dd", "caption", "blockquote"),
}
CELLS = {"td", "th"}
ENDS = re.compile(r"\n{2,}")
# What readers never see, or what other checks look at.
NOT_TEXT = {
    *("slug", "url_path", "draft_title", "path", "content_type", "search_description"),
    *("withdrawn_reason", "withdrawn_by_name", "withdrawn_kind", "external_id"),
    *("index_number", "batch_source", "category", "validity", "disclosure_mode"),
    *("reference_kind", "retention", "duplicate_reason", "disclosure_reason"),
    *("source_url", "seo_title", "title", "alias_of", "document_number"),
}


@dataclass
class Contents:
    """What was found, each with the name of the field it stands in."""

    texts: list[tuple[str, str]] = field(default_factory=list)  # (field, text)
    links: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    tables: list[tuple[str, TypedTable]] = field(default_factory=list)
    pictures: list[tuple[str, Any, str]] = field(default_factory=list)


class _RichReader(HTMLParser):
    """Takes text and links out of what the editor stores."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.links: list[tuple[dict[str, str], str]] = []
        self.images: list[dict[str, str]] = []
        self._open: tuple[dict[str, str], int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in BREAKS:
            self.text.append("\n")
        elif tag == "a":
            self._open = (values, len(self.text))
        elif tag == "embed" and values.get("embedtype") == "image":
            self.images.append(values)

    def handle_endtag(self, tag: str) -> None:
        if tag in BREAKS:
            self.text.append("\n")
        elif tag in CELLS:
            self.text.append("\t")
        elif tag == "a" and self._open:
            values, start = self._open
            self.links.append((values, "".join(self.text[start:])))
            self._open = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def contents_of(page: Page) -> Contents:
    """Read every field of the page that a reader would see."""
    contents = Contents()
    for model_field in page._meta.concrete_fields:
        name = model_field.name
        if isinstance(model_field, StreamField):
            _read(contents, name, getattr(page, name))
        elif isinstance(model_field, RichTextField):
            _read_rich(contents, name, getattr(page, name) or "")
        elif isinstance(model_field, CharField | TextField) and name not in NOT_TEXT:
            value = getattr(page, name)
            if isinstance(value, str) and value.strip():
                contents.texts.append((name, value))
    return contents


def body_text(body: StreamValue) -> str:
    """Return the text of a body, tables and all, a line for each paragraph."""
    contents = Contents()
    _read(contents, "body", body)
    return "\n".join(text for _name, text in contents.texts)


def text_of_html(html: str) -> str:
    """Return the text of HTML that holds no scripts or styles."""
    return ENDS.sub("\n", "".join(_read_html(html).text)).strip()


def linked_documents(page: Page) -> dict[int, str]:
    """Return the files that the texts link to, in order: number → field of the text."""
    found: dict[int, str] = {}
    for model_field in page._meta.concrete_fields:
        value = getattr(page, model_field.attname)
        if isinstance(model_field, StreamField):
            value = value.get_prep_value()
        elif not isinstance(model_field, RichTextField):
            continue
        for number in documents_in(value):
            found.setdefault(number, model_field.name)
    return found


def documents_in(stored: Any) -> Iterator[int]:
    """Yield the number of each file that a text links to, as it is stored."""
    if isinstance(stored, str):
        if "linktype" not in stored:
            return
        for values, _shown in _read_html(stored).links:
            number = small_int(values.get("id", ""))
            if values.get("linktype") == "document" and number:
                yield number
    elif isinstance(stored, dict | list):
        for inner in stored.values() if isinstance(stored, dict) else stored:
            yield from documents_in(inner)


def _read(contents: Contents, name: str, value: Any) -> None:
    if isinstance(value, StreamValue):
        for child in value:
            _read(contents, name, child.value)
    elif isinstance(value, RichText):
        _read_rich(contents, name, value.source)
    elif isinstance(value, TypedTable):
        contents.tables.append((name, value))
        contents.texts.append((name, _table_text(value)))
        for row in value.row_data:
            for cell in row["values"]:
                if not isinstance(cell, str):
                    _read(contents, name, cell)
    elif isinstance(value, StructValue):
        _read_struct(contents, name, value)
    elif isinstance(value, ListValue | list | tuple):
        for child in value:
            _read(contents, name, child)
    elif isinstance(value, str) and value.strip():
        contents.texts.append((name, value))


def _read_struct(contents: Contents, name: str, value: StructValue) -> None:
    image = get_image_model()
    for key, child in value.items():
        if isinstance(child, image):
            contents.pictures.append((name, child, str(value.get("alt") or "")))
        elif key != "kind":
            _read(contents, name, child)


def _read_rich(contents: Contents, name: str, source: str) -> None:
    reader = _read_html(source)
    text = ENDS.sub("\n", "".join(reader.text)).strip()
    if text:
        contents.texts.append((name, text))
    contents.links += [(name, values, shown) for values, shown in reader.links]
    contents.pictures += [
        (name, None, unescape(values.get("alt", ""))) for values in reader.images
    ]


def _read_html(source: str) -> _RichReader:
    reader = _RichReader()
    reader.feed(source)
    reader.close()
    return reader


def _table_text(table: TypedTable) -> str:
    rows = [[str(column.get("heading") or "") for column in table.columns]]
    rows += [
        ["" if value is None else str(value) for value in row["values"]]
        for row in table.row_data
    ]
    text = "\n".join("\t".join(row) for row in rows)
    return f"{table.caption}\n{text}" if table.caption else text
