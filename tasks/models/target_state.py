"""Whether a target is sent to: its circuit, and what a person decided."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from .. import backoff
from .outbox import from_now


class Mode(models.TextChoices):
    """What a person allows."""

    OPEN = "open", _("正常推送")
    PAUSED = "paused", _("已暂停：只送撤下")
    FENCED = "fenced", _("已隔离：什么都不送")


class TargetState(models.Model):
    """One target: how it answers, and what may be sent to it.

    The circuit: after failures in which nobody answered the target rests, longer each
    time; one success ends that. It is kept here, so that all processes know of it and
    no restart begins a storm. What was withdrawn is sent to a paused or resting target
    all the same, each row with its own short wait. A fenced one gets nothing: after
    a restore from a backup we may know less than it does.
    """

    target = models.CharField(_("目标"), max_length=60, unique=True)
    mode = models.CharField(
        _("推送"), max_length=10, choices=Mode.choices, default=Mode.OPEN
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    decided_by = models.CharField(_("操作人"), max_length=80, blank=True)
    decided_at = models.DateTimeField(_("操作时间"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("连续失败次数"), default=0)
    resting_until = models.DateTimeField(_("暂歇至"), null=True, blank=True)
    last_error = models.CharField(_("最近的问题"), max_length=500, blank=True)
    failed_at = models.DateTimeField(_("最近失败"), null=True, blank=True)
    failing_since = models.DateTimeField(_("何时起连不上"), null=True, blank=True)

    class Meta:
        verbose_name = _("推送目标")
        verbose_name_plural = _("推送目标")

    def __str__(self) -> str:
        return self.target

    @classmethod
    def limits(cls, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return (targets that get everything, those that only get withdrawals)."""
        every = set(names)
        urgent: set[str] = set()
        resting = Q(resting_until__gt=Now())
        rows = cls.objects.filter(~Q(mode=Mode.OPEN) | resting, target__in=every)
        for name, mode in rows.values_list("target", "mode"):
            every.discard(name)
            if mode != Mode.FENCED:
                urgent.add(name)
        return every, urgent

    @classmethod
    def note_down(cls, name: str, reason: str, retry_after: float | None) -> None:
        """Count a failure in which the target as a whole did not answer.

        It rests for as long as it asked us to (``retry_after``, an hour at most).
        """
        row, _made = cls.objects.get_or_create(target=name)
        wait_s = backoff.delay_s(row.failures + 1, cap_s=backoff.CAP_REST_S)
        if retry_after:
            wait_s = min(max(wait_s, retry_after), backoff.CAP_S)
        cls.objects.filter(pk=row.pk).update(
            failures=F("failures") + 1,
            resting_until=from_now(wait_s),
            last_error=reason[:500],
            failed_at=Now(),
            failing_since=Coalesce("failing_since", Now()),
        )

    @classmethod
    def note_answer(cls, name: str) -> None:
        """End the rest of a target that answered, whatever it said."""
        resting = cls.objects.filter(target=name, failures__gt=0)
        resting.update(failures=0, resting_until=None, failing_since=None)

    @classmethod
    def try_now(cls) -> None:
        """Let every resting target be asked at once."""
        cls.objects.exclude(resting_until=None).update(resting_until=None)

    @classmethod
    def decide(cls, name: str, mode: str, *, by: Any, reason: str) -> "TargetState":
        """Allow or stop what is sent to a target, and note who said so."""
        row, _made = cls.objects.update_or_create(
            target=name,
            defaults={
                "mode": mode,
                "reason": reason[:200],
                "decided_by": str(by)[:80],
                "decided_at": Now(),
            },
        )
        row.refresh_from_db()
        return row
