"""The text of stored documents, taken out once per content."""

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.cleaning import NOT_CLEANED
from disclosure_pages.intake.results import Extracted, Finding
from disclosure_pages.intake.text import extract_text
from disclosure_pages.models import DisclosureDocument, ExternalFile
from disclosure_pages.models.files import FileText
from disclosure_pages.signals import files_read

NUL = "\x00"  # PostgreSQL stores none
Stored = DisclosureDocument | ExternalFile


def texts_of(documents: Iterable[DisclosureDocument]) -> dict[str, Extracted]:
    """Return what was read, by ``sha256``, in one query; unread ones are left out."""
    hashes = {document.sha256 for document in documents}
    rows = FileText.objects.filter(sha256__in=hashes)
    return {
        row.sha256: _extracted(row) for row in rows.exclude(state=TextState.WAITING)
    }


def read_document(document: Stored) -> Extracted:
    """Read the document now, unless its content was read before, and store that."""
    return read_documents([document])[document.sha256]


def read_documents(
    documents: Iterable[Stored], *, below: int | None = None
) -> dict[str, Extracted]:
    """Return what is in the documents, by ``sha256``; two queries for all of them.

    What nobody has read yet is read now and stored; of that, files of ``below`` bytes
    and more are left out.
    """
    wanted = {document.sha256: document for document in documents}
    rows = FileText.objects.in_bulk(wanted, field_name="sha256") if wanted else {}
    found, new = {}, []
    for sha256, document in wanted.items():
        row = rows.get(sha256) or FileText(sha256=sha256)
        if row.state != TextState.WAITING:
            found[sha256] = _extracted(row)
        elif below is None or (document.file_size or below) < below:
            found[sha256] = _take_out(document, row)
            new.append(row)
    if new:
        _store(new)
    return found


def _store(rows: list[FileText]) -> None:
    """Store what was read and tell of it, together."""
    with transaction.atomic():
        FileText.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["sha256"],
            update_fields=["state", "pages", "findings", "message", "checked_at"],
        )
        readable = [row.sha256 for row in rows if row.state == TextState.OK]
        if readable:
            files_read.send(sender=FileText, hashes=readable)


def _take_out(document: Stored, row: FileText) -> Extracted:
    """Read the file and note in the row what it says; nothing is saved.

    What was found when its public copy was made stands first among the findings.
    """
    try:
        with document.open_file() as file:
            found = extract_text(file, document.filename)
    except OSError:
        message = _("文件不在了。请重新上传。")
        found = Extracted(TextState.FAILED, message=message)
    told = [Finding(**finding) for finding in row.findings]
    earlier = [finding for finding in told if finding.code == NOT_CLEANED]
    found = replace(found, findings=[*earlier, *found.findings])
    row.state = found.state
    row.pages = [page.replace(NUL, "") for page in found.pages]
    row.findings = [finding.as_dict() for finding in found.findings]
    row.message = found.message[:300]
    row.checked_at = timezone.now()
    return found


def _extracted(row: FileText) -> Extracted:
    findings = [Finding(f["code"], f["message"]) for f in row.findings]
    return Extracted(TextState(row.state), row.pages, "", row.message, findings)
