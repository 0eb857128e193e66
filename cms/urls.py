"""URLs of the ready-made host; the other packages are named as strings only."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView
from ninja import NinjaAPI
from ninja.renderers import JSONRenderer
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.utils.urlpatterns import decorate_urlpatterns

# Wagtail's page that fails on purpose: a false alarm for whoever opens it.
ON_PURPOSE = "wagtailadmin_error_test"
desk_patterns = [
    entry
    for entry in wagtailadmin_urls.urlpatterns
    if getattr(entry, "name", None) != ON_PURPOSE
]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


def atomic_when_unsafe(view: Any) -> Any:
    """Run every unsafe admin request in one transaction; never a GET.

    Wagtail publishes without one; on SQLite an atomic GET would queue behind every
    writer.
    """

    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return respond


class ReadableJson(JSONRenderer):
    """Chinese as Chinese, not as escapes: people read these answers in a terminal."""

    json_dumps_params = {"ensure_ascii": False}


api = NinjaAPI(
    renderer=ReadableJson(),
    title="政府信息公开",
    version="1",
    openapi_url="/openapi.json",
    docs_url="/docs",
)
api.add_router("", "disclosure_pages.api.router")
api.add_router("", "search.api.router")
api.add_router("", "tasks.api.router")

urlpatterns = [
    path("", include("tasks.urls")),
    path(
        "admin/",
        include(decorate_urlpatterns(desk_patterns, atomic_when_unsafe)),
    ),
    path("documents/", include(wagtaildocs_urls)),
    path("api/v1/", api.urls),
    path("", include("search.urls")),
    path("", include("disclosure_pages.urls")),
    path(
        "favicon.ico",
        RedirectView.as_view(url=f"{settings.STATIC_URL}cms/favicon.svg"),
    ),
    path("", include(wagtail_urls)),
]
