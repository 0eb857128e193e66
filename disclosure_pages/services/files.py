"""Storing what is uploaded: a public copy that is served, the original kept apart."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import pikepdf
from django.core.files.base import ContentFile, File
from django.db import transaction
from PIL import Image, ImageOps
from wagtail.models import Collection

from disclosure_pages.choices import TextState
from disclosure_pages.intake.cleaning import public_copy
from disclosure_pages.intake.errors import DAMAGED
from disclosure_pages.models import DisclosureDocument, FileText
from disclosure_pages.services.uploads import check_upload, ending_of


@dataclass(frozen=True)
class Prepared:
    """A file ready to be stored; ``original`` only when the copy differs from it."""

    file: File
    original: File | None = None


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
    try:
        copy = public_bytes(upload, name)
    except (*DAMAGED, pikepdf.PasswordError):
        copy = None
    upload.seek(0)
    if copy is None:
        return Prepared(upload)
    return Prepared(ContentFile(copy, name=name), upload)


def public_bytes(upload: File, name: str) -> bytes | None:
    """Return the copy without hidden metadata; None when the file has none."""
    upload.seek(0)
    copy = public_copy(upload, name)
    if copy is None or len(copy) != upload.size:
        return copy
    upload.seek(0)
    return None if upload.read() == copy else copy


def plain_picture(upload: File) -> bytes | None:
    """Return the picture without place, camera and comments; None when it has none."""
    if ending_of(upload.name) != "webp":
        return public_bytes(upload, upload.name or "")
    upload.seek(0)
    with Image.open(upload) as picture:
        if not {"exif", "xmp"} & set(picture.info):
            return None
        shown, written = ImageOps.exif_transpose(picture), io.BytesIO()
        shown.save(written, "WEBP", quality=92, exif=b"", xmp=b"")
    return written.getvalue()


@transaction.atomic
def store_upload(
    upload: File, title: str, collection: Collection, user: Any
) -> DisclosureDocument:
    """Check and store an upload as a document; its text is taken out later.

    Raises:
        ValidationError: it may not be attached; the message says what to do.
    """
    name = PurePath(upload.name or "").name
    title = (title.strip() or PurePath(name).stem)[:255]
    return store_prepared(prepare(upload), title, collection, user)


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
    if prepared.original:
        document.original = prepared.original
    document.full_clean(exclude=exclude)
    document.save()
    return document


def expect_text(document: DisclosureDocument) -> None:
    """Note that the text of the document is still to be taken out, once per content."""
    if document.sha256:
        FileText.objects.get_or_create(
            sha256=document.sha256, defaults={"state": TextState.WAITING}
        )
