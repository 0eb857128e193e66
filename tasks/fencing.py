"""A database that was set back sends nothing to portals until somebody says so."""

import logging

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from cms.services.notices import holders, notify

from . import marks, withdrawn_list
from .choices import CHANGE, OrderKind, target_names
from .locks import target_lock
from .models import Installation, Mode, OutboxEntry, TargetState
from .orders import OrderRunning, order

logger = logging.getLogger(__name__)


def may_send() -> bool:
    """Whether the database knows all that was sent; fences the portals if it does not.

    Asked before each round of deliveries. False only while a backup is being restored.
    """
    if settings.GONGKAI_MARK is None:
        return True
    if marks.restoring().exists():
        return False
    if _doubt() is not None:
        with target_lock("mark", wait=True):  # somebody else may just have settled it
            if reason := _doubt():
                set_back(reason)
            else:
                note_reached()
    return True


def _doubt() -> str | None:
    """Return why the database may be an old one; "" at the very first start."""
    held, now = marks.kept(), marks.present()
    if held is None and now is None:
        return ""
    if held is None:
        return _("找不到推送标记（%(file)s），不能确定数据库是不是旧的。") % {
            "file": settings.GONGKAI_MARK
        }
    if now is None or now.behind(held):
        return _("数据库比已经推送出去的旧，像是从备份恢复的。")
    return None


def note_reached() -> None:
    """Keep how far the database is, before anything of it is sent.

    A full disk keeps nothing from being sent: withdrawals must go out.
    """
    if settings.GONGKAI_MARK is None:
        return
    now = marks.present(make=True)
    if now is None or marks.kept() == now:
        return
    try:
        marks.keep(now)
    except OSError as error:
        logger.warning("the mark of what was sent can't be written: %s", error)


def set_back(reason: str) -> int:
    """Begin a new epoch: fence every portal, take back again what was taken back.

    The indexes are ordered anew: they follow the database whatever they hold. Returns
    how many pages were taken back again.
    """
    held = marks.kept()
    with transaction.atomic():
        row = Installation.made()
        row.epoch = max(row.epoch, held.epoch if held else 0) + 1
        row.save()
        for name in portals_known():
            fence(name, reason)
        taken_back = withdrawn_list.take_back_again()
        for name in target_names():
            if name.startswith("index:"):
                _order_anew(name)
        notify(
            holders(CHANGE),
            "delivery",
            _("%(reason)s门户推送已全部隔离：请先看与门户的差别，再恢复推送。")
            % {"reason": reason},
            url=reverse("gongkai_targets"),
        )
    _keep_anew()
    logger.error("fenced all portals: %s", reason)
    return taken_back


def _keep_anew() -> None:
    """Write the mark of the new epoch; if that fails the next round does it again."""
    try:
        marks.keep(marks.present(make=True), anew=True)
    except OSError as error:
        logger.warning("the mark of what was sent can't be written: %s", error)


def portals_known() -> list[str]:
    """Return every portal that is configured, was decided on or was sent to."""
    portal = "portal:"
    names = set(target_names())
    for model in (TargetState, OutboxEntry):
        found = model.objects.filter(target__startswith=portal).order_by()
        names |= set(found.values_list("target", flat=True).distinct())
    return sorted(name for name in names if name.startswith(portal))


def fence(name: str, reason: str) -> None:
    """Stop everything to one portal, in the name of the system."""
    row = TargetState.decide(name, Mode.FENCED, by=_("系统"), reason=reason)
    data = {"mode": Mode.FENCED.value, "reason": reason}
    log(instance=row, action="gongkai.target_mode", data=data)


def _order_anew(name: str) -> None:
    try:
        order(name, OrderKind.REBUILD, None)
    except OrderRunning:
        logger.info("%s is being rebuilt already", name)
