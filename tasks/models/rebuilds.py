"""How far the rebuild of an index is, and how the last one ended."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..choices import RebuildState, target_label


class IndexRebuild(models.Model):
    """The last rebuild of one index, or the one that is running.

    ``total`` counts documents and tombstones; ``kept`` of them were there already
    from a rebuild that was cut short. ``beat_at``: last sign of life; ``host`` and
    ``claim`` tell whose run it is.
    """

    target = models.CharField(_("目标"), max_length=60, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=RebuildState.choices)
    done = models.PositiveIntegerField(_("已建条数"), default=0)
    total = models.PositiveIntegerField(_("总条数"), default=0)
    kept = models.PositiveIntegerField(_("沿用条数"), default=0)
    started_at = models.DateTimeField(_("开始时间"))
    beat_at = models.DateTimeField(_("最近动静"))
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    host = models.CharField(max_length=120, blank=True)
    claim = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("索引重建")
        verbose_name_plural = _("索引重建")

    def __str__(self) -> str:
        return f"{target_label(self.target)} {self.get_state_display()}"
