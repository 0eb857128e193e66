"""What reconciliations found, kept as proof."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReconcileReport(models.Model):
    """One comparison of a target with what is true (see ``tasks.reports``).

    ``sha256`` is of ``content``, the canonical JSON; the act that is logged with it is
    sealed in the audit chain, so that a report can't be changed afterwards unseen.
    """

    target = models.CharField(_("目标"), max_length=60)
    made_at = models.DateTimeField(_("核对时间"), auto_now_add=True)
    content = models.JSONField()
    differences = models.PositiveIntegerField(_("不一致"), default=0)
    error = models.CharField(_("读不到的原因"), max_length=500, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("对账报告")
        verbose_name_plural = _("对账报告")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["target", "-made_at"], name="reports_target")]

    def __str__(self) -> str:
        return f"{self.target} {self.made_at:%Y-%m-%d %H:%M}"
