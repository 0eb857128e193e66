"""Puts the checks into the editor and the text states into the list of documents."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.pages import PageViewSet
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from disclosure_pages.desk import checks_panel, documents
from disclosure_pages.desk.editing import viewset_of
from disclosure_pages.models.base import ModeratedPage, PublicPage


@hooks.register("register_admin_viewset")
def editors() -> list[PageViewSet]:
    models = apps.get_models()
    return [viewset_of(m) for m in models if issubclass(m, ModeratedPage)]


@hooks.register("register_admin_urls")
def checks_urls() -> list[URLPattern]:
    return [
        path("checks/<int:page_id>/", checks_panel.checks, name="gongkai_checks"),
        path(
            "originals/<int:document_id>/", documents.original, name="gongkai_original"
        ),
    ]


@hooks.register("register_admin_urls", order=-10)
def document_list_urls() -> list[URLPattern]:
    """Wagtail's own addresses, found before Wagtail's own views."""
    view = documents.DocumentIndexView
    return [
        path("documents/", view.as_view()),
        path("documents/results/", view.as_view(results_only=True)),
    ]


@hooks.register("register_page_header_buttons")
def checks_button(
    page: Page, user: Any, next_url: str | None = None, **kwargs: Any
) -> Iterator[Button]:
    if issubclass(page.specific_class or Page, PublicPage):
        yield Button(
            _("检查"),
            reverse("gongkai_checks", args=[page.pk]),
            icon_name="clipboard-list",
            priority=4,
        )


@hooks.register("insert_editor_js")
def checks_js() -> str:
    return format_html('<script src="{}" defer></script>', static("cms/desk-checks.js"))
