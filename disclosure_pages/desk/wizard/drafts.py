"""Writing a draft from the wizard: each function is one act of the clerk."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Collection, Page, WorkflowState
from wagtail.signal_handlers import disable_reference_index_auto_update

from cms.models import Authority
from disclosure_pages.bulk.bodies import body_of
from disclosure_pages.checks.levels import BLOCK, WARN
from disclosure_pages.checks.problems import Problem
from disclosure_pages.checks.rules import check_page
from disclosure_pages.choices import ReferenceKind
from disclosure_pages.desk.wizard.forms import clean_title
from disclosure_pages.desk.wizard.proposals import propose_genre
from disclosure_pages.intake.recognise import recognise
from disclosure_pages.intake.results import Recognised
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    ExternalItem,
    ItemAttachment,
    OfficeIndexPage,
)
from disclosure_pages.reference_rules import reference_warning
from disclosure_pages.services.files import store_prepared, with_copy

UNSURE = 0.7
# Kept with the page, whatever a revision says; asking for each of them is a query.
OF_THE_PAGE = {"content_type", "locale", "owner", "latest_revision", "alias_of"}
# Read by `latest` itself: Wagtail asks twice for each row.
NOT_READ = OF_THE_PAGE | {"attachments"}
# What the wizard never changes and the database itself guards.
NOT_ASKED = (
    *("content_type", "locale", "owner", "latest_revision", "live_revision"),
    *("alias_of", "locked_by", "path", "translation_key", "index_number"),
    *("batch_source", "external_id", "import_batch"),
)


class StaleDraft(Exception):
    """Somebody else saved the draft since it was shown; nothing was written."""

    def __init__(self, page: DisclosureItemPage) -> None:
        super().__init__(str(page))
        self.page = page


@dataclass(frozen=True)
class ReadFile:
    """What the clerk is told about a file that was read; kept in the session."""

    name: str
    message: str = ""
    findings: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    characters: int = 0


def latest(page: DisclosureItemPage) -> DisclosureItemPage:
    """Return the draft as it was saved last."""
    revision = page.latest_revision
    if revision is None or not page.has_unpublished_changes:
        return page
    content = revision.content.items()
    draft = page.with_content_json(
        {name: value for name, value in content if name not in NOT_READ}
    )
    draft._cached_parent_obj = page.get_parent()
    rows = revision.content.get("attachments", [])
    documents = DisclosureDocument.objects.in_bulk(row["document"] for row in rows)
    draft.attachments = [
        ItemAttachment(
            pk=row["pk"],
            sort_order=row["sort_order"],
            document=documents[row["document"]],
            title=row["title"],
        )
        for row in rows
        if row["document"] in documents
    ]
    return draft


@transaction.atomic
def begin(
    parent: OfficeIndexPage,
    user: Any,
    *,
    title: str = "",
    file: UploadedFile | None = None,
    keep_file: bool = False,
    reference: ExternalItem | None = None,
) -> tuple[DisclosureItemPage, ReadFile | None]:
    """Make a draft of a title, a file or a reference; whatever was given is kept."""
    page = DisclosureItemPage(title=title, live=False, locale=parent.locale)
    read = _take_in(page, file) if file else None
    if reference:
        page.title = title or reference.title
        page.document_number = reference.document_number
        page.publisher = reference.publisher
        page.reference = reference
        page.reference_kind = ReferenceKind.REFERENCE
    page.genre = propose_genre(page.title)
    if file and (keep_file or not len(page.body)):
        document = store_document(file, parent, user)
        page.attachments.add(ItemAttachment(document=document, title=""))
    parent.refresh_from_db()
    page.owner = user
    parent.add_child(instance=page)
    page.save_revision(user=user, log_action=True, clean=False)
    return page, read


def _take_in(page: DisclosureItemPage, file: UploadedFile) -> ReadFile:
    """Put into the page what can be read from the file."""
    name = PurePath(file.name or "").name
    found = recognise(file.read(), name)
    file.seek(0)
    if not page.title:
        page.title = _usable_title(found.title) or _usable_title(PurePath(name).stem)
        page.title = page.title or _("（没有标题）")
    page.document_number = found.document_number[:80]
    page.date_made = found.date_made
    if found.publisher != Authority.load().name:
        page.publisher = found.publisher[:80]
    page.body = page.body.stream_block.to_python(body_of(found.body_html or found.text))
    return ReadFile(
        name=name,
        message=str(found.message),
        findings=[str(finding.message) for finding in found.findings],
        unsure=_unsure(found),
        characters=len("".join(found.text.split())),
    )


def _unsure(found: Recognised) -> list[str]:
    names = ("title", "document_number", "date_made")
    return [
        name
        for name in names
        if getattr(found, name) and found.confidence.get(name, 1) < UNSURE
    ]


def _usable_title(text: str) -> str:
    try:
        return clean_title(text[:255])
    except ValidationError:
        return ""


def store_document(
    file: UploadedFile, parent: OfficeIndexPage, user: Any
) -> DisclosureDocument:
    """Keep a file in the office's collection and return it."""
    root = Collection.get_first_root_node()
    own = root.get_children().filter(name=parent.office.name).first()
    title = PurePath(file.name or "").stem[:255]
    prepared = with_copy(file)
    return store_prepared(prepared, title, own or root, user, exclude=["title"])


