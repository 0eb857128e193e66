"""Feeds, exports, sitemaps and the readers' own notes (纠错)."""

from django.urls import path, re_path

from disclosure_pages import feedback_views, feeds, list_exports, sitemaps

FEED = r"\.(?P<form>rss|atom)$"
EXPORT = r"\.(?P<form>csv|json)$"
SLUG = r"(?P<slug>[-\w]+)"

urlpatterns = [
    re_path(rf"^feeds/latest{FEED}", feeds.feed_latest, name="feed_latest"),
    re_path(
        rf"^feeds/category/(?P<category>[a-z]+){FEED}",
        feeds.feed_category,
        name="feed_category",
    ),
    re_path(
        rf"^feeds/collection/{SLUG}{FEED}",
        feeds.feed_collection,
        name="feed_collection",
    ),
    re_path(rf"^lists/items{EXPORT}", list_exports.list_export, name="list_export"),
    re_path(
        rf"^lists/collection/{SLUG}{EXPORT}",
        list_exports.collection_export,
        name="collection_export",
    ),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap"),
    re_path(
        r"^sitemap-(?P<section>[a-z]+)-(?P<part>[0-9]{1,4})\.xml$",
        sitemaps.sitemap_section,
        name="sitemap_section",
    ),
    path("sitemap/", sitemaps.sitemap_page, name="sitemap_page"),
    path("feedback/", feedback_views.feedback_form, name="feedback"),
    path(
        "feedback/<int:number>/", feedback_views.feedback_thanks, name="feedback_thanks"
    ),
]
