"""The form "something is wrong here" (我为政府网站找错): no script, nothing shown."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from disclosure_pages.services import feedback

MIN_LENGTH, MAX_LENGTH = 5, 1000


class FeedbackForm(forms.Form):
    """What is wrong, and how to reach the reader; ``website`` is there for robots."""

    text = forms.CharField(
        label=_("哪里有错"),
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6, "required": True}),
        error_messages={
            "required": _("请写明哪里有错。"),
            "min_length": _("写得太短，看不出错在哪里，请再写几个字。"),
            "max_length": _("最多 1000 字，请写短一些，或分两次提交。"),
        },
    )
    contact = forms.CharField(
        label=_("联系方式（可不填）"),
        max_length=100,
        required=False,
        error_messages={"max_length": _("联系方式最多 100 字。")},
    )
    website = forms.CharField(required=False)
    page = forms.CharField(required=False, max_length=2000)

    @property
    def by_robot(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.data.get("website"))


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def feedback_form(request: HttpRequest) -> HttpResponse:
    """Show the form for the page the reader came from, and take the note."""
    if request.method != "POST":
        subject = feedback.subject_of(request.GET.get("page", "/"))
        return _shown(request, FeedbackForm(), subject)
    form = FeedbackForm(request.POST)
    subject = feedback.subject_of(request.POST.get("page", "/"))
    if form.by_robot:  # it learns nothing from the answer
        return redirect("feedback_thanks", number=0)
    if not form.is_valid():
        return _shown(request, form, subject, status=400)
    try:
        note = feedback.take(
            subject=subject,
            text=form.cleaned_data["text"],
            contact=form.cleaned_data["contact"],
            address=reader_address(request),
        )
    except feedback.TooMany:
        form.add_error(
            None, _("您刚才已经提交了好几条。请过一小时再来，或直接打电话。")
        )
        return _shown(request, form, subject, status=429)
    return redirect(reverse("feedback_thanks", kwargs={"number": note.pk}))


def reader_address(request: HttpRequest) -> str:
    """The reader's address; behind our proxy, the one that the proxy itself saw."""
    direct = request.META.get("REMOTE_ADDR", "")
    if not settings.SECURE_PROXY_SSL_HEADER:
        return direct
    return request.headers.get("X-Forwarded-For", "").rpartition(",")[2] or direct


def _shown(
    request: HttpRequest, form: FeedbackForm, subject: Any, *, status: int = 200
) -> HttpResponse:
    return TemplateResponse(
        request,
        "disclosure_pages/feedback_form.html",
        {"form": form, "subject": subject, "max_length": MAX_LENGTH},
        status=status,
    )


@never_cache
@require_safe
def feedback_thanks(request: HttpRequest, number: int) -> HttpResponse:
    """Say that it arrived, with a number to ask by; tells nothing about the note."""
    return TemplateResponse(
        request, "disclosure_pages/feedback_thanks.html", {"number": number}
    )
