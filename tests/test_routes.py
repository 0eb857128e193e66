"""Default-deny: a route without a row here fails the build.

PUBLIC routes answer anybody, SIGNED ones only a signed portal message (and only in
the portal role), everything under ``admin/`` only who signed in, but for DESK_OPEN.
"""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

PUBLIC = {
    "healthz",
    "readyz",
    "metrics",
    "^guide/(?P<kind>booklet|poster|large)\\.pdf$",
    "^reading-points/coverage\\.(?P<form>csv|json)$",
    "robots.txt",
    "opinion/<str:token>/",
    "opinion/<str:token>/files/<int:number>/",
    "opinion/<str:token>/media/<path:name>",
    "sitemap.xml",
    "^sitemap-(?P<section>[a-z]+)-(?P<part>[0-9]{1,4})\\.xml$",
    "sitemap/",
    "feedback/",
    "feedback/<int:number>/",
    "favicon.ico",
    "search/",
    "search/export.csv",
    "search/print/",
    "^feeds/search\\.(?P<form>rss|atom)$",
    "search/save/",
    "search/save/sent/",
    "search/save/confirm/<str:token>/",
    "search/save/stop/<str:token>/",
    "search/opened/",
    "^feeds/latest\\.(?P<form>rss|atom)$",
    "^feeds/category/(?P<category>[a-z]+)\\.(?P<form>rss|atom)$",
    "^feeds/collection/(?P<slug>[-\\w]+)\\.(?P<form>rss|atom)$",
    "^lists/items\\.(?P<form>csv|json)$",
    "^lists/collection/(?P<slug>[-\\w]+)\\.(?P<form>csv|json)$",
    "media/<path:name>",
    "townships/",
    "townships.csv",
    "external/",
    "external/<str:origin>/<str:key>/",
    "external-files/<str:sha256>/<str:name>",
    "documents/^(\\d+)/(.*)$",
    "documents/authenticate_with_password/<int:restriction_id>/",
    "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
    "_util/login/",
    "^((?:[\\w\\-]+/)*)$",
    "api/v1/",
    "api/v1/docs",
    "api/v1/openapi.json",
    "api/v1/items",
    "api/v1/item",
    "api/v1/search",
    "api/v1/suggest",
    "api/v1/changes",
}
ORIGIN = "11330099MB1A2B3C4D"
SIGNED = {  # route: a path that it matches
    "^portal/v1/digest/(?P<origin>[0-9A-Z]{18})$": f"/portal/v1/digest/{ORIGIN}",
    "^portal/v1/manifest/(?P<origin>[0-9A-Z]{18})$": f"/portal/v1/manifest/{ORIGIN}",
    "^portal/v1/files/(?P<sha256>[0-9a-f]{64})$": f"/portal/v1/files/{'0' * 64}",
    "^portal/v1/items/(?P<origin>[0-9A-Z]{18})/(?P<key>[0-9a-f]{32})$": (
        f"/portal/v1/items/{ORIGIN}/{'0' * 32}"
    ),
}
DESK_OPEN = {
    "admin/login/",
    "admin/logout/",
    "admin/password_reset/",
    "admin/password_reset/done/",
    "admin/password_reset/complete/",
    "admin/password_reset/confirm/<uidb64>/<token>/",
    "admin/jsi18n/",
    "admin/sprite/",
    "admin/sprite-<str:hash>/",
    "admin/test404/",
}
SAMPLES = {"int": "1", "str": "x", "slug": "x", "path": "x", "uuid": "0" * 32}


def routes(patterns, prefix=""):
    """Every route of the URL configuration as one string."""
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


def address(route):
    """A path that the route matches, as well as one can tell."""

    def sample(match):
        kind, _colon, _name = match[1].rpartition(":")
        return SAMPLES.get(kind, "1")

    path = re.sub(r"<([^<>]+)>", sample, route)
    path = re.sub(r"\(\?:?[^()]*\)|\([^()]*\)", "1", path)
    return "/" + re.sub(r"[\^$\\]", "", path)


ALL = sorted(set(routes(get_resolver().url_patterns)))


def test_every_route_has_a_row():
    outside = {route for route in ALL if not route.startswith("admin/")}
    assert outside - PUBLIC - set(SIGNED) == set()
    assert (PUBLIC | set(SIGNED)) - outside == set(), "rows without a route"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_desk_is_closed_to_strangers(client, method):
    desk = [route for route in ALL if route.startswith("admin/")]
    assert len(desk) > 200
    client.raise_request_exception = False
    open_to_all = {
        route
        for route in desk
        if getattr(client, method)(address(route)).status_code < 300
    }
    assert open_to_all <= DESK_OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "put", "head", "post", "delete"])
def test_a_township_takes_no_portal_messages(client, method):
    for path in SIGNED.values():
        assert getattr(client, method)(path).status_code in (404, 405)
