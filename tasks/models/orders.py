"""What somebody at the desk asked to be done with an index, and what came of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..choices import OrderKind, target_label


class IndexOrder(models.Model):
    """The last order of one kind for one index; a job takes it up within seconds.

    ``note`` says in plain words why nothing came of it.
    """

    target = models.CharField(_("目标"), max_length=60)
    kind = models.CharField(_("种类"), max_length=10, choices=OrderKind.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("谁要的"),
    )
    asked_at = models.DateTimeField(_("什么时候要的"))
    taken_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("索引任务")
        verbose_name_plural = _("索引任务")
        constraints = [
            models.UniqueConstraint(
                fields=["target", "kind"], name="index_order_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{target_label(self.target)}"
