"""Reconciliations that are kept: every night, and whenever somebody asks for it."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from cms.services.notices import notify

from .choices import target_label, target_names
from .models import Mode, OutboxEntry, ReconcileReport, TargetState
from .reconciliation import KINDS, Report, examine

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
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    with transaction.atomic():
        row = ReconcileReport.objects.create(
            target=report.target,
            content=content,
            differences=len(report.differences),
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


def reconcile_nightly() -> int:
    """Compare every target, heal what we know better, keep the reports.

    What a target holds in a higher version than we want of it is left to a person: we
    may have been restored from a backup. Nothing is healed at a fenced target.

    Returns:
        how many keys differed.
    """
    fenced = set(
        TargetState.objects.filter(mode=Mode.FENCED).values_list("target", flat=True)
    )
    found = 0
    for name in target_names():
        many = OutboxEntry.objects.filter(target=name).count() > MANY
        report = examine(name, heal=name not in fenced, ahead=False, trusting=many)
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
    notify(_officers(), "delivery", text, url=reverse("gongkai_targets"))


def _officers() -> list[Any]:
    users = get_user_model().objects
    allowed = "gongkai_tasks.change_outboxentry"
    return list(users.with_perm(allowed, include_superusers=False))
