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
_unkept: set[str] = set()  # reasons that were settled while no mark could be written


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
                _settle(reason)
            else:
                note_reached()
    return True


def _settle(reason: str) -> None:
    """Fence the portals; if they are for this reason, only the mark is to be kept."""
    names = portals_known()
    fenced = TargetState.objects.filter(
        target__in=names, mode=Mode.FENCED, reason=reason
    )
    if fenced.count() < len(names) or (not names and reason not in _unkept):
        set_back(reason)
        return
    withdrawn_list.take_back_again()
    _keep(marks.present(make=True), anew=reason)


def foreign_home() -> str | None:
    """Return why a command must not send from this home, None if it may.

    A command started without ``GONGKAI_HOME`` finds the site's database and another
    home. Only the site's own process settles that a mark was lost.
    """
    if not marks.elsewhere():
        return None
    return _(
        "%(home)s 从没推送过：请把 GONGKAI_HOME 设成站点用的目录。"
        "如果目录没有错，是推送标记丢了，请启动站点。"
    ) % {"home": settings.GONGKAI_HOME}


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
    _keep(now)


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
    _keep(marks.present(make=True), anew=reason)
    logger.error("fenced all portals: %s", reason)
    return taken_back


def _keep(mark: marks.Mark, *, anew: str = "") -> None:
    """Write the mark; if that fails, say so once, and the next round does it again.

    Args:
        anew: why the mark is written whatever the file holds.
    """
    try:
        marks.keep(mark, anew=bool(anew))
        _unkept.clear()
    except OSError as error:
        if not _unkept:
            logger.warning("the mark of what was sent can't be written: %s", error)
        _unkept.add(anew)


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
