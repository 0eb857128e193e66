"""The panel of problems beside the editor, and the views that fill it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.models import Page

from disclosure_pages.checks import personal_data
from disclosure_pages.checks.levels import BLOCK
from disclosure_pages.checks.problems import Problem
from disclosure_pages.checks.rules import check_page
from disclosure_pages.choices import TextState
from disclosure_pages.desk.selectors import review_queue
from disclosure_pages.models import DisclosureDocument, FileText, ItemAttachment
from disclosure_pages.models.base import PublicPage
from disclosure_pages.models.files import NamedFile

UNREAD = ("unread", "member_")  # codes of parts that gave no text


@dataclass(frozen=True)
class Shown:
    """A problem as it is listed, with the way to its field."""

    problem: Problem
    field_label: str
    url: str

    @property
    def blocks(self) -> bool:
        """Whether it stops the submission."""
        return self.problem.level == BLOCK

    @property
    def beside_file(self) -> bool:
        """Whether the notes beside each file say the same."""
        personal = self.problem.code in personal_data.CODES.values()
        return self.problem.of_file and not personal


@dataclass(frozen=True)
class FileState:
    """A file, what became of its text and what its public copy left out."""

    name: str
    state: str
    label: str
    message: str
    cleaned: bool = False
    findings: tuple[str, ...] = ()
    document: DisclosureDocument | None = None
    unread: bool = False  # wholly or in part: nothing looked for personal numbers there


def field_label(page: Page, name: str) -> str:
    """Return what the editor calls the field; "" when it has none."""
    if not name:
        return ""
    field = page._meta.get_field(name)
    if field.one_to_many:
        return str(field.related_model._meta.verbose_name)
    return str(getattr(field, "verbose_name", name))


def panel_context(page: PublicPage) -> dict[str, Any]:
    """Return the problems and the attachments of a draft, for the templates."""
    edit = reverse("wagtailadmin_pages:edit", args=[page.pk])
    shown = [
        Shown(
            problem,
            field_label(page, problem.field),
            f"{edit}#id_{problem.field}" if problem.field else edit,
        )
        for problem in check_page(page)
    ]
    return {
        "page": page,
        "problems": shown,
        "blocking": sum(row.blocks for row in shown),
        "files": states_of(page.named_files()),
        "edit_url": edit,
        "checks_url": reverse("gongkai_checks", args=[page.pk]),
    }


def states_of(rows: Sequence[ItemAttachment | NamedFile]) -> list[FileState]:
    """Return what became of the text of each file; one query."""
    known = {
        text.sha256: text
        for text in FileText.objects.filter(
            sha256__in=[row.document.sha256 for row in rows]
        ).defer("pages")
    }
    return [_file_state(row, known.get(row.document.sha256)) for row in rows]


def _file_state(row: ItemAttachment | NamedFile, text: FileText | None) -> FileState:
    state = TextState(text.state if text else TextState.WAITING)
    found = text.findings if text else []
    return FileState(
        row.label,
        state.value,
        state.label,
        message=text.message if text else "",
        cleaned=bool(row.document.original),
        findings=tuple(finding["message"] for finding in found),
        document=row.document,
        unread=text is not None and is_unread(text),
    )


def is_unread(text: FileText) -> bool:
    """Whether nothing looked for personal numbers in the file, or in parts of it."""
    return text.state not in (TextState.OK, TextState.WAITING) or any(
        finding["code"].startswith(UNREAD) for finding in text.findings
    )


class ProblemsSidePanel(BaseSidePanel):
    """检查: what to look at before the draft is submitted."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        """The button of the panel, with the number of problems."""

        aria_label = _("检查")
        icon_name = "clipboard-list"
        counter_classname = "w-bg-critical-200"

        def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            context["count"] = len(self.panel.found.get("problems", []))
            return context

    name = "problems"
    title = _("检查")
    template_name = "disclosure_pages/desk/checks_side_panel.html"
    order = 50

    @cached_property
    def found(self) -> dict[str, Any]:
        """What the checks say of the draft as it was saved last."""
        if not self.object.pk:
            return {}
        return panel_context(self.object.get_latest_revision_as_object())

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        return super().get_context_data(parent_context) | self.found


def may_see_checks(user: Any, page: Page) -> bool:
    """Whether the user may edit the page or has to decide on it."""
    if page.permissions_for_user(user).can_edit():
        return True
    return any(state.revision.object_id == str(page.pk) for state in review_queue(user))


@require_GET
@never_cache
def checks(request: HttpRequest, page_id: int) -> HttpResponse:
    """Show the problems of a draft as it was saved last; ``?part`` gives the list.

    Raises:
        PermissionDenied: the user may neither edit nor review the page.
    """
    row = get_object_or_404(Page, pk=page_id).specific
    if not isinstance(row, PublicPage) or not may_see_checks(request.user, row):
        raise PermissionDenied
    context = panel_context(row.get_latest_revision_as_object())
    part = "part" in request.GET
    name = "checks_list.html" if part else "checks.html"
    return TemplateResponse(request, f"disclosure_pages/desk/{name}", context)
