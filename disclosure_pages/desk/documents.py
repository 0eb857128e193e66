"""The list of documents with the state of their text, and the kept originals."""

from pathlib import PurePath
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from wagtail.admin.ui.tables import Column
from wagtail.documents.views.documents import IndexView
from wagtail.permissions import policy_registry

from cms.audit.actions import READ_FILE
from cms.audit.recording import record_read
from disclosure_pages.choices import TextState
from disclosure_pages.models import DisclosureDocument, FileText


class DocumentIndexView(IndexView):
    """Wagtail's list of documents with one column more."""

    @cached_property
    def columns(self) -> list[Column]:
        column = Column("text_state", label=_("文字"), accessor=_said)
        found = super().columns
        return [*found[:-2], column, *found[-2:]]

    def decorate_paginated_queryset(self, object_list: Any) -> Any:
        documents = super().decorate_paginated_queryset(object_list)
        hashes = [document.sha256 for document in documents]
        texts = FileText.objects.filter(sha256__in=hashes).defer("pages")
        known = {text.sha256: text for text in texts}
        for document in documents:
            document.text_row = known.get(document.sha256)
        return documents


def _said(document: DisclosureDocument) -> str:
    row: FileText | None = getattr(document, "text_row", None)
    if row is None:
        return str(TextState.WAITING.label)
    told = [row.message] if row.state != TextState.OK and row.message else []
    told += [finding["message"] for finding in row.findings]
    said = str(row.get_state_display())
    return f"{said}：{''.join(told)}" if told else said


def _may_read_original(user: Any, document: DisclosureDocument) -> bool:
    """Whether the user withdraws items or changes the files of the collection."""
    if user.has_perm("disclosure_pages.withdraw_item"):
        return True
    policy = policy_registry.get_by_type(DisclosureDocument)
    return policy.user_has_permission_for_instance(user, "change", document)


@require_GET
def original(request: HttpRequest, document_id: int) -> HttpResponse:
    """Download the bytes as they were uploaded; never shown in the browser.

    Raises:
        PermissionDenied: the user may only add files.
    """
    document = get_object_or_404(DisclosureDocument, pk=document_id)
    if not _may_read_original(request.user, document):
        raise PermissionDenied
    if not document.original or not document.original.storage.exists(
        document.original.name
    ):
        raise Http404
    record_read(request.user, document, READ_FILE)
    response = FileResponse(
        document.original.open("rb"),
        as_attachment=True,
        filename=PurePath(document.filename).name,
        content_type="application/octet-stream",
    )
    response["Cache-Control"] = "private, no-store"
    return response
