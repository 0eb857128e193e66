from django.urls import path, re_path

from . import exports, opened, views
from .saved import views as saved

urlpatterns = [
    path("search/", views.search, name="search"),
    path("search/export.csv", exports.search_export, name="search_export"),
    path("search/print/", exports.search_print, name="search_print"),
    re_path(
        r"^feeds/search\.(?P<form>rss|atom)$", exports.search_feed, name="search_feed"
    ),
    path("search/save/", saved.save_search, name="saved_search"),
    path("search/save/sent/", saved.letter_sent, name="saved_sent"),
    path("search/save/confirm/<str:token>/", saved.confirm, name="saved_confirm"),
    path("search/save/stop/<str:token>/", saved.stop, name="saved_stop"),
    path("search/opened/", opened.opened, name="search_opened"),
]
