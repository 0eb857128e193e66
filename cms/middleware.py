"""Headers that depend on the path: strict policy outside the admin, private inside."""

import logging
from collections.abc import Callable

from csp.constants import NONE, SELF
from django.db import InterfaceError, OperationalError
from django.db.models import ProtectedError
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


def desk_failures(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Say in words what failed on the desk; nothing was changed.

    Every unsafe request of the desk is one transaction, so that nothing is half done.
    A form without a field that the desk's own pages always send is a bad request:
    Wagtail reads the count of a text's blocks and the place of a copy unasked.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(
        request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        if isinstance(error, MultiValueDictKeyError):
            return HttpResponseBadRequest()
        if not request.path.startswith(ADMIN_PREFIXES):
            return None
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("database lost in %s", request.path, exc_info=error)
            text = loader.render_to_string("503.html")
            return HttpResponse(text, status=503, headers={"Retry-After": "30"})
        if isinstance(error, ProtectedError):
            return HttpResponse(loader.render_to_string("409.html"), status=409)
        return None

    respond.process_exception = process_exception
    return respond
