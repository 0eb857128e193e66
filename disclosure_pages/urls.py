from django.urls import include, path

from disclosure_pages import external_views, views

urlpatterns = [
    path("", include("disclosure_pages.feed_urls")),
    path("media/<path:name>", views.media, name="media"),
    path("robots.txt", views.robots, name="robots"),
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
