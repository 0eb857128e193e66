"""The full editor: checks on submission, and no silent overwriting.

Drafts are saved whatever is wrong with them; a problem that blocks stops the way to
the reviewers.
"""

import copy
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.admin.views.pages.create import CreateView
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.viewsets.pages import PageViewSet
from wagtail.models import Page, Revision

from cms.people import person_name
from disclosure_pages.checks.levels import BLOCK
from disclosure_pages.checks.rules import check_page
from disclosure_pages.desk.checks_panel import ProblemsSidePanel, field_label
from disclosure_pages.desk.working_copy import tell_working_copy
from disclosure_pages.models.base import PublicPage
from disclosure_pages.services.working_copy import is_working_copy

SUBMITTING = ("action-submit", "action-restart-workflow")
# Beside the editor of whatever may become public; others add theirs.
side_panels: list[type[BaseSidePanel]] = [ProblemsSidePanel]


class ChecksOnSubmission:
    """Mixin of a page's form: what blocks is an error when the page is submitted."""

    def is_valid(self) -> bool:
        valid = super().is_valid()
        if not valid or self.is_deferred_validation:
            return valid
        if not any(name in self.data for name in SUBMITTING):
            return valid
        problems = check_page(self._draft())
        blocking = [problem for problem in problems if problem.level == BLOCK]
        if blocking:
            self.add_error(None, _("没有提交，写的都还在。请先改好下面几处，再提交。"))
        for problem in blocking:
            self._refuse(problem.field, problem.message)
        return not blocking

    def _draft(self) -> Page:
        """Return the page with the attachments as they were typed just now.

        The copy has its own record of child rows, so that the form's page keeps its.
        """
        draft = copy.copy(self.instance)
        children = dict(getattr(draft, "_cluster_related_objects", {}))
        formset = self.formsets.get("attachments")
        if formset is not None:
            deleted = formset.deleted_forms
            children["attachments"] = [
                form.instance
                for form in formset.forms
                if form not in deleted and form.instance.document_id
            ]
        draft._cluster_related_objects = children
        return draft

    def _refuse(self, name: str, message: str) -> None:
        if name in self.fields:
            self.add_error(name, message)
            return
        label = field_label(self.instance, name)
        self.add_error(None, f"{label}：{message}" if label else message)


@cache
def checked(
    form_class: type[WagtailAdminPageForm],
) -> type[WagtailAdminPageForm]:
    """Return the form with the checks on submission; one class per page type."""
    return type(form_class)(form_class.__name__, (ChecksOnSubmission, form_class), {})


class DraftMixin:
    """What both views of the editor share."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if issubclass(self.page_class, PublicPage):
            self.form_class = checked(self.form_class)
        return super().post(request, *args, **kwargs)

    def get_side_panels(self) -> MediaContainer:
        panels = super().get_side_panels()
        if self.expects_json_response or not issubclass(self.page_class, PublicPage):
            return panels
        ours = [panel(self.page, self.request) for panel in side_panels]
        return MediaContainer([*panels, *ours])


class DraftCreateView(DraftMixin, CreateView):
    """The editor of a page that was never saved."""


class DraftEditView(DraftMixin, EditView):
    """The editor of a page; saving over a newer version needs a second click."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            # Two who save at the same moment come one after the other.
            page_id = args[0] if args else kwargs["page_id"]
            Page.objects.select_for_update().filter(pk=page_id).first()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        late = self.is_out_of_date and not self.locked_for_user
        if not late or self.expects_json_response or self.page.alias_of_id:
            return super().post(request, *args, **kwargs)
        return self._newer_version()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_working_copy(self.page):
            tell_working_copy(request, self.page)
        return super().get(request, *args, **kwargs)

    def _newer_version(self) -> HttpResponse:
        """Show what was typed again, unsaved, and who saved what meanwhile.

        Saved automatically it would be laid over the other's version after all; the
        page now names that version, so that the next click is a decision.
        """
        self.form = self.form_class(
            self.request.POST,
            self.request.FILES,
            instance=self.page,
            subscription=self.subscription,
            parent_page=self.parent,
            for_user=self.request.user,
        )
        self.form.defer_required_fields()
        self.form.is_valid()
        self.form.restore_required_fields()
        messages.error(self.request, _newer_message(self.latest_revision))
        self.has_unsaved_changes = True
        self.autosave_enabled = False
        return self.render_to_response(self.get_context_data())


def _newer_message(revision: Revision) -> str:
    user = revision.user
    name = person_name(user) if user else _("别人")
    said = _(
        "没有保存：%(name)s在 %(time)s 存了更新的版本。您写的还在下面，没有丢。"
        "请先看对方的版本；再点一次保存，就以您的为准（对方的留在历史里）。"
    )
    return format_html(
        '{} <a href="{}" target="_blank" rel="noopener">{}</a>',
        said % {"name": name, "time": f"{localtime(revision.created_at):%H:%M}"},
        reverse(
            "wagtailadmin_pages:revisions_view", args=[revision.object_id, revision.pk]
        ),
        _("看对方的版本"),
    )


def viewset_of(model: type[Page]) -> PageViewSet:
    """Return the editor's views for one page type; its listings stay Wagtail's."""
    name = f"gongkai_{model._meta.model_name}"
    values = {
        "model": model,
        "add_view_class": DraftCreateView,
        "edit_view_class": DraftEditView,
        "parent_models": [],
    }
    return type("DraftViewSet", (PageViewSet,), values)(name)
