"""Rebuilds and comparisons of an index that somebody at the desk asked for."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from search.dictionary import FRESH_S
from search.engines.base import EngineDown
from search.models import UserWord

from .choices import OrderKind, target_names
from .models import IndexOrder
from .rebuild import Mismatch, RebuildRunning, rebuild
from .reconciliation import examine
from .reports import keep
from .wake import wake

logger = logging.getLogger(__name__)
ORDERED = {
    OrderKind.REBUILD: "gongkai.index_rebuild",
    OrderKind.COMPARE: "gongkai.index_compare",
}
CUT_OFF = timedelta(minutes=20)  # longer than any job may take


class OrderRunning(Exception):
    """The same was asked for already and is not done yet."""


def order(target: str, kind: str, user: Any) -> IndexOrder:
    """Ask for something to be done with an index, and write down who asked.

    Raises:
        OrderRunning: it waits or is under way already.
    """
    row, made = IndexOrder.objects.select_for_update().get_or_create(
        target=target,
        kind=kind,
        defaults={"asked_by": user, "asked_at": timezone.now()},
    )
    if not made:
        if unfinished(row):
            raise OrderRunning(target)
        row.asked_by, row.asked_at = user, timezone.now()
        row.taken_at, row.ended_at, row.note = None, None, ""
        row.save()
    log(row, ORDERED[OrderKind(kind)], user=user, data={"target": target})
    wake()
    return row


def order_for_words() -> int:
    """Order every index anew if words were taught that all processes know by now.

    Returns:
        how many words; they are marked as applied.
    """
    known = timezone.now() - timedelta(seconds=2 * FRESH_S)
    fresh = UserWord.objects.filter(applied=False, changed_at__lt=known)
    pks = list(fresh.values_list("pk", flat=True))
    if not pks:
        return 0
    with transaction.atomic():
        for name in target_names():
            if name.startswith("index:"):
                try:
                    order(name, OrderKind.REBUILD, None)
                except OrderRunning:  # one that is under way may have begun before
                    transaction.set_rollback(True)
                    return 0
        return UserWord.objects.filter(pk__in=pks).update(applied=True)


def unfinished(row: IndexOrder) -> bool:
    """Whether it waits or is under way; not when its process seems to be gone."""
    taken_at = row.taken_at
    cut_off = taken_at is not None and timezone.now() - taken_at > CUT_OFF
    return row.ended_at is None and not cut_off


def work_off() -> int:
    """Do what was asked for; returns how many orders. Safe to run side by side."""
    done = 0
    for row in _waiting().order_by("asked_at"):
        mine = _waiting().filter(pk=row.pk).update(taken_at=timezone.now())
        if mine:
            _work(row)
            done += 1
    return done


def _waiting() -> QuerySet[IndexOrder]:
    return IndexOrder.objects.filter(Q(taken_at=None, ended_at=None))


def _work(row: IndexOrder) -> None:
    """Do it; whatever happens, the desk learns how it ended."""
    note = _("没有办成，原因已记入日志。")
    try:
        note = _outcome(row)
    except Exception:
        logger.exception("%s of %s", row.kind, row.target)
    finally:
        IndexOrder.objects.filter(pk=row.pk).update(
            ended_at=timezone.now(), note=note[:300]
        )


def _outcome(row: IndexOrder) -> str:
    """Return what the desk is told; nothing when all went well."""
    try:
        if row.kind == OrderKind.REBUILD:
            rebuild(row.target)
            return ""
        return keep(examine(row.target)).error
    except RebuildRunning:
        return _("正在重建，不用再建。")
    except Mismatch as error:
        return str(error.reason_zh)
    except EngineDown as error:
        logger.warning("%s of %s: %s", row.kind, row.target, error)
        return _("检索服务现在连不上，没有办成。")
