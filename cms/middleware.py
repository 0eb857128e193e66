"""Headers that depend on the path: strict policy outside the admin, private inside."""

import logging
from collections.abc import Callable

from csp.constants import NONE, SELF
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template import loader
from django.utils.datastructures import MultiValueDictKeyError

logger = logging.getLogger(__name__)

ADMIN_PREFIXES = ("/admin/", "/api/v1/docs")
PUBLIC_POLICY = {
    "default-src": [NONE],
    "img-src": [SELF, "data:"],
    "script-src": [SELF],
    "style-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "object-src": [NONE],
}


def path_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give public pages a policy without inline code, and keep the admin uncached."""

    def respond(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:  # PostgreSQL refuses to look for it
            return HttpResponseBadRequest()
        response = get_response(request)
        if request.path.startswith(ADMIN_PREFIXES):
            response.setdefault("Cache-Control", "private, no-store")
        elif not hasattr(response, "_csp_replace"):
            response._csp_replace = PUBLIC_POLICY
        response.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        return response

    return respond


def outage_page(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Say on the desk what to do when the database went away; nothing was changed.

    Every unsafe request of the desk is one transaction, so that nothing is half done.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(
        request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        lost = isinstance(error, OperationalError | InterfaceError)
        if not lost or not request.path.startswith(ADMIN_PREFIXES):
            return None
        logger.error("database lost in %s", request.path, exc_info=error)
        text = loader.render_to_string("503.html")
        return HttpResponse(text, status=503, headers={"Retry-After": "30"})

    respond.process_exception = process_exception
    return respond


def incomplete_form(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 400 to a form without a field that the desk's own pages always send.

    Wagtail reads the count of a text's blocks and the place of a copy unasked.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(
        request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        if isinstance(error, MultiValueDictKeyError):
            return HttpResponseBadRequest()
        return None

    respond.process_exception = process_exception
    return respond
