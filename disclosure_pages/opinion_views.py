"""What a person without an account sees of a draft, by the link that was sent."""

import functools
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import unquote

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from disclosure_pages import renderers
from disclosure_pages.choices import OpinionAnswer
from disclosure_pages.feedback_views import reader_address
from disclosure_pages.models import DisclosureItemPage, OpinionRequest
from disclosure_pages.services import opinions
from disclosure_pages.services.feedback import TooMany, count_attempt

WRONG_PER_HOUR = 30
OWN_FILE = re.compile(r'(\b(?:href|src)=")/(documents/([0-9]+)|media)/([^"]*)"')
SHOWN_NOWHERE = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class OpinionForm(forms.Form):
    """The answer; whoever does not simply agree says why."""

    answer = forms.ChoiceField(
        label=_("您的答复"), choices=OpinionAnswer.choices, widget=forms.RadioSelect
    )
    comment = forms.CharField(
        label=_("意见"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 5}),
    )


def by_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hand the view the request that its secret opens; 404, and soon 429, for others.

    Nobody keeps the answer, and no link on it tells where the reader was.
    """

    @functools.wraps(view)
    def respond(request: HttpRequest, token: str, **values: Any) -> HttpResponse:
        asked = opinions.opened_by(token)
        if asked is None:
            response = _unknown(request)
        else:
            response = view(request, token, asked, **values)
        for name, value in SHOWN_NOWHERE.items():
            response[name] = value
        return response

    return respond


def _unknown(request: HttpRequest) -> HttpResponse:
    try:
        count_attempt(reader_address(request), act="opinion", per_hour=WRONG_PER_HOUR)
    except TooMany:
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    raise Http404


@csrf_exempt  # the secret in the address is the whole authority, no cookie is
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def opinion(request: HttpRequest, token: str, asked: OpinionRequest) -> HttpResponse:
    """Show the revision that was asked about, and take the answer once."""
    form = OpinionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            opinions.answer(asked, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except opinions.OpinionClosed as closed:
            raise Http404 from closed
        else:
            return TemplateResponse(
                request, "disclosure_pages/opinion_thanks.html", {"asked": asked}
            )
    return TemplateResponse(
        request,
        "disclosure_pages/opinion.html",
        _shown(asked, token) | {"form": form, "token": token},
        status=400 if form.errors else 200,
    )


def _shown(asked: OpinionRequest, token: str) -> dict[str, Any]:
    page = asked.revision.as_object()
    files = [
        {
            "label": file.label,
            "url": reverse("opinion_file", args=[token, file.document.pk]),
            "bytes": file.document.file_size,
        }
        for file in page.named_files()
    ]
    html = renderers.draft_html(page)
    html = OWN_FILE.sub(functools.partial(_through_link, token), html)
    return {
        "asked": asked,
        "draft": page,
        "is_item": isinstance(page, DisclosureItemPage),
        "html": mark_safe(html),  # noqa: S308  # what the public page would show
        "files": files,
        "newer": asked.page.latest_revision_id != asked.revision_id,
    }


def _through_link(token: str, match: re.Match[str]) -> str:
    head, _kind, document, name = match.groups()
    if document:
        url = reverse("opinion_file", args=[token, int(document)])
    else:
        url = reverse("opinion_picture", args=[token, unquote(unescape(name))])
    return f'{head}{url}"'


@require_safe
@by_link
def opinion_file(
    request: HttpRequest, token: str, asked: OpinionRequest, number: int
) -> HttpResponse:
    """Serve a file that the revision names; every other has no address here."""
    page = asked.revision.as_object()
    named = {file.document.pk: file.document for file in page.named_files()}
    document = named.get(number)
    if document is None or not default_storage.exists(document.file.name):
        raise Http404
    response = FileResponse(
        document.file.open("rb"), as_attachment=True, filename=document.filename
    )
    return _harmless(response)


@require_safe
@by_link
def opinion_picture(
    request: HttpRequest, token: str, asked: OpinionRequest, name: str
) -> HttpResponse:
    """Serve a picture that the revision shows."""
    found = OWN_FILE.findall(renderers.draft_html(asked.revision.as_object()))
    shown = {
        unquote(unescape(path)) for _head, kind, _pk, path in found if kind == "media"
    }
    if name not in shown or not default_storage.exists(name):
        raise Http404
    return _harmless(FileResponse(default_storage.open(name)))


def _harmless(response: FileResponse) -> FileResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
