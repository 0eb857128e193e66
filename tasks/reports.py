"""Reconciliations that are kept: once a day, and whenever somebody asks for it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from cms.services.notices import holders, notify

from .choices import CHANGE, target_label, target_names
from .models import Mode, OutboxEntry, ReconcileReport, TargetState
from .reconciliation import KINDS, Report, examine, on_their_way

KEPT = timedelta(days=400)
MOST_KEYS = 500
MANY = 20_000  # the sweep compares so many texts in about two hours


def keep(report: Report) -> ReconcileReport:
    """Store a report with its hash and write the hash into the audit log."""
    content = report.as_json()
    for kind in KINDS:
        if kind in content:
            content[f"{kind}_count"] = len(content[kind])
            content[kind] = content[kind][:MOST_KEYS]
    waiting = on_their_way(report)
    content["on_their_way"] = waiting
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    with transaction.atomic():
        row = ReconcileReport.objects.create(
            target=report.target,
            content=content,
            differences=len(report.differences) - waiting,
            error=report.error[:500],
            sha256=hashlib.sha256(text.encode()).hexdigest(),
        )
        log(
            instance=row,
            action="gongkai.reconcile",
            title=str(row),
            data={"sha256": row.sha256, "differences": row.differences},
        )
    return row


def reconcile_daily(names: Sequence[str] | None = None) -> int:
    """Compare targets, heal what we know better, keep the reports.

    What is still on its way is left to the outbox; what a target holds in a higher
    version than we want of it to a person: we may have been restored from a backup.
    Nothing is healed at a paused or fenced target. Those compared longest ago come
    first.

    Args:
        names: all configured targets unless given.

    Returns:
        how many keys differ though nothing is on its way.
    """
    stopped = set(
        TargetState.objects.exclude(mode=Mode.OPEN).values_list("target", flat=True)
    )
    found = 0
    for name in names or target_names():
        many = OutboxEntry.objects.filter(target=name).count() > MANY
        report = examine(
            name, heal=name not in stopped, everything=False, trusting=many
        )
        row = keep(report)
        found += row.differences
        if row.differences or row.error:
            _tell(row)
    ReconcileReport.objects.filter(made_at__lt=timezone.now() - KEPT).delete()
    return found


def latest() -> dict[str, ReconcileReport]:
    """Return the newest report of each configured target."""
    return {
        name: row
        for name in target_names()
        if (row := ReconcileReport.objects.filter(target=name).first())
    }


def _tell(row: ReconcileReport) -> None:
    text = (
        _("%(target)s今天的对账没有做成：%(error)s")
        if row.error
        else _("%(target)s有 %(count)d 条与本站不一致，能重推的已安排重推。")
    ) % {
        "target": target_label(row.target),
        "error": row.error,
        "count": row.differences,
    }
    notify(holders(CHANGE), "delivery", text, url=reverse("gongkai_targets"))
