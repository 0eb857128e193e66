"""订阅搜索 on the desk: how many wait for what; no mailbox is shown anywhere."""

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from . import selectors

VIEW = "gongkai_search.view_savedsearch"


@permission_required(VIEW, raise_exception=True)
@require_safe
def saved_searches(request: HttpRequest) -> HttpResponse:
    """Show counts by state, and what two people or more look for."""
    context = {
        "counts": selectors.by_state(),
        "shared": selectors.shared(),
        "late": selectors.late(timezone.now()),
        "mail_works": settings.GONGKAI_MAIL,
        "at": settings.GONGKAI_SAVED_SEARCH_AT,
        "at_least": selectors.AT_LEAST,
    }
    return TemplateResponse(request, "search/desk/saved_searches.html", context)


@hooks.register("register_admin_urls")
def saved_searches_urls() -> list[URLPattern]:
    return [path("saved-searches/", saved_searches, name="gongkai_saved_searches")]


class SavedSearchesMenuItem(MenuItem):
    """订阅搜索, for whoever may see the figures."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VIEW)


@hooks.register("register_reports_menu_item")
def saved_searches_menu_item() -> MenuItem:
    return SavedSearchesMenuItem(
        _("订阅搜索"), reverse("gongkai_saved_searches"), icon_name="mail", order=911
    )
