"""The officer's view of what is still on its way, and the retry button."""

from typing import Any

from django import forms
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View
from django_filters import ChoiceFilter
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView
from wagtail.log_actions import log
from wagtail.permission_policies import ModelPermissionPolicy

from .choices import CHANGE, Lane, target_label, target_names
from .models import Circuit, OutboxEntry, TargetState
from .selectors import UNNAMED, titles
from .wake import wake


class RetryColumn(Column):
    """A button that lets the row be tried at once."""

    cell_template_name = "tasks/desk/retry_cell.html"

    def get_cell_context_data(
        self, instance: OutboxEntry, parent_context: dict[str, Any]
    ) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        request = parent_context["request"]
        context["request"] = request
        context["may_retry"] = request.user.has_perm(CHANGE)
        context["may_skip"] = context["may_retry"] and skippable(instance)
        return context


def skippable(row: OutboxEntry) -> bool:
    """Whether a person may give the row up: no withdrawal, and no system retries it."""
    return row.dead and not row.skipped_at and row.lane != Lane.WITHDRAW


def target_choices() -> list[tuple[str, str]]:
    """Return the configured targets with their names in words."""
    return [(name, target_label(name)) for name in target_names()]


class OutboxFilterSet(WagtailFilterSet):
    """By target, and only what was given up."""

    target = ChoiceFilter(label=_("目标"), choices=target_choices)

    class Meta:
        model = OutboxEntry
        fields = ["target", "dead"]


class OutboxView(IndexView):
    """Everything a target still lacks; what was given up comes first."""

    model = OutboxEntry
    permission_policy = ModelPermissionPolicy(OutboxEntry)
    any_permission_required = ["view", "change"]
    page_title = _("推送情况")
    header_icon = "upload"
    index_url_name = "gongkai_outbox"
    index_results_url_name = "gongkai_outbox_results"
    results_template_name = "tasks/desk/outbox_results.html"
    default_ordering = ("-dead", "lane", "changed_at")
    filterset_class = OutboxFilterSet
    paginate_by = 50
    columns = [
        Column("title", label=_("标题")),
        Column("target_label", label=_("目标")),
        Column("situation", label=_("状态")),
        DateColumn("changed_at", label=_("变更于")),
        Column("last_error", label=_("最近的问题")),
        RetryColumn("retry", label=""),
    ]

    def get_base_queryset(self) -> QuerySet[OutboxEntry]:
        return OutboxEntry.objects.filter(wanted__gt=F("delivered"))

    def order_queryset(self, queryset: QuerySet[OutboxEntry]) -> QuerySet[OutboxEntry]:
        return queryset.order_by(*self.default_ordering)

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(*args, **kwargs)
        rows = list(context["object_list"])
        names = titles({row.key for row in rows}, self.request.user)
        for row in context["table"].data:
            row.title = names.get(row.key, UNNAMED)
        context["may_retry"] = self.request.user.has_perm(CHANGE)
        return context


class RetryView(PermissionRequiredMixin, View):
    """Try one row again now, or all of them."""

    permission_required = CHANGE
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        rows = OutboxEntry.objects.all()
        if pk is not None:
            rows = rows.filter(pk=pk)
        retried = list(rows.filter(wanted__gt=F("delivered"))[:500])
        rows.retry()
        TargetState.try_now()
        for row in retried:
            log(instance=row, action="gongkai.retry", user=request.user)
        wake()
        text = ngettext("将立即重试 %(n)d 条。", "将立即重试 %(n)d 条。", len(retried))
        messages.success(request, text % {"n": len(retried)})
        for name, circuit in TargetState.circuits({r.target for r in retried}).items():
            if circuit == Circuit.ASKED:
                text = _("%(target)s请我们晚些再发，到时自动发送。")
                messages.warning(request, text % {"target": target_label(name)})
        return redirect("gongkai_outbox")


class SkipForm(forms.Form):
    """Why the target shall go without this version."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        help_text=_("例：门户没有这个栏目，已电话说好不报。"),
    )


class SkipView(PermissionRequiredMixin, View):
    """Leave a row alone that was not taken, until its page changes again."""

    permission_required = CHANGE
    raise_exception = True

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(self._row(pk), SkipForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._row(pk)
        form = SkipForm(request.POST)
        if not form.is_valid():
            return self._page(row, form)
        reason = form.cleaned_data["reason"]
        name = request.user.get_full_name() or request.user.username
        rows = OutboxEntry.objects.filter(pk=pk, wanted=row.wanted)
        if rows.skip(by=name, reason=reason):
            data = {"reason": reason}
            log(instance=row, action="gongkai.skip", user=request.user, data=data)
            messages.success(request, _("已跳过。这一条再改动时，会自动再送。"))
        else:
            messages.error(request, _("没有跳过：这一条刚刚有变化，请再看一看。"))
        return redirect("gongkai_outbox")

    def _row(self, pk: int) -> OutboxEntry:
        row = get_object_or_404(OutboxEntry, pk=pk)
        if not skippable(row):
            raise Http404
        return row

    def _page(self, row: OutboxEntry, form: SkipForm) -> HttpResponse:
        names = titles({row.key}, self.request.user)
        context = {"row": row, "title": names.get(row.key, UNNAMED), "form": form}
        return TemplateResponse(self.request, "tasks/desk/skip.html", context)


__all__ = ["OutboxView", "RetryView", "SkipView"]