@transaction.atomic
def save_draft(page: DisclosureItemPage, user: Any, revision_id: int | None) -> None:
    """Save the draft as the newest revision, unless somebody was faster.

    Args:
        page: the draft with its new values.
        revision_id: the revision that was on the clerk's screen.

    Raises:
        StaleDraft: another revision was saved meanwhile.
    """
    row = Page.objects.select_for_update().get(pk=page.pk)
    if row.latest_revision_id != revision_id:
        raise StaleDraft(latest(row.specific))
    with disable_reference_index_auto_update():  # done with the revision
        page.save()
    page.save_revision(user=user, log_action=True, clean=False)


def attach(
    page: DisclosureItemPage,
    files: Iterable[UploadedFile],
    parent: OfficeIndexPage,
    user: Any,
) -> None:
    """Add the files to the draft, after those that are there; nothing is saved yet."""
    for file in files:
        document = store_document(file, parent, user)
        page.attachments.add(ItemAttachment(document=document))


def refer_to(page: DisclosureItemPage, item: ExternalItem, kind: str) -> None:
    """Make the draft a reference or a supplement; a reference keeps no text."""
    page.reference = item
    page.reference_kind = kind
    page.duplicate_reason = ""
    if kind == ReferenceKind.REFERENCE:
        page.body = page.body.stream_block.to_python([])
        page.attachments.set([])
        page.publisher = item.publisher
        page.document_number = page.document_number or item.document_number


def problems_of(page: DisclosureItemPage) -> list[Problem]:
    """Return what stands in the way of submission, and what is only worth a look."""
    found = []
    try:
        page.full_clean(exclude=NOT_ASKED)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            found += [Problem("invalid", BLOCK, text, name) for text in messages]
    found += check_page(page)
    if warning := reference_warning(page):
        found.append(Problem("reference_link", WARN, warning, "reference"))
    return found


@transaction.atomic
def submit(page: DisclosureItemPage, user: Any, revision_id: int | None) -> None:
    """Hand the draft to the review, as the full editor's 提交审查 does.

    Raises:
        PermissionDenied: the user may not, or it is under review already.
        StaleDraft: another revision was saved since the check.
        ValidationError: something is missing or blocked.
    """
    row = Page.objects.select_for_update().get(pk=page.pk).specific
    if row.latest_revision_id != revision_id:
        raise StaleDraft(latest(row))
    if not row.permissions_for_user(user).can_submit_for_moderation():
        raise PermissionDenied
    blocking = [p.message for p in problems_of(latest(row)) if p.level == BLOCK]
    if blocking:
        raise ValidationError(blocking)
    state = row.current_workflow_state
    if state and state.status == WorkflowState.STATUS_NEEDS_CHANGES:
        state.resume(user)
        return
    latest(row).get_workflow().start(row, user)
