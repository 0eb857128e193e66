"""Storing the attachments of imported items: once for each content and name.

As with any upload, what is served is a copy without names and traces; the original is
kept beside it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Q
from wagtail.models import Collection

from disclosure_pages.bulk.existing import pieces
from disclosure_pages.bulk.staged import StagedFile
from disclosure_pages.models import DisclosureDocument
from disclosure_pages.services.files import with_copy

MAX_NAME = 60  # of the 100 characters that the file field holds


@dataclass(frozen=True)
class Stored:
    """The copy that is served, and what was found when it was made."""

    sha256: str
    bytes: int
    original: str = ""
    findings: tuple[dict[str, str], ...] = ()


class Filing:
    """Documents by (content, name); files are stored before any write lock is taken.

    The path names the content that was given, so that a broken-off import stores
    nothing twice, and the same file again is the same document.
    """

    def __init__(self, files: Iterable[StagedFile]) -> None:
        self.documents: dict[tuple[str, str], DisclosureDocument] = {}
        self._stored: dict[str, Stored] = {}
        given = {_path(file): file.sha256 for file in files}
        for piece in pieces(sorted(given)):
            for document in DisclosureDocument.objects.filter(
                Q(file__in=piece) | Q(sha256__in={given[path] for path in piece})
            ):
                content = given.get(document.file.name, document.sha256)
                self.documents.setdefault((content, document.title), document)
        root = Collection.get_first_root_node()
        self._root = root
        self._collections = {child.name: child for child in root.get_children()}

    def store(self, file: StagedFile) -> None:
        """Put the bytes where the document will find them."""
        if (file.sha256, file.name) in self.documents:
            return
        path, kept = _path(file), _path(file, "originals")
        if path in self._stored:
            return
        with file.path.open("rb") as content:
            prepared = with_copy(File(content, name=file.name))
            if prepared.original and not default_storage.exists(kept):
                default_storage.save(kept, prepared.original)
            if not default_storage.exists(path):
                default_storage.save(path, prepared.file)
        self._stored[path] = Stored(
            *_measured(path),
            original=kept if prepared.original else "",
            findings=tuple(found.as_dict() for found in prepared.findings),
        )

    def document(self, file: StagedFile, office_name: str) -> DisclosureDocument:
        """Return the document of a stored file, making its row when there is none."""
        known = self.documents.get((file.sha256, file.name))
        if known is None:
            path = _path(file)
            stored = self._stored[path]
            known = DisclosureDocument(
                title=file.name,
                file=path,
                original=stored.original,
                file_size=stored.bytes,
                sha256=stored.sha256,
                mime=file.mime,
                collection=self._collections.get(office_name, self._root),
            )
            known.copy_findings = stored.findings
            known.save()
            self.documents[file.sha256, file.name] = known
        return known


def is_of(document: DisclosureDocument, file: StagedFile) -> bool:
    """Whether the document was made of this very file, or is it."""
    return document.sha256 == file.sha256 or document.file.name == _path(file)


def _measured(path: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with default_storage.open(path) as content:
        for piece in content.chunks():
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _path(file: StagedFile, folder: str = "documents") -> str:
    name = PurePosixPath(file.name)
    short = f"{name.stem[: MAX_NAME - len(name.suffix)]}{name.suffix}"
    return f"{folder}/{file.sha256[:24]}/{short}"
