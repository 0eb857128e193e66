from django.urls import include, path, re_path

from disclosure_pages import (
    external_views,
    guide_views,
    opinion_views,
    reading_point_views,
    views,
)

urlpatterns = [
    path("", include("disclosure_pages.feed_urls")),
    path("media/<path:name>", views.media, name="media"),
    re_path(
        r"^guide/(?P<kind>booklet|poster|large)\.pdf$",
        guide_views.guide_print_file,
        name="guide_print",
    ),
    re_path(
        r"^reading-points/coverage\.(?P<form>csv|json)$",
        reading_point_views.reading_point_coverage,
        name="reading_point_coverage",
    ),
    path("opinion/<str:token>/", opinion_views.opinion, name="opinion"),
    path(
        "opinion/<str:token>/files/<int:number>/",
        opinion_views.opinion_file,
        name="opinion_file",
    ),
    path(
        "opinion/<str:token>/media/<path:name>",
        opinion_views.opinion_picture,
        name="opinion_picture",
    ),
    path("robots.txt", views.robots, name="robots"),
    path("townships/", external_views.external_coverage, name="external_coverage"),
    path(
        "townships.csv",
        external_views.external_coverage_file,
        name="external_coverage_file",
    ),
    path("external/", external_views.external_index, name="external_index"),
    path(
        "external/<str:origin>/<str:key>/",
        external_views.external_item,
        name="external_item",
    ),
    path(
        "external-files/<str:sha256>/<str:name>",
        external_views.external_file,
        name="external_file",
    ),
]
