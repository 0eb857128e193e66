"""采集来源 on the desk: the sources, trying one out, fetching now, what was found."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from wagtail import hooks
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry, log
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import EditView, SnippetViewSet

from cms.desk_columns import yes_no
from disclosure_pages.choices import Category, HarvestState
from disclosure_pages.harvest.trying import SHOWN, try_out
from disclosure_pages.models import HarvestSource
from disclosure_pages.services.harvest import KEEPS

PER_PAGE = 50
LOG_ACTION = "gongkai.harvest_now"


class SourceEditView(EditView):
    """The form of a source, with 试取 and what was found beside it."""

    @property
    def header_more_buttons(self) -> list[Button]:
        return [*_buttons(self.object), *super().header_more_buttons]


class HarvestSourceViewSet(SnippetViewSet):
    model = HarvestSource
    icon = "download"
    menu_label = _("采集来源")
    add_to_settings_menu = True
    menu_order = 330
    edit_view_class = SourceEditView
    list_display = [
        "name",
        Column("kind", label=_("种类"), accessor="get_kind_display"),
        yes_no(HarvestSource, "is_active"),
        DateColumn("last_run_at", label=_("上次取的时间")),
        Column("state", label=_("情况"), accessor="state_in_words"),
    ]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "url", "publisher"]


register_snippet(HarvestSourceViewSet)


def _buttons(source: HarvestSource) -> Iterator[Button]:
    places = (
        ("gongkai_harvest_trial", _("试取"), "view"),
        ("gongkai_harvest_links", _("取到的信息"), "list-ul"),
    )
    for priority, (name, label, icon) in enumerate(places, 15):
        url = reverse(name, args=[source.pk])
        yield Button(label, url, icon_name=icon, priority=priority)


@hooks.register("register_snippet_listing_buttons")
def source_buttons(
    snippet: Any, user: Any, next_url: str | None = None
) -> list[Button]:
    is_source = isinstance(snippet, HarvestSource) and user.has_perm(KEEPS)
    return list(_buttons(snippet)) if is_source else []


def _edit_url(source: HarvestSource) -> str:
    name = HarvestSource.snippet_viewset.get_url_name("edit")
    return reverse(name, args=[source.pk])


@permission_required(KEEPS, raise_exception=True)
@require_safe
def trial(request: HttpRequest, source_id: int) -> HttpResponse:
    """Ask the site for its first entries and show them; keeps nothing of them."""
    source = get_object_or_404(HarvestSource, pk=source_id)
    tried, labels = try_out(source), dict(Category.choices)
    return TemplateResponse(
        request,
        "disclosure_pages/desk/harvest_trial.html",
        {
            "source": source,
            "edit_url": _edit_url(source),
            "trial": tried,
            "rows": [
                (row, labels.get(row.category or source.category, "—"))
                for row in tried.rows
            ],
            "limit": SHOWN,
        },
    )


@permission_required(KEEPS, raise_exception=True)
@require_POST
def fetch_now(request: HttpRequest, source_id: int) -> HttpResponse:
    """Put a source in front; the job fetches, so that no request waits for a site."""
    source = get_object_or_404(HarvestSource, pk=source_id)
    if source.is_active:
        HarvestSource.objects.filter(pk=source.pk).update(next_at=timezone.now())
        log(instance=source, action=LOG_ACTION, user=request.user)
        messages.success(
            request, _now("已经排上，一分钟内开始取。过一会儿刷新看结果。")
        )
    else:
        messages.error(request, _now("这个来源没有启用，启用以后才能取。"))
    return redirect("gongkai_harvest_links", source.pk)


@permission_required(KEEPS, raise_exception=True)
@require_safe
def links(request: HttpRequest, source_id: int) -> HttpResponse:
    """List what a source gave, by state, with how often it is referred to."""
    source = get_object_or_404(HarvestSource, pk=source_id)
    state = request.GET.get("state", "")
    state = state if state in HarvestState.values else ""
    rows = source.links.select_related("item").order_by("-checked_at", "-pk")
    rows = rows.annotate(uses=Count("item__references"))
    if state:
        rows = rows.filter(state=state)
    counted = source.links.order_by().values_list("state").annotate(Count("pk"))
    found = dict(counted)
    return TemplateResponse(
        request,
        "disclosure_pages/desk/harvest_links.html",
        {
            "source": source,
            "edit_url": _edit_url(source),
            "rows": Paginator(rows, PER_PAGE).get_page(request.GET.get("p")),
            "state": state,
            "states": [
                (value, label, found.get(value, 0))
                for value, label in HarvestState.choices
            ],
        },
    )


@hooks.register("register_admin_urls")
def harvest_urls() -> list[URLPattern]:
    one = "harvest/<int:source_id>"
    return [
        path(f"{one}/trial/", trial, name="gongkai_harvest_trial"),
        path(f"{one}/now/", fetch_now, name="gongkai_harvest_now"),
        path(f"{one}/", links, name="gongkai_harvest_links"),
    ]


@hooks.register("register_log_actions")
def harvest_log_actions(actions: LogActionRegistry) -> None:
    actions.register_action(LOG_ACTION, _("现在取一次"), _("要求现在取一次"))
