"""内容规则 on the desk: the rules themselves, trying one out, what they did."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_filters import BooleanFilter
from wagtail import hooks
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import EditView, SnippetViewSet

from disclosure_pages.models.rules import ContentRule, RuleRun
from disclosure_pages.rules.engine import CHANGE, LOG_ACTION
from disclosure_pages.rules.trial import DAYS, LOOKED_AT, try_out

VIEW_RUNS = "disclosure_pages.view_rulerun"


class RuleEditView(EditView):
    """The form of a rule, with 试运行 and the records of this rule beside it."""

    @property
    def header_more_buttons(self) -> list[Button]:
        return [*_buttons(self.object), *super().header_more_buttons]


class ContentRuleViewSet(SnippetViewSet):
    model = ContentRule
    icon = "cogs"
    menu_label = _("内容规则")
    add_to_settings_menu = True
    menu_order = 320
    edit_view_class = RuleEditView
    list_display = [
        "name",
        Column("event", label=_("什么时候"), accessor="get_event_display"),
        *("sort_order", "stop_after", "is_active"),
    ]
    list_filter = ["event", "is_active"]
    search_fields = ["name"]


register_snippet(ContentRuleViewSet)


def _buttons(rule: ContentRule) -> Iterator[Button]:
    yield Button(
        _("试运行"),
        reverse("gongkai_rule_trial", args=[rule.pk]),
        icon_name="view",
        priority=15,
    )
    yield Button(_("运行记录"), runs_of(rule), icon_name="history", priority=16)


def runs_of(rule: ContentRule) -> str:
    """Return where the records of one rule are listed."""
    return f"{reverse('gongkai_rule_runs')}?rule={rule.pk}"


@hooks.register("register_snippet_listing_buttons")
def rule_buttons(snippet: Any, user: Any, next_url: str | None = None) -> list[Button]:
    is_rule = isinstance(snippet, ContentRule) and user.has_perm(CHANGE)
    return list(_buttons(snippet)) if is_rule else []


@permission_required(CHANGE, raise_exception=True)
@require_safe
def trial(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Show what a rule would have done of late; writes nothing."""
    rule = get_object_or_404(ContentRule, pk=rule_id)
    edit = reverse(ContentRule.snippet_viewset.get_url_name("edit"), args=[rule.pk])
    return TemplateResponse(
        request,
        "disclosure_pages/desk/rule_trial.html",
        {
            "rule": rule,
            "edit_url": edit,
            "trial": try_out(rule),
            "days": DAYS,
            "limit": LOOKED_AT,
        },
    )


class RuleRunFilterSet(WagtailFilterSet):
    """By rule, and whether something was not done."""

    wrong = BooleanFilter(label=_("没有办成"), method="by_error")

    class Meta:
        model = RuleRun
        fields = ["rule"]

    def by_error(self, runs: QuerySet, name: str, value: bool) -> QuerySet:
        """Narrow to runs with something undone, or to those without."""
        return runs.exclude(error="") if value else runs.filter(error="")


class RuleRunView(IndexView):
    """规则运行记录: what rules did, the newest first."""

    model = RuleRun
    permission_policy = ModelPermissionPolicy(RuleRun)
    any_permission_required = ["view"]
    page_title = _("规则运行记录")
    header_icon = "history"
    index_url_name = "gongkai_rule_runs"
    index_results_url_name = "gongkai_rule_runs_results"
    default_ordering = ("-run_at", "-pk")
    filterset_class = RuleRunFilterSet
    paginate_by = 50
    columns = [
        DateColumn("run_at", label=_("时间")),
        Column("rule_name", label=_("规则")),
        Column("event", label=_("什么时候"), accessor="event_label"),
        Column("title", label=_("对象")),
        Column("outcomes", label=_("结果"), accessor="summary"),
        Column("error", label=_("没有办成")),
    ]


@hooks.register("register_admin_urls")
def rule_urls() -> list[URLPattern]:
    return [
        path("rules/<int:rule_id>/trial/", trial, name="gongkai_rule_trial"),
        path("rules/runs/", RuleRunView.as_view(), name="gongkai_rule_runs"),
        path(
            "rules/runs/results/",
            RuleRunView.as_view(results_only=True),
            name="gongkai_rule_runs_results",
        ),
    ]


class RuleRunsMenuItem(MenuItem):
    """规则运行记录: for whoever may see them."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VIEW_RUNS)


@hooks.register("register_reports_menu_item")
def rule_runs_menu_item() -> MenuItem:
    return RuleRunsMenuItem(
        _("规则运行记录"),
        reverse("gongkai_rule_runs"),
        icon_name="history",
        order=910,
    )


@hooks.register("register_log_actions")
def rule_log_actions(actions: LogActionRegistry) -> None:
    @actions.register_action(LOG_ACTION)
    class RuleFormatter(LogFormatter):
        label = _("内容规则")

        def format_message(self, log_entry: Any) -> str:
            return _("规则“%(rule)s”：%(what)s") % log_entry.data
