"""Storing the attachments of imported items: once for each content and name."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from django.core.files import File
from django.core.files.storage import default_storage
from wagtail.models import Collection

from disclosure_pages.bulk.existing import pieces
from disclosure_pages.bulk.staged import StagedFile
from disclosure_pages.models import DisclosureDocument

MAX_NAME = 60  # of the 100 characters that the file field holds


class Filing:
    """Documents by (content, name); files are stored before any write lock is taken.

    The path names the content, so that a broken-off import stores nothing twice.
    """

    def __init__(self, files: Iterable[StagedFile]) -> None:
        self.documents: dict[tuple[str, str], DisclosureDocument] = {}
        hashes = {file.sha256 for file in files}
        for piece in pieces(sorted(hashes)):
            for document in DisclosureDocument.objects.filter(sha256__in=piece):
                self.documents.setdefault((document.sha256, document.title), document)
        root = Collection.get_first_root_node()
        self._root = root
        self._collections = {child.name: child for child in root.get_children()}

    def store(self, file: StagedFile) -> None:
        """Put the bytes where the document will find them."""
        if (file.sha256, file.name) in self.documents:
            return
        path = _path(file)
        if not default_storage.exists(path):
            with file.path.open("rb") as content:
                default_storage.save(path, File(content))

    def document(self, file: StagedFile, office_name: str) -> DisclosureDocument:
        """Return the document of a stored file, making its row when there is none."""
        known = self.documents.get((file.sha256, file.name))
        if known is None:
            known = DisclosureDocument(
                title=file.name,
                file=_path(file),
                file_size=file.bytes,
                sha256=file.sha256,
                mime=file.mime,
                collection=self._collections.get(office_name, self._root),
            )
            known.save()
            self.documents[file.sha256, file.name] = known
        return known


def _path(file: StagedFile) -> str:
    name = PurePosixPath(file.name)
    short = f"{name.stem[: MAX_NAME - len(name.suffix)]}{name.suffix}"
    return f"documents/{file.sha256[:24]}/{short}"
