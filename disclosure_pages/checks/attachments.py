"""Checks of the files that a draft names: personal data, no text, hidden things."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from disclosure_pages.checks import personal_data
from disclosure_pages.checks.levels import usual_level
from disclosure_pages.checks.problems import Problem
from disclosure_pages.choices import TextState
from disclosure_pages.intake.results import Extracted
from disclosure_pages.intake.stored import read_documents
from disclosure_pages.models.base import PublicPage
from disclosure_pages.models.files import NamedFile

READ_AT_ONCE = 2 * 1024 * 1024  # bytes; larger files wait for the background job
MAX_HITS = 5  # shown per kind and file


def check_attachments(page: PublicPage) -> Iterator[Problem]:
    """Yield the problems of each file, once per content."""
    named: dict[str, NamedFile] = {}
    for file in page.named_files():
        named.setdefault(file.document.sha256, file)
    if not named:
        return
    documents = [file.document for file in named.values()]
    texts = read_documents(documents, below=READ_AT_ONCE)
    for sha256, file in named.items():
        yield from _problems(texts.get(sha256), file)


def _problems(found: Extracted | None, file: NamedFile) -> Iterator[Problem]:
    name = file.label
    if found is None:
        message = _("附件“%(name)s”还在提取文字，稍后再检查一次。") % {"name": name}
        yield _problem("attachment_waiting", message, file)
        return
    if found.state != TextState.OK:
        message = _(
            "附件“%(name)s”读不出文字，请人工看一遍有没有身份证号、电话。%(message)s"
        )
        values = {"name": name, "message": found.message}
        yield _problem("attachment_text", message % values, file)
    for finding in found.findings:
        message = _("附件“%(name)s”：%(message)s")
        values = {"name": name, "message": finding.message}
        yield _problem(finding.code, message % values, file)
    yield from _personal(found, file)


def _personal(found: Extracted, file: NamedFile) -> Iterator[Problem]:
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
            values = {"name": file.label, "count": len(chosen), "kind": label}
            shown = "；".join(hit.masked_excerpt for _n, hit in chosen[:MAX_HITS])
            yield _problem(code, message % values, file, shown)


def _problem(code: str, message: str, file: NamedFile, shown: str = "") -> Problem:
    return Problem(code, usual_level(code), message, file.field, shown, of_file=True)
