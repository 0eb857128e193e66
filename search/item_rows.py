"""Found documents as the rows that feeds, exports and print lists are made of."""

from datetime import date
from urllib.parse import urlsplit

from django.urls import reverse

from disclosure_pages.item_rows import ItemRow, shown_moment

from .documents import SearchDocument

SUMMARY = 200  # characters of the text


def path_of(document: SearchDocument) -> str:
    """Address on this site, also when another authority published it."""
    origin, dot, key = document.key.partition(".")
    if dot:
        return reverse("external_item", args=[origin, key])
    return urlsplit(document.url).path


def row_of(document: SearchDocument) -> ItemRow:
    """Return the row of what was found; pages of every kind have one."""
    published = _day(document.date_published)
    return ItemRow(
        key=document.key,
        title=document.title,
        url=path_of(document),
        index_number=document.index_number,
        category=document.category,
        document_number=document.document_number,
        publisher=document.publisher,
        office=document.office_label or document.origin_label,
        date_made=_day(document.date_made),
        date_published=published,
        validity=document.validity,
        summary=document.text[:SUMMARY],
        published_at=shown_moment(published, None),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
