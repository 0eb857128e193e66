"""Readers' notes on the desk: list by state, answer, and how many are new."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django_filters import ChoiceFilter
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.generic import IndexView
from wagtail.permission_policies import ModelPermissionPolicy

from disclosure_pages.choices import FeedbackStatus
from disclosure_pages.models import Feedback
from disclosure_pages.services import feedback

CHANGE = "disclosure_pages.change_feedback"


class FeedbackFilterSet(WagtailFilterSet):
    """By what became of the note."""

    status = ChoiceFilter(label=_("状态"), choices=FeedbackStatus.choices)

    class Meta:
        model = Feedback
        fields = ["status"]


class FeedbackView(IndexView):
    """All notes, the newest first; what nobody dealt with can be picked out."""

    model = Feedback
    permission_policy = ModelPermissionPolicy(Feedback)
    any_permission_required = ["view", "change"]
    page_title = _("网站纠错")
    header_icon = "warning"
    index_url_name = "gongkai_feedback"
    index_results_url_name = "gongkai_feedback_results"
    default_ordering = "-created_at"
    filterset_class = FeedbackFilterSet
    paginate_by = 50
    columns = [
        Column("pk", label=_("编号")),
        TitleColumn("text", label=_("哪里有错"), url_name="gongkai_feedback_answer"),
        Column("page_title", label=_("页面"), accessor="__str__"),
        Column("status", label=_("状态"), accessor="get_status_display"),
        DateColumn("created_at", label=_("收到时间")),
        Column("handled_by", label=_("处理人")),
        DateColumn("handled_at", label=_("处理时间")),
    ]

    def get_base_queryset(self) -> QuerySet[Feedback]:
        return Feedback.objects.select_related("handled_by")


class AnswerForm(forms.ModelForm):
    """What became of the note, and what was done."""

    class Meta:
        model = Feedback
        fields = ["status", "answer"]
        widgets = {
            "status": forms.RadioSelect,
            "answer": forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
        }


@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def answer_feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one note whole and keep what was done about it."""
    note = get_object_or_404(Feedback.objects.select_related("handled_by"), pk=pk)
    form = AnswerForm(request.POST or None, instance=Feedback.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid() and _kept(request, note, form):
        messages.success(request, _("已记下处理结果。"))
        return redirect("gongkai_feedback")
    context: dict[str, Any] = {"note": note, "form": form}
    return TemplateResponse(request, "disclosure_pages/desk/feedback.html", context)


def _kept(request: HttpRequest, note: Feedback, form: AnswerForm) -> bool:
    try:
        feedback.answer(
            note,
            user=request.user,
            status=form.cleaned_data["status"],
            text=form.cleaned_data["answer"],
        )
    except ValidationError as error:
        form.add_error("answer", error.message_dict["answer"])
        return False
    return True
