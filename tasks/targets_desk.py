"""The officer's console: how each target is, what it still lacks, and its switch."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import F, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.log_actions import log

from .ahead import ahead, ours_count
from .choices import CHANGE, VIEW, is_portal_target, target_label, target_names
from .desk import skippable
from .models import (
    Circuit,
    Mode,
    OutboxEntry,
    ReconcileReport,
    TargetState,
    Trouble,
)
from .reports import latest
from .selectors import UNNAMED, Backlog, backlogs, titles
from .targets import TargetDown
from .throughput import Chart, charts
from .wake import wake

SHOWN = 50  # items of a kind of difference that a report names
LETTERS = 5  # given-up items that the console names of each target


@dataclass(frozen=True)
class Letter:
    """An item that a target did not take, and that nobody tries again."""

    row: OutboxEntry
    title: str

    @property
    def skippable(self) -> bool:
        """Whether a person may give it up."""
        return skippable(self.row)


@dataclass(frozen=True)
class Console:
    """Everything about one target."""

    backlog: Backlog
    state: TargetState
    delivered_at: datetime | None
    report: ReconcileReport | None
    chart: Chart
    letters: list[Letter] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The target in words."""
        return target_label(self.backlog.target)

    @property
    def is_portal(self) -> bool:
        """Whether a person may pause it; an index always follows."""
        return is_portal_target(self.backlog.target)


def consoles(reader: Any) -> list[Console]:
    """Return what is known of every configured target, whatever it lacks."""
    names = target_names()
    states = {row.target: row for row in TargetState.objects.filter(target__in=names)}
    rows = OutboxEntry.objects.filter(target__in=names).order_by()
    last = dict(
        rows.values("target")
        .annotate(last=Max("delivered_at"))
        .values_list("target", "last")
    )
    reports, drawn, letters = latest(), charts(names), _letters(names, reader)
    troubles = list(Trouble.objects.filter(target__in=names, ended_at=None))
    return [
        Console(
            backlog,
            states.get(backlog.target) or TargetState(target=backlog.target),
            last.get(backlog.target),
            reports.get(backlog.target),
            drawn[backlog.target],
            letters[backlog.target],
            [row for row in troubles if row.target == backlog.target],
        )
        for backlog in backlogs()
    ]


def _letters(names: list[str], reader: Any) -> dict[str, list[Letter]]:
    """Return the given-up items to show of each target, oldest first."""
    rows = {
        name: list(
            OutboxEntry.objects.filter(
                target=name, wanted__gt=F("delivered"), dead=True, skipped_at=None
            ).order_by("changed_at", "pk")[:LETTERS]
        )
        for name in names
    }
    keys = {row.key for found in rows.values() for row in found}
    known = titles(keys, reader) if keys else {}
    return {
        name: [Letter(row, known.get(row.key, UNNAMED)) for row in found]
        for name, found in rows.items()
    }


class TargetsView(PermissionRequiredMixin, TemplateView):
    """推送目标: one box for each target."""

    permission_required = VIEW
    raise_exception = True
    template_name = "tasks/desk/targets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            consoles=consoles(self.request.user),
            may_change=self.request.user.has_perm(CHANGE),
            Mode=Mode,
            Circuit=Circuit,
            **kwargs,
        )


class DecisionForm(forms.Form):
    """What shall be sent, and why; going on needs no reason."""

    mode = forms.ChoiceField(choices=Mode.choices)
    reason = forms.CharField(max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of every stop."""
        found = super().clean() or {}
        stops = found.get("mode") in (Mode.PAUSED, Mode.FENCED)
        if stops and not found.get("reason"):
            raise forms.ValidationError(_("请写明原因，例：门户升级到周五。"))
        return found


class DecisionView(PermissionRequiredMixin, View):
    """Pause a portal, fence it off, or let it go on."""

    permission_required = CHANGE
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, target: str) -> HttpResponse:
        if target not in target_names() or not is_portal_target(target):
            raise Http404
        form = DecisionForm(request.POST)
        if not form.is_valid():
            for errors in form.errors.values():
                messages.error(request, " ".join(errors))
            return redirect("gongkai_targets")
        mode, reason = form.cleaned_data["mode"], form.cleaned_data["reason"]
        decide(target, mode, by=request.user, reason=reason)
        messages.success(
            request,
            _("%(target)s：%(mode)s")
            % {"target": target_label(target), "mode": Mode(mode).label},
        )
        return redirect("gongkai_targets")


def decide(target: str, mode: str, *, by: Any, reason: str) -> None:
    """Set the switch of a target, log it, and wake the drain when it goes on."""
    row = TargetState.decide(
        target, mode, by=by.get_full_name() or by.username, reason=reason
    )
    log(
        instance=row,
        action="gongkai.target_mode",
        user=by,
        data={"mode": mode, "reason": reason},
    )
    wake()


class AheadView(PermissionRequiredMixin, TemplateView):
    """What a portal has newer than this site: a person decides which side counts."""

    permission_required = VIEW
    raise_exception = True
    template_name = "tasks/desk/ahead.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = kwargs["target"]
        if name not in target_names() or not is_portal_target(name):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, target: str, **kwargs: Any) -> dict[str, Any]:
        rows, report = ahead(target, self.request.user)
        return super().get_context_data(
            rows=rows,
            error=report.error,
            others=len(report.differences) - len(rows),
            target=target,
            label=target_label(target),
            may_change=self.request.user.has_perm(CHANGE),
            stopped=TargetState.objects.filter(target=target)
            .exclude(mode=Mode.OPEN)
            .exists(),
            **kwargs,
        )

    def post(self, request: HttpRequest, target: str) -> HttpResponse:
        """Let this site's state count for the items that were chosen."""
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        try:
            count = ours_count(target, request.POST.getlist("key"), user=request.user)
        except TargetDown as down:
            messages.error(request, down.reason_zh)
        else:
            messages.success(
                request, _("%(count)d 条以本站为准，将重新推送。") % {"count": count}
            )
        return redirect("gongkai_target_ahead", target)


class ReportView(PermissionRequiredMixin, TemplateView):
    """One kept reconciliation, for reading and printing."""

    permission_required = VIEW
    raise_exception = True
    template_name = "tasks/desk/report.html"

    def get_context_data(self, pk: int, **kwargs: Any) -> dict[str, Any]:
        row = get_object_or_404(ReconcileReport, pk=pk)
        content = row.content
        kinds = (
            ("missing", _("缺少")),
            ("extra", _("多出")),
            ("stale", _("过期")),
            ("visible_but_withdrawn", _("已撤下仍可见")),
        )
        shown = {key for kind, _label in kinds for key in content.get(kind, [])[:SHOWN]}
        names = titles(shown, self.request.user)
        lines = [
            (
                label,
                content.get(f"{kind}_count", 0),
                [names.get(key, key) for key in content.get(kind, [])[:SHOWN]],
            )
            for kind, label in kinds
        ]
        return super().get_context_data(
            report=row, label=target_label(row.target), lines=lines, **kwargs
        )
