"""Which kinds of public pages there are, and where one of each can be read now.

Page types are found among the models, other pages among the routes; a new one that no
table here names is reported, so that it can't go unchecked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.context import SEARCH_PATH, is_portal, public_path
from disclosure_pages.choices import Category
from disclosure_pages.models import (
    CategoryIndexPage,
    CollectionPage,
    DisclosureIndexPage,
    DisclosureItemPage,
    ExternalItem,
    HomePage,
    OfficeIndexPage,
    ReadingPointIndexPage,
)
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.models.pages import SectionPage
from disclosure_pages.public_state import visible_external, visible_pages


class Tags(StrEnum):
    """Which meta tags a page must have."""

    SITE = "site"
    COLUMN = "column"
    ARTICLE = "article"


@dataclass(frozen=True)
class Kind:
    """One kind of page: where it is (empty: none exists yet) and what it must tell."""

    name: str
    label: Any
    path: str
    tags: Tags = Tags.SITE
    status: int = 200
    known: bool = True


# Routes that answer with a page for people, by name.
ROUTES = {
    "search": (Tags.SITE, _("查信息")),
    "saved_search": (Tags.SITE, _("有新结果时发邮件给我")),
    "saved_sent": (Tags.SITE, _("还差一步：请看您的邮箱")),
    "sitemap_page": (Tags.COLUMN, _("网站地图")),
    "feedback": (Tags.COLUMN, _("网站找错")),
    "feedback_thanks": (Tags.SITE, _("已收到")),
    "external_index": (Tags.COLUMN, _("汇集的信息")),
    "external_coverage": (Tags.COLUMN, _("汇集情况")),
    "external_item": (Tags.ARTICLE, _("外来信息")),
}
PORTAL_ONLY = {"external_index", "external_item", "external_coverage"}
# Routes that answer with anything but a page: data, files, signs of life.
NOT_PAGES = {
    *("feed_latest", "feed_category", "feed_collection", "list_export"),
    *("collection_export", "sitemap", "sitemap_section", "media", "robots"),
    *("guide_print", "reading_point_coverage"),
    *("search_export", "search_feed", "search_print", "search_opened"),
    *("external_file", "external_coverage_file", "healthz", "readyz", "metrics"),
}
# What one person sees by a secret address: no page of the site.
PRIVATE = {
    *("opinion", "opinion_file", "opinion_picture", "saved_confirm", "saved_stop"),
}
# Packages whose routes are no pages of ours: the desk, Wagtail's and ninja's own.
FOREIGN = ("admin/", "documents/", "api/v1/", "_util/", "portal/v1/", "favicon.ico")
COLUMNS = (
    *(DisclosureIndexPage, CategoryIndexPage, OfficeIndexPage, CollectionPage),
    *(ReadingPointIndexPage, SectionPage),
)


def page_models() -> list[type[ModeratedPage]]:
    """Return every page type of ours that can be made."""
    models = apps.get_app_config("disclosure_pages").get_models()
    return [model for model in models if issubclass(model, ModeratedPage)]


def tags_of(model: type[Page]) -> Tags | None:
    """Return what a page type must tell; None for a type that nobody thought of."""
    if issubclass(model, PublicPage):
        return Tags.ARTICLE
    if issubclass(model, COLUMNS):
        return Tags.COLUMN
    return Tags.SITE if model is HomePage else None


def kinds() -> list[Kind]:
    """Return every kind with one address each."""
    return [*_page_kinds(), *_list_kinds(), *_route_kinds(), *_answer_kinds()]


def _page_kinds() -> Iterator[Kind]:
    for model in page_models():
        pages = visible_pages(model).order_by("path")
        url_path = pages.values_list("url_path", flat=True).first()
        tags = tags_of(model)
        yield Kind(
            name=model.__name__,
            label=str(model._meta.verbose_name),
            path=public_path(url_path) if url_path else "",
            tags=tags or Tags.SITE,
            known=tags is not None,
        )


def _list_kinds() -> Iterator[Kind]:
    index = visible_pages(DisclosureIndexPage).values_list("url_path", flat=True)
    if path := index.first():
        address = f"{public_path(path)}?category={Category.WORK}&q=%E4%B8%80"
        yield Kind("filtered_list", _("筛选后的目录"), address, Tags.COLUMN)


def _route_kinds() -> Iterator[Kind]:
    for route, name in routes():
        if name in NOT_PAGES | PRIVATE | {"wagtail_serve"}:
            continue
        if route.startswith(FOREIGN):
            continue
        if name in PORTAL_ONLY and not is_portal():
            continue
        known = name in ROUTES
        tags, label = ROUTES.get(name, (Tags.SITE, route))
        path = _path_of(name) if known else ""
        yield Kind(name or route, str(label), path, tags, known=known)


def _path_of(name: str) -> str:
    if name == "search":
        return f"{SEARCH_PATH}?q=%E9%80%9A%E7%9F%A5"
    if name == "feedback_thanks":
        return reverse(name, args=[1])
    if name == "external_item":
        item: ExternalItem | None = visible_external().first()
        return reverse(name, args=[item.origin, item.key]) if item else ""
    return reverse(name)


def _answer_kinds() -> Iterator[Kind]:
    yield Kind("missing", "404", "/no-such-page/", status=404)
    gone = DisclosureItemPage.objects.filter(live=False, withdrawn_at__isnull=False)
    if url_path := gone.values_list("url_path", flat=True).first():
        yield Kind("tombstone", "410", public_path(url_path), status=410)


def routes(patterns: list | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return (route, name) of every address that the configuration knows."""
    entries = get_resolver().url_patterns if patterns is None else patterns
    for entry in entries:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route.removeprefix("^"), entry.name or ""
