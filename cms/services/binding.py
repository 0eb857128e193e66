"""What a review is bound to: the text, and the files and pictures with their words."""

import hashlib
from typing import Any

from wagtail.models import Page, Revision

from cms.audit.events import canonical


def content_hash(revision: Revision) -> str:
    """Return the SHA-256 of a revision's content; it must be freshly read."""
    return hashlib.sha256(canonical(revision.content).encode()).hexdigest()


def named_files(page: Page) -> list[dict[str, Any]]:
    """Return every file and picture that a draft names, in order: words and content."""
    files = page.named_files() if hasattr(page, "named_files") else []
    pictures = page.named_pictures() if hasattr(page, "named_pictures") else []
    return [
        {
            "name": file.label,
            "file": file.document.filename,
            "bytes": file.document.file_size or 0,
            "sha256": file.document.sha256,
        }
        for file in files
    ] + [_picture(image) for image in pictures]


def _picture(image: Any) -> dict[str, Any]:
    try:
        size, sha256 = image.file.size, image.file_sha256()
    except OSError:  # its bytes are gone
        size, sha256 = 0, ""
    words = image.description or image.title
    return {"name": words, "file": image.filename, "bytes": size, "sha256": sha256}
