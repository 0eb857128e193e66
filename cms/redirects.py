"""Old addresses of moved pages."""

from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware
from wagtail.models import Page, Site


class MovedPages(RedirectMiddleware):
    """Wagtail's redirects, save those that tell of drafts or lead nowhere.

    Moving a page leaves a redirect, also if it was never public: its old address would
    tell the new one. One that was moved away and back would lead to itself for ever.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        answer = super().process_response(request, response)
        if answer is response:
            return answer
        path = unquote(urlsplit(answer["Location"]).path)
        to_itself = path == request.path
        return response if to_itself or _was_never_public(request, path) else answer


def _was_never_public(request: HttpRequest, path: str) -> bool:
    site = Site.find_for_request(request)
    if site is None:
        return False
    url_path = site.root_page.url_path.rstrip("/") + path
    drafts = Page.objects.filter(live=False, first_published_at=None)
    return drafts.filter(url_path=url_path).exists()
