from django.urls import path, re_path

from . import exports, views

urlpatterns = [
    path("search/", views.search, name="search"),
    path("search/export.csv", exports.search_export, name="search_export"),
    path("search/print/", exports.search_print, name="search_print"),
    re_path(
        r"^feeds/search\.(?P<form>rss|atom)$", exports.search_feed, name="search_feed"
    ),
]
