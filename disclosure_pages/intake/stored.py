"""The text of stored documents, taken out once per content."""

from collections.abc import Iterable
from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.cleaning import NOT_CLEANED
from disclosure_pages.intake.results import Extracted, Finding
from disclosure_pages.intake.text import extract_text
from disclosure_pages.models import DisclosureDocument
from disclosure_pages.models.files import FileText

NUL = "\x00"  # PostgreSQL stores none


def text_of(document: DisclosureDocument) -> Extracted | None:
    """Return what was read from the document; None while nobody has read it yet."""
    return texts_of([document]).get(document.sha256)


def texts_of(documents: Iterable[DisclosureDocument]) -> dict[str, Extracted]:
    """Return what was read, by ``sha256``, in one query; unread ones are left out."""
    hashes = {document.sha256 for document in documents}
    rows = FileText.objects.filter(sha256__in=hashes)
    return {
        row.sha256: _extracted(row) for row in rows.exclude(state=TextState.WAITING)
    }


def read_document(document: DisclosureDocument) -> Extracted:
    """Read the document now, unless its content was read before, and store that.

    What was found when its public copy was made stands first among the findings.
    """
    known = text_of(document)
    if known is not None:
        return known
    try:
        with document.open_file() as file:
            found = extract_text(file, document.filename)
    except OSError:
        message = _("文件不在了。请重新上传。")
        found = Extracted(TextState.FAILED, message=message)
    row = FileText.objects.filter(sha256=document.sha256).first()
    told = [Finding(**found) for found in row.findings] if row else []
    earlier = [finding for finding in told if finding.code == NOT_CLEANED]
    found = replace(found, findings=[*earlier, *found.findings])
    FileText.objects.update_or_create(
        sha256=document.sha256,
        defaults={
            "state": found.state,
            "pages": [page.replace(NUL, "") for page in found.pages],
            "findings": [finding.as_dict() for finding in found.findings],
            "message": found.message[:300],
            "checked_at": timezone.now(),
        },
    )
    return found


def _extracted(row: FileText) -> Extracted:
    findings = [Finding(f["code"], f["message"]) for f in row.findings]
    return Extracted(TextState(row.state), row.pages, "", row.message, findings)
