"""Taking back at the desk: the question, what came of it, and the note to phone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.models import Page

from cms.context import base_url, public_path
from cms.models import Authority
from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.public_state import successor_links
from disclosure_pages.services.guide_prints import (
    PrintingBusy,
    PrintingUnavailable,
    draw_now,
)
from disclosure_pages.services.withdrawal import MAX_ADDRESS, may_withdraw, withdraw

REFRESH_S = 5


class WithdrawForm(forms.Form):
    """Why something public is taken back, and where its readers go; both are shown."""

    kind = forms.ChoiceField(
        label=gettext_lazy("撤回类型"),
        choices=WithdrawalKind.choices,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("撤回原因"),
        max_length=300,
        help_text=gettext_lazy("读者会看到。例：附件含有个人信息，改正后重新公开。"),
        widget=forms.Textarea({"rows": 3}),
    )
    successor = forms.CharField(
        label=gettext_lazy("请读者改看哪里（可不填）"),
        max_length=MAX_ADDRESS,
        required=False,
        help_text=gettext_lazy("已公开信息的索引号或网址，或者别处的网址。"),
    )


@dataclass(frozen=True)
class Place:
    """One place elsewhere that shows our pages, and whether it took this one down."""

    label: str
    url: str  # where the page stood there
    confirmed_at: datetime | None  # when it was seen that it is gone
    problem: str = ""


# What tells of such places; filled in by whoever delivers.
providers: list[Callable[[ModeratedPage], list[Place]]] = []


def places_of(page: ModeratedPage) -> list[Place]:
    """Return every place elsewhere that has to take this page down."""
    return [place for provider in providers for place in provider(page)]


def _page(request: HttpRequest, page_id: int) -> ModeratedPage:
    page = get_object_or_404(Page, pk=page_id).specific
    if not isinstance(page, ModeratedPage) or not may_withdraw(request.user, page):
        raise PermissionDenied
    return page


def _withdrawn_page(request: HttpRequest, page_id: int) -> ModeratedPage | None:
    page = _page(request, page_id)
    return page if page.withdrawn_at and not page.live else None


@require_http_methods(["GET", "POST"])
def withdraw_page(request: HttpRequest, page_id: int) -> HttpResponse:
    """Ask for kind and reason, then take the page back at once."""
    page = _page(request, page_id)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = withdraw(page, user=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _told(request, page, done=done)
    return TemplateResponse(
        request, "disclosure_pages/desk/withdraw.html", {"page": page, "form": form}
    )


def _told(request: HttpRequest, page: ModeratedPage, *, done: bool) -> HttpResponse:
    page.refresh_from_db()
    if page.withdrawn_at and not page.live:
        return redirect("gongkai_withdrawal", page.pk)
    text = _("《%(title)s》现在没有公开，未作处理。")
    if done:
        text = _("《%(title)s》的定时公开已取消，它没有公开过。")
    messages.success(request, text % {"title": page.draft_title})
    return redirect("wagtailadmin_explore", page.get_parent().pk)


@require_safe
def withdrawal(request: HttpRequest, page_id: int) -> HttpResponse:
    """Show what was taken back, and whether everybody else took it down too."""
    page = _withdrawn_page(request, page_id)
    if page is None:
        return redirect("wagtailadmin_explore", page_id)
    places = places_of(page)
    waiting = [place for place in places if not place.confirmed_at]
    return TemplateResponse(
        request,
        "disclosure_pages/desk/withdrawn.html",
        {
            "page": page,
            "places": places,
            "waiting": waiting,
            "successor": successor_links([page.pk]).get(page.pk),
            "refresh_s": REFRESH_S if waiting else 0,
        },
    )


@require_safe
def takedown_note(request: HttpRequest, page_id: int, form: str) -> HttpResponse:
    """Give the note (撤稿通知单) for a portal, to print, fax or read out."""
    page = _withdrawn_page(request, page_id)
    if page is None:
        return redirect("wagtailadmin_explore", page_id)
    css = render_to_string("disclosure_pages/desk/takedown_note.css")
    note = _note(page)
    if form == "html":
        return TemplateResponse(
            request, "disclosure_pages/desk/takedown_note.html", note | {"css": css}
        )
    html = render_to_string("disclosure_pages/desk/takedown_note.html", note)
    try:
        content = draw_now(html, css)
    except PrintingUnavailable as error:
        messages.error(request, str(error))
    except PrintingBusy:
        messages.error(request, _("正在生成别的 PDF，请过几秒再点。"))
    else:
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="takedown-{page.pk}.pdf"'
        return response
    return redirect("gongkai_withdrawal", page.pk)


def _note(page: ModeratedPage) -> dict[str, Any]:
    return {
        "page": page,
        "places": places_of(page),
        "authority": Authority.load(),
        "address": f"{base_url()}{public_path(page.url_path)}",
        "successor": successor_links([page.pk]).get(page.pk),
    }
