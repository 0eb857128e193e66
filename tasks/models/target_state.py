"""Whether a target is sent to: its circuit, and what a person decided."""

from collections.abc import Iterable
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import BooleanField, Case, F, Q, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import backoff
from .outbox import from_now

MOST_AT_ONCE = 8


class Mode(models.TextChoices):
    """What a person allows."""

    OPEN = "open", _("正常推送")
    PAUSED = "paused", _("已暂停：只送撤下")
    FENCED = "fenced", _("已隔离：什么都不送")


class Circuit(models.TextChoices):
    """How a target answers; "closed" as of an electric circuit: it goes through."""

    CLOSED = "closed", _("畅通")
    RESTING = "resting", _("连不上，稍后自动再试")
    ASKED = "asked", _("门户请我们晚些再发")


class TargetState(models.Model):
    """One target: how it answers, and what may be sent to it.

    The circuit: after failures in which nobody answered the target rests, longer each
    time; one success ends that. A target that asks for a time (``Retry-After``) gets
    it, whatever it answers meanwhile. Both are kept here, so that all processes know
    of them and no restart begins a storm. What was withdrawn is sent to a paused or
    resting target all the same, each row with its own short wait, and to one that asked
    for a time half a minute after it last did. A fenced one gets nothing: after a
    restore from a backup we may know less than it does.
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
    asked_until = models.DateTimeField(_("门户要求等到"), null=True, blank=True)
    at_once = models.PositiveSmallIntegerField(
        _("同时推送"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_AT_ONCE)],
    )
    last_error = models.CharField(_("最近的问题"), max_length=500, blank=True)
    failed_at = models.DateTimeField(_("最近失败"), null=True, blank=True)
    failing_since = models.DateTimeField(_("何时起连不上"), null=True, blank=True)

    class Meta:
        verbose_name = _("推送目标")
        verbose_name_plural = _("推送目标")

    def __str__(self) -> str:
        return self.target

    @property
    def circuit(self) -> Circuit:
        """How it stands by now."""
        now = timezone.now()
        if self.asked_until is not None and self.asked_until > now:
            return Circuit.ASKED
        if self.resting_until is not None and self.resting_until > now:
            return Circuit.RESTING
        return Circuit.CLOSED

    @classmethod
    def circuits(cls, names: Iterable[str]) -> dict[str, Circuit]:
        """Return the circuit of each of these targets (one query)."""
        known = {row.target: row.circuit for row in cls.objects.all()}
        return {name: known.get(name, Circuit.CLOSED) for name in names}

    @classmethod
    def limits(cls, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return (targets that get everything, those that only get withdrawals)."""
        every = set(names)
        urgent: set[str] = set()
        asked = Q(asked_until__gt=Now())
        rows = cls.objects.filter(
            ~Q(mode=Mode.OPEN) | Q(resting_until__gt=Now()) | asked, target__in=every
        )
        closed = Case(
            When(mode=Mode.FENCED, then=True),
            When(asked, failed_at__gt=from_now(-backoff.CAP_WITHDRAW_S), then=True),
            default=False,
            output_field=BooleanField(),
        )
        for name, nothing in rows.values_list("target", closed):
            every.discard(name)
            if not nothing:
                urgent.add(name)
        return every, urgent

    @classmethod
    def note_down(cls, name: str, reason: str, retry_after: float | None) -> None:
        """Count a failure in which the target as a whole did not answer.

        ``retry_after``: seconds it asked for, an hour at most; its last word counts.
        """
        row, _made = cls.objects.get_or_create(target=name)
        wait_s = backoff.delay_s(row.failures + 1, cap_s=backoff.CAP_REST_S)
        asked = {}
        if retry_after is not None:
            asked["asked_until"] = from_now(min(max(retry_after, 0.0), backoff.CAP_S))
        cls.objects.filter(pk=row.pk).update(
            failures=F("failures") + 1,
            resting_until=from_now(wait_s),
            last_error=reason[:500],
            failed_at=Now(),
            failing_since=Coalesce("failing_since", Now()),
            **asked,
        )

    @classmethod
    def note_answer(cls, name: str) -> None:
        """End the rest of a target that answered, whatever it said."""
        resting = cls.objects.filter(target=name, failures__gt=0)
        resting.update(failures=0, resting_until=None, failing_since=None)

    @classmethod
    def try_now(cls) -> None:
        """Let every resting target be asked at once, but none that asked for a time."""
        cls.objects.exclude(resting_until=None).update(resting_until=None)

    @classmethod
    def places(cls, name: str) -> int:
        """Return how many batches a target takes at once."""
        known = cls.objects.filter(target=name).values_list("at_once", flat=True)
        return known.first() or 1

    @classmethod
    def lock(cls, name: str) -> "TargetState":
        """Return a target's row, locked until the end of the transaction."""
        return cls.objects.select_for_update().get_or_create(target=name)[0]

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
