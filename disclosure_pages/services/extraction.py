"""Taking the text out of stored files, a few at a time, in the background.

Our own, and in the portal role those of items that other authorities published.
"""

import logging
import time
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.errors import DAMAGED
from disclosure_pages.intake.stored import read_document
from disclosure_pages.models import DisclosureDocument, ExternalFile, FileText
from disclosure_pages.public_state import visible_external

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=10)  # longer than any one run may take


def extract_waiting(limit: int = 20, budget_s: float = 20.0) -> int:
    """Read files that wait, those never tried first; returns how many were read.

    An attempt is counted before the file is opened, so that a file which brings
    the process down is given up after a few of them.
    """
    _enrol(limit)
    _give_up()
    started, read = time.monotonic(), 0
    for row in list(_due()[:limit]):
        if time.monotonic() - started > budget_s:
            break
        read += _read(row)
    return read


def _enrol(limit: int) -> None:
    """Note files that were stored without a signal, and received ones."""
    known = FileText.objects.values("sha256")
    documents = DisclosureDocument.objects.exclude(sha256="")
    received = ExternalFile.objects.filter(uses__item__in=visible_external())
    for files in (documents, received):
        lacking = files.exclude(sha256__in=known).values_list("sha256", flat=True)
        rows = [FileText(sha256=sha256) for sha256 in lacking.distinct()[:limit]]
        FileText.objects.bulk_create(rows, ignore_conflicts=True)


def _waiting_long() -> Q:
    return Q(checked_at=None) | Q(checked_at__lt=timezone.now() - RETRY_AFTER)


def _give_up() -> None:
    FileText.objects.filter(
        _waiting_long(), state=TextState.WAITING, attempts__gte=MAX_ATTEMPTS
    ).update(
        state=TextState.FAILED,
        message=_("读了几次都没有读完。请把文件拆小，或另存一份后再传。"),
        checked_at=timezone.now(),
    )


def _due() -> QuerySet[FileText]:
    return FileText.objects.filter(
        _waiting_long(), state=TextState.WAITING, attempts__lt=MAX_ATTEMPTS
    ).order_by("attempts", "pk")


def _read(row: FileText) -> bool:
    mine = FileText.objects.filter(
        pk=row.pk, state=TextState.WAITING, attempts=row.attempts
    ).update(attempts=F("attempts") + 1, checked_at=timezone.now())
    if not mine:
        return False  # another process was faster
    document = _stored(row.sha256)
    if document is None:
        row.delete()
        return False
    try:
        read_document(document)
    except DAMAGED:
        logger.exception("Text of document %s", document.pk)
        _failed(row)
        return False
    return True


def _stored(sha256: str) -> DisclosureDocument | ExternalFile | None:
    own = DisclosureDocument.objects.filter(sha256=sha256).first()
    return own or ExternalFile.objects.held().filter(sha256=sha256).first()


def _failed(row: FileText) -> None:
    FileText.objects.filter(pk=row.pk).update(
        state=TextState.FAILED,
        message=_("文件读不出来。请在电脑上打开它，另存一份后再传。"),
        checked_at=timezone.now(),
    )
