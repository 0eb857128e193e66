"""What the officer's console remembers of the targets: hours and troubles."""

from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class DeliveryHour(models.Model):
    """How many deliveries one target took and refused in one hour."""

    target = models.CharField(_("目标"), max_length=60)
    hour = models.DateTimeField(_("时"))
    delivered = models.PositiveIntegerField(_("送达"), default=0)
    failed = models.PositiveIntegerField(_("没有送成"), default=0)

    class Meta:
        verbose_name = _("每小时的送达")
        verbose_name_plural = _("每小时的送达")
        constraints = [
            models.UniqueConstraint(
                fields=["target", "hour"], name="delivery_hour_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.hour:%Y-%m-%d %H}"

    @classmethod
    def count(cls, target: str, now: datetime, delivered: int, failed: int) -> None:
        """Add to the hour of ``now``, whoever else does so."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        rows = cls.objects.filter(target=target, hour=hour)
        more = {"delivered": F("delivered") + delivered, "failed": F("failed") + failed}
        if rows.update(**more):
            return
        try:
            with transaction.atomic():
                cls.objects.create(
                    target=target, hour=hour, delivered=delivered, failed=failed
                )
        except IntegrityError:
            rows.update(**more)


class TroubleKind(models.TextChoices):
    """What can be wrong with a target for long."""

    STUCK = "stuck", _("有信息久送不到")
    FAILING = "failing", _("一直连不上")
    DEAD = "dead", _("有信息没收下")


class Trouble(models.Model):
    """Something stays wrong with a target: people are told once, and when it is over.

    ``well_since``: it has not been seen since then, but may come back any minute.
    """

    target = models.CharField(_("目标"), max_length=60)
    kind = models.CharField(_("问题"), max_length=10, choices=TroubleKind.choices)
    began_at = models.DateTimeField(_("开始于"))
    well_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(_("恢复于"), null=True, blank=True)

    class Meta:
        verbose_name = _("推送故障")
        verbose_name_plural = _("推送故障")
        ordering = ["-began_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "kind"],
                condition=Q(ended_at=None),
                name="trouble_open_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.kind}"
