"""The form for letters about a search, and the two links that stand in letters.

A GET changes nothing: mail scanners open every link.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from disclosure_pages.feedback_views import reader_address
from disclosure_pages.services.feedback import TooMany, count_attempt
from search import services
from search.address import Address, in_words

from . import subscribing
from .models import MAX_SEARCH
from .subscribing import BadLink, LinkOver
from .words import address_of, canonical

WRONG_PER_HOUR = 30


class SaveForm(forms.Form):
    """A mailbox and the search; ``website`` is there for robots."""

    mail = forms.EmailField(
        label=_("您的电子邮箱"),
        max_length=254,
        error_messages={
            "required": _("请填写电子邮箱。"),
            "invalid": _("邮箱写得不对，请检查，例如 zhang@example.cn。"),
            "max_length": _("邮箱写得不对，请检查，例如 zhang@example.cn。"),
        },
    )
    search = forms.CharField(required=False, max_length=MAX_SEARCH)
    website = forms.CharField(required=False)

    @property
    def by_robot(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.data.get("website"))

    def clean_search(self) -> str:
        """Return the search in its one spelling."""
        search = canonical(address_of(self.cleaned_data["search"]))
        if len(search) > MAX_SEARCH:
            raise forms.ValidationError(_("条件太多，请去掉几个再保存。"))
        return search


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def save_search(request: HttpRequest) -> HttpResponse:
    """Show the form for the search in the address, and take a mailbox for it."""
    if request.method != "POST":
        return _form(request, SaveForm(), _meant(Address.read(request.GET)))
    form = SaveForm(request.POST)
    typed = request.POST.get("search", "")[:MAX_SEARCH]
    address = address_of(typed)
    if not settings.GONGKAI_MAIL:
        return _form(request, form, address, status=409)
    if form.by_robot:  # it learns nothing from the answer
        return redirect("saved_sent")
    if not form.is_valid():
        return _form(request, form, address, status=400)
    try:
        subscribing.ask(
            search=form.cleaned_data["search"],
            mail=form.cleaned_data["mail"],
            address=reader_address(request),
        )
    except TooMany:
        form.add_error(None, _("您刚才已经提交了很多次，请过一小时再来。"))
        return _form(request, form, address, status=429)
    return redirect("saved_sent")


def _meant(address: Address) -> Address:
    """Return the search whose results the page showed: without a slip of the pen."""
    if address.verbatim or not address.q:
        return address
    asked = replace(address.asked(), page=1, page_size=1)
    try:
        corrected = services.find(asked).corrected
    except services.SearchUnavailable:
        return address
    return replace(address, q=corrected) if corrected else address


def _form(
    request: HttpRequest, form: SaveForm, address: Address, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "address": address,
        "search": canonical(address),
        "words": in_words(address),
        "mail_works": settings.GONGKAI_MAIL,
        "feed": feed_of(address),
        "per_mailbox": subscribing.PER_MAILBOX,
    }
    return TemplateResponse(request, "search/saved/form.html", context, status=status)


def feed_of(address: Address) -> str:
    """Return the address of the search's feed."""
    return f"{reverse('search_feed', args=['rss'])}{address.newest_first}"


@never_cache
@require_safe
def letter_sent(request: HttpRequest) -> HttpResponse:
    """Say what comes next, the same to everybody."""
    return TemplateResponse(request, "search/saved/sent.html")


def by_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404, and soon 429, to links that we never signed; keep none of it."""

    @never_cache
    @functools.wraps(view)
    def respond(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token)
        except LinkOver:
            response = _shown(request, "over", status=410)
        except BadLink:
            response = _unknown(request)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return respond


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show the search and a button; only the button confirms."""
    if request.method != "POST":
        row = subscribing.to_confirm(token)
        if row.state == row.State.CONFIRMED:
            return _shown(request, "confirmed", row=row)
        return _shown(request, "confirm", row=row)
    return _shown(request, "confirmed", row=subscribing.confirm(token))


@csrf_exempt  # the signed link is the whole authority: mail programs send no cookie
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Stop at one click of the mail program (RFC 8058) or of the button."""
    if request.method == "POST":
        subscribing.stop(token)
        return _shown(request, "stopped")
    row = subscribing.to_stop(token)
    return _shown(request, "stop", row=row) if row else _shown(request, "stopped")


def _unknown(request: HttpRequest) -> HttpResponse:
    try:
        count_attempt(
            reader_address(request), act="saved-link", per_hour=WRONG_PER_HOUR
        )
    except TooMany:
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    raise Http404


def _shown(
    request: HttpRequest, name: str, *, row: Any = None, status: int = 200
) -> HttpResponse:
    address = address_of(row.search) if row else None
    context = {"words": in_words(address) if address else "", "address": address}
    return TemplateResponse(
        request, f"search/saved/{name}.html", context, status=status
    )
