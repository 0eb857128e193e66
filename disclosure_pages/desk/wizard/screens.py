"""The screens of one draft; each saves a revision and leads to the next."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views import View
from wagtail.admin.panels import FieldPanel, ObjectList

from cms.numbers import small_int
from disclosure_pages.checks.levels import BLOCK
from disclosure_pages.compared import superior_items
from disclosure_pages.desk.wizard import access, drafts, steps
from disclosure_pages.desk.wizard.forms import (
    DuplicateForm,
    RecordForm,
    TextForm,
    WhatForm,
    check_upload,
)
from disclosure_pages.desk.wizard.proposals import propose_category, propose_genre
from disclosure_pages.desk.wizard.start import TEMPLATES, after_what, remembered
from disclosure_pages.duplicates import duplicates_of, open_duplicates
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from disclosure_pages.reference_rules import is_pure_reference
from disclosure_pages.services import uploads

FIELD_STEPS = {
    "title": steps.WHAT,
    "body": steps.TEXT,
    "attachments": steps.TEXT,
    "summary": steps.RECORD,
    "reference": steps.SAME,
    "duplicate_reason": steps.SAME,
}


class Screen(View):
    """What the screens share: who may, which draft, and two clerks on one draft."""

    step: ClassVar[str]
    page: DisclosureItemPage
    parent: OfficeIndexPage

    def dispatch(self, request: HttpRequest, page_id: int) -> HttpResponse:
        row, self.parent = access.draft_or_deny(request, page_id)
        if row.live or row.withdrawn_at or row.first_published_at:
            return redirect("wagtailadmin_pages:edit", row.pk)
        if access.in_review(row):
            return redirect("gongkai_publish_done", row.pk)
        if row.permissions_for_user(request.user).page_locked():
            raise PermissionDenied
        self.row = row
        self.page = drafts.latest(row)
        return super().dispatch(request)

    def render(self, status: int = 200, **context: Any) -> HttpResponse:
        values = {
            "page": self.page,
            "office": self.parent,
            "steps": steps.progress(self.page, self.step),
            "revision": self.row.latest_revision_id,
            "sent_back": access.sent_back_with(self.row),
            **context,
        }
        template = f"{TEMPLATES}/{self.step}.html"
        return TemplateResponse(self.request, template, values, status=status)

    def save(self) -> None:
        """Save the draft.

        Raises:
            StaleDraft: somebody was faster.
        """
        revision = small_int(self.request.POST.get("revision", ""))
        drafts.save_draft(self.page, self.request.user, revision)

    def conflict(self, error: drafts.StaleDraft, **context: Any) -> HttpResponse:
        """Show again what was typed, beside whose version is stored now."""
        self.row.refresh_from_db()
        revision = self.row.latest_revision
        return self.render(409, conflict=revision, **context)


class WhatScreen(Screen):
    """是什么: the title, and what was read from the file, to be confirmed."""

    step = steps.WHAT

    def get(self, request: HttpRequest) -> HttpResponse:
        names = WhatForm.fields_of_page
        form = WhatForm(initial={name: getattr(self.page, name) for name in names})
        return self._show(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WhatForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        form.apply(self.page)
        self.page.genre = self.page.genre or propose_genre(self.page.title)
        try:
            self.save()
        except drafts.StaleDraft as error:
            return self.conflict(error, form=form)
        return redirect(after_what(request, self.page))

    def _show(self, form: WhatForm) -> HttpResponse:
        read = remembered(self.request, self.page)
        unsure = [form[name] for name in read.get("unsure", [])]
        return self.render(form=form, read=read, unsure=unsure)


class SameScreen(Screen):
    """是不是已经有了: refer, supplement, go on with a reason, or drop the draft."""

    step = steps.SAME

    def get(self, request: HttpRequest) -> HttpResponse:
        matches = duplicates_of(self.page, request.user)
        if not matches and not self.page.reference_id:
            return redirect("gongkai_publish_record", self.page.pk)
        return self._show(DuplicateForm(), matches)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DuplicateForm(request.POST)
        if not form.is_valid():
            return self._show(form, duplicates_of(self.page, request.user))
        choice = form.cleaned_data["choice"]
        if choice == form.DISCARD:
            return self._discard()
        if choice == form.GO_ON:
            self.page.reference, self.page.reference_kind = None, ""
            self.page.duplicate_reason = form.cleaned_data["reason"].strip()
        else:
            item = get_object_or_404(superior_items(), pk=form.cleaned_data["external"])
            drafts.refer_to(self.page, item, choice)
        try:
            self.save()
        except drafts.StaleDraft as error:
            matches = duplicates_of(self.page, request.user)
            return self.conflict(error, form=form, matches=matches)
        return redirect("gongkai_publish_record", self.page.pk)

    def _show(self, form: DuplicateForm, matches: list[Any]) -> HttpResponse:
        return self.render(
            form=form,
            matches=matches,
            certain=any(match.certain for match in matches),
            superiors=any(match.external_id for match in matches),
            ours=any(match.page_id for match in matches),
        )

    def _discard(self) -> HttpResponse:
        if not self.row.permissions_for_user(self.request.user).can_delete():
            messages.error(
                self.request, _("这条草稿您不能删除，请找起草人或信息管理员。")
            )
            return redirect("gongkai_publish_same", self.row.pk)
        title = self.page.title
        self.row.delete(user=self.request.user)
        messages.success(
            self.request, _("草稿《%(title)s》已放弃，没有发布。") % {"title": title}
        )
        return redirect("wagtailadmin_home")


class RecordScreen(Screen):
    """类别和目录信息, filled in as far as it can be guessed."""

    step = steps.RECORD

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {
            name: self.page.serializable_value(name) for name in RecordForm.base_fields
        }
        initial["category"] = initial["category"] or self._proposal().value
        return self._show(RecordForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RecordForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        form.apply(self.page)
        try:
            self.save()
        except drafts.StaleDraft as error:
            return self.conflict(error, form=form)
        if is_pure_reference(self.page):
            return redirect("gongkai_publish_check", self.page.pk)
        return redirect("gongkai_publish_text", self.page.pk)

    def _proposal(self) -> Any:
        return propose_category(self.page.title, self.parent)

    def _show(self, form: RecordForm) -> HttpResponse:
        why = "" if self.page.category else self._proposal().why
        return self.render(form=form, why=why)


class TextScreen(Screen):
    """正文和附件: the page's own editor, and several files at once."""

    step = steps.TEXT
    handler = ObjectList([FieldPanel("body")], base_form_class=TextForm)

    def dispatch(self, request: HttpRequest, page_id: int) -> HttpResponse:
        self.panel = self.handler.bind_to_model(DisclosureItemPage)
        return super().dispatch(request, page_id)

    def get(self, request: HttpRequest) -> HttpResponse:
        if not len(self.page.body) and not is_pure_reference(self.page):
            block = self.page.body.stream_block
            self.page.body = block.to_python([{"type": "paragraph", "value": ""}])
        form_class = self.panel.get_form_class()
        return self._show(form_class(instance=self.page, for_user=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form_class = self.panel.get_form_class()
        typed = without_blank_paragraphs(request.POST)
        form = form_class(typed, instance=self.page, for_user=request.user)
        files = request.FILES.getlist("files")
        wrong = _refused(files)
        if not form.is_valid() or wrong:
            return self._show(form, file_errors=wrong)
        self._change_attachments(request.POST)
        drafts.attach(self.page, files, self.parent, request.user)
        try:
            self.save()
        except drafts.StaleDraft as error:
            return self.conflict(error, **self._shown(form), had_files=bool(files))
        if "stay" in request.POST:
            return redirect("gongkai_publish_text", self.page.pk)
        return redirect("gongkai_publish_check", self.page.pk)

    def _change_attachments(self, typed: QueryDict) -> None:
        kept = []
        for number, row in enumerate(self.page.attachments.all()):
            if typed.get(f"attachment-{number}-remove"):
                continue
            row.title = typed.get(f"attachment-{number}-title", row.title)[:200]
            row.sort_order = len(kept)
            kept.append(row)
        self.page.attachments.set(kept)

    def _show(self, form: forms.Form, **context: Any) -> HttpResponse:
        return self.render(**self._shown(form), **context)

    def _shown(self, form: forms.Form) -> dict[str, Any]:
        bound = self.panel.get_bound_panel(
            instance=self.page, request=self.request, form=form
        )
        return {
            "form": form,
            "panel": bound,
            "media": bound.media + form.media,
            "attachments": list(enumerate(self.page.attachments.all())),
        }


class CheckScreen(Screen):
    """检查并提交: what is wrong, how it will look, and the way to the reviewers."""

    step = steps.CHECK

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show()

    def post(self, request: HttpRequest) -> HttpResponse:
        if open_duplicates(self.page, request.user):
            messages.warning(request, _("这一条好像已经有了，请先看一看。"))
            return redirect("gongkai_publish_same", self.page.pk)
        revision = small_int(request.POST.get("revision", ""))
        try:
            drafts.submit(self.row, request.user, revision)
        except drafts.StaleDraft as error:
            return self.conflict(error, **self._shown())
        except ValidationError:
            return self._show()
        return redirect("gongkai_publish_done", self.page.pk)

    def _show(self) -> HttpResponse:
        return self.render(**self._shown())

    def _shown(self) -> dict[str, Any]:
        problems = [
            (problem, steps.step_url(_step_of(problem.field), self.page))
            for problem in drafts.problems_of(self.page)
        ]
        return {
            "blocking": [row for row in problems if row[0].level == BLOCK],
            "warnings": [row for row in problems if row[0].level != BLOCK],
            "matches": open_duplicates(self.page, self.request.user),
        }


def done(request: HttpRequest, page_id: int) -> HttpResponse:
    """Say what happens next; also where whoever opens a submitted draft arrives."""
    page, parent = access.draft_or_deny(request, page_id)
    state = page.current_workflow_state
    context = {
        "page": page,
        "office": parent,
        "state": state,
        "states": state.all_tasks_with_status() if state else [],
    }
    return TemplateResponse(request, f"{TEMPLATES}/done.html", context)


def _step_of(field: str) -> str:
    return FIELD_STEPS.get(field, steps.RECORD)


def _refused(files: list[Any]) -> list[str]:
    wrong = []
    for file in files:
        try:
            check_upload(file)
        except ValidationError as error:
            wrong += error.messages
            continue
        try:
            uploads.check_upload(file)
        except ValidationError as error:
            wrong += [f"{file.name}：{message}" for message in error.messages]
    return wrong


def without_blank_paragraphs(typed: QueryDict) -> QueryDict:
    """Return the form's data with paragraphs left out in which nothing was typed."""
    data = typed.copy()
    count = small_int(data.get("body-count", "")) or 0
    for number in range(min(count, 1000)):
        if data.get(f"body-{number}-type") != "paragraph":
            continue
        if _is_blank(data.get(f"body-{number}-value", "")):
            data[f"body-{number}-deleted"] = "1"
    return data


def _is_blank(content: str) -> bool:
    """Whether the editor's content state holds no letter, picture or rule."""
    try:
        state = json.loads(content or "null")
    except ValueError:
        return False
    if state is None:
        return True
    if not isinstance(state, dict) or state.get("entityMap"):
        return False
    return not any(str(b.get("text", "")).strip() for b in state.get("blocks", []))
