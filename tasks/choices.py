"""Lanes of the outbox and names of the configured targets."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Lane(models.IntegerChoices):
    """How urgent a delivery is; the smallest number goes first."""

    WITHDRAW = 0, _("撤下")
    PUBLISH = 1, _("发布")
    BULK = 2, _("批量")


class RebuildState(models.TextChoices):
    """How the rebuild of an index stands."""

    RUNNING = "running", _("正在重建")
    CUT = "cut", _("中断，将接着建")
    DONE = "done", _("已完成")
    FAILED = "failed", _("没有建成")


class OrderKind(models.TextChoices):
    """What can be asked for at the desk, of one index."""

    REBUILD = "rebuild", _("重建索引")
    COMPARE = "compare", _("索引对账")


VIEW = "gongkai_tasks.view_outboxentry"  # see what goes where, and how
CHANGE = "gongkai_tasks.change_outboxentry"  # retry, pause, answer for deliveries

LANES = {"withdraw": Lane.WITHDRAW, "publish": Lane.PUBLISH, "bulk": Lane.BULK}


def target_names() -> list[str]:
    """Return all configured targets: ``index:<name>`` first, then ``portal:<name>``."""
    return [
        *(f"index:{name}" for name in settings.GONGKAI_INDEXES),
        *(f"portal:{name}" for name in settings.GONGKAI_PORTALS),
    ]


def is_portal_target(name: str) -> bool:
    """Whether a target is a portal: it can be paused, and takes few at once."""
    return name.startswith("portal:")


def target_label(name: str) -> str:
    """Return a target's name in words a clerk understands."""
    kind, _sign, rest = name.partition(":")
    labels = {"index": _("检索索引"), "portal": _("门户网站")}
    return f"{labels.get(kind, kind)}（{rest}）"
