"""Checks of the files that a draft names: personal data, no text, hidden things."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from wagtail.models import Page

from disclosure_pages.checks import personal_data
from disclosure_pages.checks.levels import level_of
from disclosure_pages.checks.problems import Problem
from disclosure_pages.choices import TextState
from disclosure_pages.intake.results import Extracted
from disclosure_pages.intake.stored import read_document, texts_of
from disclosure_pages.models import DisclosureDocument

READ_AT_ONCE = 2 * 1024 * 1024  # bytes; larger files wait for the background job
MAX_HITS = 5  # shown per kind and file


def check_attachments(page: Page) -> Iterator[Problem]:
    """Yield the problems of each file, once per content."""
    attachments = getattr(page, "attachments", None)
    if attachments is None:
        return
    named = {}
    for attachment in attachments.all():
        if attachment.document_id:
            named.setdefault(attachment.document.sha256, attachment)
    texts = texts_of([attachment.document for attachment in named.values()])
    for sha256, attachment in named.items():
        found = texts.get(sha256) or _read_now(attachment.document)
        yield from _problems(found, str(attachment))


def _read_now(document: DisclosureDocument) -> Extracted | None:
    if (document.file_size or READ_AT_ONCE) >= READ_AT_ONCE:
        return None
    return read_document(document)


def _problems(found: Extracted | None, name: str) -> Iterator[Problem]:
    if found is None:
        message = _("附件“%(name)s”还在提取文字，稍后再检查一次。") % {"name": name}
        yield _problem("attachment_waiting", message)
        return
    if found.state != TextState.OK:
        message = _(
            "附件“%(name)s”读不出文字，请人工看一遍有没有身份证号、电话。%(message)s"
        )
        values = {"name": name, "message": found.message}
        yield _problem("attachment_text", message % values)
    for finding in found.findings:
        message = _("附件“%(name)s”：%(message)s")
        values = {"name": name, "message": finding.message}
        yield _problem(finding.code, message % values)
    yield from _personal(found, name)


def _personal(found: Extracted, name: str) -> Iterator[Problem]:
    hits = [
        (number, hit)
        for number, page in enumerate(found.pages, start=1)
        for hit in personal_data.find(page)
    ]
    for kind, label in personal_data.LABELS.items():
        for level, code in personal_data.CODES.items():
            chosen = [(n, h) for n, h in hits if (h.kind, h.level) == (kind, level)]
            if not chosen:
                continue
            message = _("附件“%(name)s”里有 %(count)d 个%(kind)s。请打码后重新上传。")
            values = {"name": name, "count": len(chosen), "kind": label}
            shown = "；".join(hit.masked_excerpt for _n, hit in chosen[:MAX_HITS])
            yield Problem(code, level_of(code), message % values, "attachments", shown)


def _problem(code: str, message: str) -> Problem:
    return Problem(code, level_of(code), message, "attachments")
