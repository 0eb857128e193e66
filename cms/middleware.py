"""Headers that depend on the path: strict policy outside the admin, private inside."""

from collections.abc import Callable

from csp.constants import NONE, SELF
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

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
