from collections.abc import Iterable
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


class SealedForGood(TypeError):
    """Somebody tried to change or delete what the audit chain has sealed."""


def refuse(*args: Any, **kwargs: Any) -> NoReturn:
    """Stand in for every way of Django's to change or delete rows.

    Raises:
        SealedForGood: always.
    """
    raise SealedForGood(_("操作记录已经封存，不能改动或删除。"))


class SealedEventQuerySet(models.QuerySet):
    """Rows are added and read, nothing else."""

    update = bulk_update = update_or_create = delete = _raw_delete = refuse
    aupdate = abulk_update = aupdate_or_create = adelete = refuse

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts"):
            refuse()
        return super().bulk_create(objs, *args, **kwargs)


class SealedEvent(models.Model):
    """One act as the audit chain keeps it (操作记录): whole, in order, for good.

    ``hash`` is SHA-256 of ``previous`` and ``event``, the canonical JSON of everything
    known when the row of Wagtail's log was sealed. The other columns repeat parts of
    it for the search; nothing here points to rows that may be deleted.
    """

    number = models.BigIntegerField(_("序号"), primary_key=True)
    log = models.CharField(max_length=100)
    entry_id = models.BigIntegerField()
    event = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    acted_at = models.DateTimeField(_("时间"), db_index=True)
    action = models.CharField(_("操作"), max_length=255, db_index=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_username = models.CharField(_("账号"), max_length=150, blank=True)
    actor_name = models.CharField(_("操作人"), max_length=310, blank=True)
    offices = models.CharField(_("科室"), max_length=400, blank=True)
    object_kind = models.CharField(_("对象类型"), max_length=200, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    object_uuid = models.CharField(max_length=32, blank=True)
    object_title = models.TextField(_("对象"), blank=True)
    reason = models.TextField(_("原因"), blank=True)

    objects = SealedEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("操作记录")
        verbose_name_plural = _("操作记录")
        default_permissions = ("view",)
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["log", "entry_id"], name="sealed_event_once_per_entry"
            )
        ]
        indexes = [
            models.Index(
                fields=["object_kind", "object_id"], name="sealed_event_object"
            ),
            models.Index(fields=["actor_username"], name="sealed_event_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.object_title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; what is there is never saved again.

        Raises:
            SealedForGood: the row was loaded from the database or saved before.
        """
        if not self._state.adding:
            refuse()
        super().save(*args, **{**kwargs, "force_insert": True})

    delete = adelete = refuse


class ChainHead(models.Model):
    """Where the audit chain ends; its row is the lock of whoever seals.

    ``reached`` is the latest time of an act that was sealed: later rows are looked for
    from a day before it.
    """

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
    reached = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("操作记录链尾")
        verbose_name_plural = _("操作记录链尾")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"
