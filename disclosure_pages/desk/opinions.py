"""Asking somebody outside about a draft: who was asked, and the link, once."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import Page

from cms.context import base_url
from disclosure_pages.choices import OpinionAnswer
from disclosure_pages.models import OpinionRequest
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.services import opinions


class AskForm(forms.ModelForm):
    """Whom to ask, what to look at, and for how long."""

    days = forms.IntegerField(
        label=_("链接有效几天"), min_value=1, max_value=opinions.MAX_DAYS, initial=7
    )

    class Meta:
        model = OpinionRequest
        fields = ["organisation", "name", "mail", "question"]


def _page(request: HttpRequest, page_id: int) -> ModeratedPage:
    page = get_object_or_404(Page, pk=page_id).specific
    if not isinstance(page, PublicPage) or not opinions.may_ask(request.user, page):
        raise PermissionDenied
    return page


@require_http_methods(["GET", "POST"])
def opinion_requests(request: HttpRequest, page_id: int) -> HttpResponse:
    """List who was asked about a page and what they said; make a new link."""
    page = _page(request, page_id)
    form = AskForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            asked, token = opinions.ask(page, user=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            link = f"{base_url()}{reverse('opinion', args=[token])}"
            form = AskForm()
    return TemplateResponse(
        request,
        "disclosure_pages/desk/opinions.html",
        {
            "page": page,
            "form": form,
            "link": link,
            "asked": asked if link else None,
            "hindrance": opinions.not_to_show(page),
            "requests": opinions.opinions_on(page.pk),
        },
    )


@require_POST
def revoke_opinion(request: HttpRequest, page_id: int, pk: int) -> HttpResponse:
    """Close one link at once."""
    page = _page(request, page_id)
    asked = get_object_or_404(OpinionRequest, pk=pk, page=page.pk)
    if opinions.revoke(asked, user=request.user):
        messages.success(request, _("已收回，链接打不开了。"))
    else:
        messages.warning(request, _("它已经答复、收回或过期，未作处理。"))
    return redirect("gongkai_opinions", page.pk)


@hooks.register("register_admin_urls")
def opinion_urls() -> list[URLPattern]:
    return [
        path("opinions/<int:page_id>/", opinion_requests, name="gongkai_opinions"),
        path(
            "opinions/<int:page_id>/<int:pk>/revoke/",
            revoke_opinion,
            name="gongkai_opinion_revoke",
        ),
    ]


@hooks.register("register_page_header_buttons")
def opinion_button(page: Page, user: Any, **kwargs: Any) -> Iterator[Button]:
    if page.live and not page.has_unpublished_changes:
        return
    specific = page.specific
    if isinstance(specific, PublicPage) and opinions.may_ask(user, specific):
        yield Button(
            _("征求外部意见"),
            reverse("gongkai_opinions", args=[page.pk]),
            icon_name="comment",
            priority=40,
        )


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    def said(label: Any, template: Any) -> type[LogFormatter]:
        class OpinionFormatter(LogFormatter):
            def format_message(self, log_entry: Any) -> str:
                answer = log_entry.data.get("answer", "")
                known = answer in OpinionAnswer.values
                label = OpinionAnswer(answer).label if known else answer
                return template % {
                    "who": log_entry.data.get("who", ""),
                    "answer": label,
                    "reason": log_entry.data.get("reason", ""),
                }

        OpinionFormatter.label = label
        return OpinionFormatter

    for action, label, template in (
        (opinions.ASK, _("征求外部意见"), _("请%(who)s看草稿：%(reason)s")),
        (opinions.OPEN, _("外部人员打开草稿"), _("%(who)s打开了草稿")),
        (opinions.ANSWER, _("外部答复"), _("%(who)s答复：%(answer)s。%(reason)s")),
        (opinions.REVOKE, _("收回征求意见"), _("收回给%(who)s的链接")),
    ):
        actions.register_action(action)(said(label, template))
