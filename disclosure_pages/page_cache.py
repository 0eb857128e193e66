"""Rendered pages for anonymous readers, each checked for one thing: still public?

A copy is used only while the database says, in one query, that the same publication of
the same page is public now; so withdrawal, expiry and new versions show at once. No
copy outlives a change of the register (footer, offices, contacts) where the processes
share a cache, nowhere by more than ``TTL_S``. Lists are never kept: they would show
titles of what was withdrawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from cms.display import display_mode
from cms.language import interface_language
from disclosure_pages.models import GuidePage
from disclosure_pages.models.base import PublicPage
from disclosure_pages.public_state import visible_pages

TTL_S = 60
REGISTER_KEY = "page:register"


@dataclass(frozen=True)
class Copy:
    """A rendered page and what must still hold for it to be shown."""

    model: type[PublicPage]
    page_id: int
    path: str
    published_at: datetime
    content: bytes
    content_type: str
    guide_version: int = 0

    def still_public(self) -> bool:
        """Whether this publication is public now; one query."""
        pages = visible_pages(self.model).filter(
            pk=self.page_id, path=self.path, last_published_at=self.published_at
        )
        if self.model is GuidePage:  # changed contacts are a new version too
            pages = pages.exclude(versions__number__gt=self.guide_version)
        return pages.exists()


def cache_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answer anonymous GETs of public pages from a checked copy."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not _cacheable(request):
            return get_response(request)
        shown = f"{display_mode(request)}:{interface_language(request)}"
        register = cache.get(REGISTER_KEY, "")
        key = f"page:{register}:{request.get_host()}:{request.path}:{shown}"
        copy: Copy | None = cache.get(key)
        if copy is not None and copy.still_public():
            return HttpResponse(copy.content, content_type=copy.content_type)
        response = get_response(request)
        if copy := _copy_of(request, response):
            cache.set(key, copy, TTL_S)
        return response

    return respond


def forget_copies() -> None:
    """Use no copy made before now; for changes that may show on any page."""
    cache.set(REGISTER_KEY, uuid4().hex, None)


def _cacheable(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and not request.META.get("QUERY_STRING")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
    )


def _copy_of(request: HttpRequest, response: HttpResponse) -> Copy | None:
    """Return a copy of the answer if it is a public page without anything personal."""
    route = getattr(request, "_wagtail_route_for_request", None)
    page = route[0] if route else None
    if not isinstance(page, PublicPage) or response.status_code != 200:
        return None
    if getattr(page, "names_others", False):
        return None  # what it names may be withdrawn before the copy is old
    if response.streaming or response.cookies or not page.last_published_at:
        return None
    return Copy(
        type(page),
        page.pk,
        page.path,
        page.last_published_at,
        response.content,
        response["Content-Type"],
        getattr(page, "shown_version", 0),
    )
