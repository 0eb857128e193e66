"""Storing what is uploaded: a public copy that is served, the original kept apart."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile, File
from PIL import Image, ImageOps
from wagtail.models import Collection

from disclosure_pages.choices import TextState
from disclosure_pages.intake.cleaning import clean_copy
from disclosure_pages.intake.results import Finding
from disclosure_pages.models import DisclosureDocument, FileText
from disclosure_pages.services.uploads import check_upload, ending_of


@dataclass(frozen=True)
class Prepared:
    """A file ready to be stored; ``original`` only when the copy differs from it.

    ``findings`` say why there is no copy without the author's name, if there is none.
    """

    file: File
    original: File | None = None
    findings: tuple[Finding, ...] = ()

    def mark(self, document: DisclosureDocument) -> None:
        """Let the document keep the original and what was found, once it is saved."""
        if self.original:
            document.original = self.original
        document.copy_findings = tuple(found.as_dict() for found in self.findings)


def prepare(upload: File) -> Prepared:
    """Check an upload and make its public copy.

    Raises:
        ValidationError: it may not be attached; the message says what to do.
    """
    check_upload(upload)
    return with_copy(upload)


def with_copy(upload: File) -> Prepared:
    """Make the public copy of a file; one that cannot be read is left as it is."""
    name = PurePath(upload.name or "").name
    upload.seek(0)
    cleaned = clean_copy(upload, name)
    findings = tuple(cleaned.findings)
    if cleaned.data is None or _holds(upload, cleaned.data):
        upload.seek(0)
        return Prepared(upload, findings=findings)
    upload.seek(0)
    return Prepared(ContentFile(cleaned.data, name=name), upload, findings)


def _holds(upload: File, data: bytes) -> bool:
    """Whether these are the very bytes of the upload."""
    upload.seek(0)
    return len(data) == upload.size and upload.read() == data


def plain_picture(upload: File) -> bytes | None:
    """Return the picture without place, camera and comments; None when it has none."""
    upload.seek(0)
    if ending_of(upload.name) != "webp":
        copy = clean_copy(upload, upload.name or "").data
        return None if copy is None or _holds(upload, copy) else copy
    with Image.open(upload) as picture:
        if not {"exif", "xmp"} & set(picture.info):
            return None
        shown, written = ImageOps.exif_transpose(picture), io.BytesIO()
        shown.save(written, "WEBP", quality=92, exif=b"", xmp=b"")
    return written.getvalue()


def store_prepared(
    prepared: Prepared,
    title: str,
    collection: Collection,
    user: Any,
    *,
    exclude: Sequence[str] = (),
) -> DisclosureDocument:
    """Store a prepared file; ``exclude`` names fields that need not be valid."""
    document = DisclosureDocument(
        title=title,
        file=prepared.file,
        collection=collection,
        uploaded_by_user=user,
        file_size=prepared.file.size,
    )
    prepared.mark(document)
    document.full_clean(exclude=exclude)
    document.save()
    return document


def expect_text(document: DisclosureDocument) -> None:
    """Note that the text of the document is still to be taken out, once per content.

    What was found when its public copy was made is kept with it.
    """
    if document.sha256:
        findings = list(document.copy_findings)
        FileText.objects.get_or_create(
            sha256=document.sha256,
            defaults={"state": TextState.WAITING, "findings": findings},
        )
