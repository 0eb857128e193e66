"""Chinese or English words around the same content, without scripts.

``?lang=en`` asks, a cookie remembers. What was published stays as it was written; only
the interface changes. The desk has Wagtail's own setting, per user.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from cms.middleware import ADMIN_PREFIXES

COOKIE = "gongkai_lang"
COOKIE_AGE_S = 365 * 24 * 3600
CHINESE = "zh-hans"
ENGLISH = "en"
CODES = {"zh": CHINESE, "en": ENGLISH}  # as in the address and the cookie
HTML_CODES = {CHINESE: "zh-CN", ENGLISH: "en"}


def asked_language(request: HttpRequest) -> str:
    """Return the code named in the address, if it is one of ours."""
    asked = request.GET.get("lang", "")
    return asked if asked in CODES else ""


def interface_language(request: HttpRequest) -> str:
    """Return the language to show: as the address says, as kept, else Chinese."""
    kept = request.COOKIES.get(COOKIE, "")
    return CODES.get(asked_language(request) or kept, CHINESE)


def speak_language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: write public pages in the reader's language and keep the choice."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ADMIN_PREFIXES):
            return get_response(request)
        with translation.override(interface_language(request)):
            response = get_response(request)
        if COOKIE in request.COOKIES or asked_language(request):
            patch_vary_headers(response, ["Cookie"])
        asked = asked_language(request)
        if asked == "zh" and COOKIE in request.COOKIES:
            response.delete_cookie(COOKIE)
        elif asked == "en":
            response.set_cookie(
                COOKIE, asked, max_age=COOKIE_AGE_S, samesite="Lax", httponly=True
            )
        return response

    return respond
