"""Which files public pages and received items name now, and where they are opened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from disclosure_pages.external_views import file_url
from disclosure_pages.models import (
    AnnualReportPage,
    DisclosureDocument,
    ExternalAttachment,
    ItemAttachment,
)
from disclosure_pages.public_state import (
    publicly_visible,
    visible_external,
    visible_pages,
)

AT_ONCE = 500


@dataclass(frozen=True)
class AttachedFile:
    """A file under the name by which the page or item ``key`` shows it."""

    key: str
    name: str
    filename: str
    sha256: str
    url: str


def attached_files(keys: Iterable[str]) -> list[AttachedFile]:
    """Return the files of what is public now, in their order; two or three queries."""
    keys = publicly_visible(keys)
    uuids = [UUID(key) for key in keys if len(key) == 32]
    foreign = {key for key in keys if "." in key}
    found = list(_of_pages(uuids)) if uuids else []
    return [*found, *(_received(foreign) if foreign else ())]


def keys_naming(hashes: Iterable[str]) -> set[str]:
    """Return the keys of what is public and names a file of these contents."""
    wanted, found = sorted(set(hashes)), set()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        items = ItemAttachment.objects.filter(
            document__sha256__in=some, page__live=True
        )
        reports = visible_pages(AnnualReportPage).filter(document__sha256__in=some)
        uuids = [
            *items.values_list("page__translation_key", flat=True),
            *reports.values_list("translation_key", flat=True),
        ]
        received = visible_external().filter(attachments__file__sha256__in=some)
        found |= {uuid.hex for uuid in uuids}
        pairs = received.values_list("origin", "key")
        found |= {f"{origin}.{key}" for origin, key in pairs}
    return publicly_visible(found) if found else set()


def _of_pages(uuids: list[UUID]) -> Iterator[AttachedFile]:
    rows = ItemAttachment.objects.filter(page__translation_key__in=uuids)
    rows = rows.annotate(key=F("page__translation_key")).order_by("page", "sort_order")
    for row in rows.select_related("document"):
        yield _file(row.key.hex, row.label, row.document)
    reports = AnnualReportPage.objects.filter(translation_key__in=uuids)
    for page in reports.exclude(document=None).select_related("document"):
        yield _file(page.key, page.document.title, page.document)


def _file(key: str, name: str, document: DisclosureDocument) -> AttachedFile:
    return AttachedFile(key, name, document.filename, document.sha256, document.url)


def _received(keys: set[str]) -> Iterator[AttachedFile]:
    rows = ExternalAttachment.objects.filter(
        item__in=visible_external().filter(key__in=[k.split(".", 1)[1] for k in keys])
    )
    for row in rows.select_related("item", "file"):
        if row.item.full_key in keys:
            sha256 = row.file.sha256
            url = file_url(sha256, row.name)
            yield AttachedFile(row.item.full_key, row.name, row.name, sha256, url)
