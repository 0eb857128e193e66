"""Large type (大字版) without scripts: ``?mode=elder`` asks, a cookie remembers."""

from collections.abc import Callable
from enum import StrEnum

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

COOKIE = "gongkai_mode"
COOKIE_AGE_S = 365 * 24 * 3600


class DisplayMode(StrEnum):
    """How a public page is shown; every page has both."""

    NORMAL = "normal"
    ELDER = "elder"


def asked_mode(request: HttpRequest) -> DisplayMode | None:
    """Return the mode named in the address, if it is one of ours."""
    asked = request.GET.get("mode", "")
    return DisplayMode(asked) if asked in set(DisplayMode) else None


def display_mode(request: HttpRequest) -> DisplayMode:
    """Return the mode to show: as the address says, else as kept, else normal."""
    request.display_mode_used = True
    kept = request.COOKIES.get(COOKIE)
    return asked_mode(request) or (
        DisplayMode.ELDER if kept == DisplayMode.ELDER else DisplayMode.NORMAL
    )


def remember_mode(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Keep the mode that an address asks for; mark what depends on it for caches."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not getattr(request, "display_mode_used", False):
            return response
        patch_vary_headers(response, ["Cookie"])
        asked = asked_mode(request)
        if asked == DisplayMode.NORMAL:
            response.delete_cookie(COOKIE)
        elif asked:
            response.set_cookie(
                COOKIE, asked, max_age=COOKIE_AGE_S, samesite="Lax", httponly=True
            )
        return response

    return respond
