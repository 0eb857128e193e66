"""The outbox: what each target should hold, and what it is known to hold."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import (
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Min,
    Q,
    Value,
    When,
)
from django.db.models.functions import Greatest, Least, Now
from django.utils.translation import gettext_lazy as _

from .. import backoff
from ..choices import LANES, Lane, target_label, target_names
from ..failpoints import failpoint

CHUNK = 500
MAX_INTERRUPTIONS = 10  # times a process may die while it holds the row


def from_now(seconds: float) -> ExpressionWrapper:
    """Return the instant ``seconds`` from now by the database's clock."""
    return ExpressionWrapper(
        Now() + Value(timedelta(seconds=seconds)), output_field=DateTimeField()
    )


def concerns(target: str, key: str) -> bool:
    """Whether ``target`` wants this key: what others sent us is found, not resent."""
    return target.startswith("index:") or "." not in key


class OutboxQuerySet(models.QuerySet["OutboxEntry"]):
    """Reads and compare-and-set writes on the outbox."""

    def pending(self) -> "OutboxQuerySet":
        """Rows whose target is behind and that are not given up."""
        return self.filter(wanted__gt=F("delivered"), dead=False)

    def due(self) -> "OutboxQuerySet":
        """Pending rows whose time has come and that nobody holds."""
        return self.pending().filter(
            Q(lease_until__isnull=True) | Q(lease_until__lte=Now()), next_at__lte=Now()
        )

    def due_targets(self) -> list[str]:
        """Return targets that have due rows, the most urgent first."""
        rows = self.due().values("target").annotate(urgency=Min("lane"))
        return [row["target"] for row in rows.order_by("urgency", "target")]

    def claim_due(
        self, targets: Sequence[str], limit: int, lease_s: float
    ) -> list["OutboxEntry"]:
        """Take up to ``limit`` due rows for ``lease_s`` seconds, withdrawals first.

        The claim is a compare-and-set UPDATE: whoever comes second gets nothing.
        PostgreSQL skips rows that a transaction is just writing.
        """
        due = self.due().filter(target__in=targets)
        if not due.exists():  # without the write lock that atomic() takes on SQLite
            return []
        token = uuid.uuid4().hex
        with transaction.atomic():
            order = due.order_by("lane", "next_at", "pk")
            rows = order.select_for_update(skip_locked=True).values_list("pk")[:limit]
            pks = [pk for (pk,) in rows]
            due.filter(pk__in=pks).update(
                interruptions=Case(
                    When(claim="", then=F("interruptions")),
                    default=F("interruptions") + 1,
                ),
                claim=token,
                lease_until=from_now(lease_s),
                attempts=F("attempts") + 1,
            )
        claimed = self.filter(pk__in=pks, claim=token)
        return list(claimed.order_by("lane", "next_at", "pk"))

    def claims(self, target: str) -> int:
        """Return how many batches of a target are on their way, whoever sends them."""
        running = self.filter(target=target, lease_until__gt=Now()).exclude(claim="")
        return running.order_by().values("claim").distinct().count()

    def held(self, entries: Iterable["OutboxEntry"]) -> "OutboxQuerySet":
        """Of ``entries`` the rows that are still ours by lease."""
        rows = list(entries)
        return self.filter(
            pk__in=[entry.pk for entry in rows],
            claim__in={entry.claim for entry in rows} - {""},
        )

    def release(self) -> int:
        """Give rows back at once, as after an interrupted send."""
        return self.update(claim="", lease_until=None, next_at=Now())

    def delivered_between(self, since: datetime, until: datetime) -> "OutboxQuerySet":
        """Rows at rest whose last delivery fell into a window."""
        settled = self.filter(wanted=F("delivered"), wanted__gt=0)
        return settled.filter(delivered_at__gte=since, delivered_at__lt=until)

    def replay(self, since: datetime, until: datetime) -> int:
        """Deliver again what was delivered in a window; returns how many rows.

        As after a target lost some days: the versions rise, so that it takes them.
        Withdrawals stay in their lane.
        """
        return self.delivered_between(since, until).update(
            wanted=F("wanted") + 1,
            lane=Case(
                When(lane=Lane.WITHDRAW, then=Value(Lane.WITHDRAW)),
                default=Value(Lane.BULK),
            ),
            changed_at=Now(),
            next_at=Now(),
        )

    def put_off(self, reason: str, again_s: float) -> int:
        """Give rows back that neither failed nor arrived: that was no attempt."""
        said = {"awaiting": reason[:200], "last_error": ""} if reason else {}
        attempts = Greatest(F("attempts"), Value(1)) - 1
        return self.update(
            claim="",
            lease_until=None,
            next_at=from_now(again_s),
            attempts=attempts,
            **said,
        )

    def retry(self) -> int:
        """Let given-up or waiting rows be tried now, as if for the first time."""
        return self.filter(wanted__gt=F("delivered")).update(
            dead=False, attempts=0, interruptions=0, skipped_at=None, next_at=Now()
        )

    def skip(self, *, by: Any, reason: str) -> int:
        """Leave given-up rows alone until the item changes; returns how many.

        Withdrawals are never left alone.
        """
        rows = self.filter(wanted__gt=F("delivered"), dead=True, skipped_at=None)
        return rows.exclude(lane=Lane.WITHDRAW).update(
            skipped_at=Now(), skipped_by=str(by)[:80], skip_reason=reason[:200]
        )


class OutboxEntry(models.Model):
    """One public item at one target: ``wanted`` and ``delivered`` are its versions."""

    target = models.CharField(_("目标"), max_length=60)
    key = models.CharField(_("永久标识"), max_length=80)
    lane = models.PositiveSmallIntegerField(
        _("优先级"), choices=Lane.choices, default=Lane.PUBLISH
    )
    wanted = models.PositiveBigIntegerField(_("应有版本"), default=0)
    delivered = models.PositiveBigIntegerField(_("已送达版本"), default=0)
    delivered_sha256 = models.CharField(_("已送达摘要"), max_length=64, blank=True)
    delivered_at = models.DateTimeField(_("送达时间"), null=True, blank=True)
    receipt = models.JSONField(_("回执"), default=dict, blank=True)
    attempts = models.PositiveIntegerField(_("尝试次数"), default=0)
    interruptions = models.PositiveIntegerField(_("中断次数"), default=0)
    next_at = models.DateTimeField(_("下次尝试"), db_default=Now())
    lease_until = models.DateTimeField(_("占用至"), null=True, blank=True)
    claim = models.CharField(_("占用者"), max_length=32, blank=True, default="")
    held_version = models.PositiveBigIntegerField(
        _("目标现有版本"), null=True, blank=True
    )
    last_error = models.CharField(_("最近的问题"), max_length=500, blank=True)
    # What the target still has to confirm, in words; empty: it is our turn.
    awaiting = models.CharField(_("等待"), max_length=200, blank=True, default="")
    dead = models.BooleanField(_("已停止重试"), default=False)
    # Given up for good by a person, until the item changes again.
    skipped_at = models.DateTimeField(_("跳过时间"), null=True, blank=True)
    skipped_by = models.CharField(
        _("跳过的人"), max_length=80, blank=True, default="", db_default=""
    )
    skip_reason = models.CharField(
        _("跳过的原因"), max_length=200, blank=True, default="", db_default=""
    )
    changed_at = models.DateTimeField(_("变更时间"), db_default=Now())
    checked_at = models.DateTimeField(_("核对时间"), null=True, blank=True)
    alarmed_at = models.DateTimeField(_("告警时间"), null=True, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("推送任务")
        verbose_name_plural = _("推送任务")
        ordering = ["lane", "next_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "key"], name="outbox_target_key_unique"
            ),
        ]
        indexes = [
            models.Index(
                fields=["target", "lane", "next_at"],
                condition=Q(wanted__gt=F("delivered"), dead=False),
                name="outbox_due",
            ),
            models.Index(fields=["target", "delivered_at"], name="outbox_delivered"),
            models.Index(fields=["key"], name="outbox_key"),
            models.Index(fields=["checked_at"], name="outbox_checked"),
        ]

    def __str__(self) -> str:
        return f"{target_label(self.target)} {self.key}"

    @property
    def pending(self) -> bool:
        """Whether the target is behind."""
        return self.wanted > self.delivered

    @property
    def target_label(self) -> str:
        """The target in words."""
        return target_label(self.target)

    @property
    def situation(self) -> str:
        """What is going on, in words for the information officer."""
        if not self.pending:
            return _("已送达")
        if self.skipped_at:
            return _("已跳过：%(reason)s（%(by)s）") % {
                "reason": self.skip_reason,
                "by": self.skipped_by,
            }
        if self.dead:
            return _("已停止重试")
        if self.awaiting:
            return self.awaiting
        if self.attempts and self.last_error:
            return _("等待重试（已试 %(count)d 次）") % {"count": self.attempts}
        return _("等待发送")

    @classmethod
    def record(
        cls, keys: Iterable[str], lane: str, *, targets: Sequence[str] | None = None
    ) -> int:
        """Note that what is public changed for ``keys``; returns the rows written.

        Runs inside the caller's transaction, four statements for each 500 keys: rows
        that are missing are first inserted with version 0 (conflicts ignored), then
        every row is counted up, so that two writers never lose a change.

        Args:
            lane: "withdraw", "publish" or "bulk"; a pending row keeps the more urgent.
            targets: all configured ones unless given.
        """
        names = sorted(target_names() if targets is None else targets)
        every = sorted(set(keys))
        written = 0
        with transaction.atomic():
            for name in names:
                ordered = [key for key in every if concerns(name, key)]
                for start in range(0, len(ordered), CHUNK):
                    chunk = ordered[start : start + CHUNK]
                    written += cls._record_chunk(name, chunk, LANES[lane])
            failpoint("before_commit")
        return written

    @classmethod
    def _record_chunk(cls, target: str, keys: list[str], lane: Lane) -> int:
        cls.ensure(target, keys)
        rows = cls.objects.filter(target=target, key__in=keys)
        if connection.features.has_select_for_update:
            # In one order for everybody: two writers must not wait for each other.
            locked = rows.order_by("key").select_for_update().values_list("pk")
            list(locked)
        return rows.update(
            wanted=F("wanted") + 1,
            lane=Case(
                When(wanted__gt=F("delivered"), then=Least(F("lane"), Value(lane))),
                default=Value(lane),
            ),
            next_at=Now(),
            dead=False,
            attempts=0,
            interruptions=0,
            last_error="",
            awaiting="",
            held_version=None,
            skipped_at=None,
            changed_at=Now(),
        )

    @classmethod
    def ensure(cls, target: str, keys: Iterable[str]) -> int:
        """Insert rows that are missing, with nothing wanted yet; returns how many."""
        wanted = sorted(keys)
        rows = cls.objects.filter(target=target, key__in=wanted)
        known = set(rows.values_list("key", flat=True))
        missing = [cls(target=target, key=key) for key in wanted if key not in known]
        cls.objects.bulk_create(missing, ignore_conflicts=True)
        return len(missing)

    @classmethod
    def heal(cls, target: str, held: Mapping[str, int], lane: str = "publish") -> int:
        """Ask for a new delivery of keys at ``target``, above the version it holds.

        Args:
            held: version the target holds for each key, 0 where it has none.
        """
        with transaction.atomic():
            written = cls.record(held, lane, targets=[target])
            for key, version in sorted(held.items()):
                rows = cls.objects.filter(target=target, key=key, wanted__lte=version)
                rows.update(wanted=version + 1)
        return written

    def confirm(self, version: int, sha256: str, receipt: dict[str, Any]) -> bool:
        """Note a delivery; returns False if somebody else took the lease meanwhile."""
        return bool(
            OutboxEntry.objects.held([self]).update(
                delivered=version,
                delivered_sha256=sha256,
                delivered_at=Now(),
                receipt=receipt,
                checked_at=None,
                attempts=0,
                interruptions=0,
                last_error="",
                awaiting="",
                held_version=None,
                lease_until=None,
                claim="",
                next_at=Now(),
            )
        )

    def postpone(
        self,
        reason: str,
        version: int,
        *,
        retryable: bool = True,
        down: bool = False,
        again_s: float | None = None,
    ) -> None:
        """Give the row back after a failure, to be tried later or given up.

        ``again_s``: seconds after which the target may take it, where it is known.
        Withdrawals are never given up and wait 30 s at most; a target that is down
        makes nothing dead. A row that changed meanwhile is due at once.
        """
        urgent = self.lane == Lane.WITHDRAW
        cap_s = backoff.CAP_DOWN_S if down else backoff.CAP_S
        cap_s = min(cap_s, backoff.CAP_WITHDRAW_S) if urgent else cap_s
        wait_s = backoff.delay_s(self.attempts, cap_s=cap_s)
        if again_s is not None:
            wait_s = min(again_s, cap_s)
        over = not retryable or self.attempts >= backoff.MAX_ATTEMPTS
        held = OutboxEntry.objects.held([self])
        held.filter(wanted=version).update(
            dead=over and not down and not urgent,
            last_error=reason[:500],
            **({} if down else {"awaiting": ""}),
            next_at=from_now(wait_s),
            lease_until=None,
            claim="",
        )
        held.release()

    def refuse(self, reason: str, version: int, held_version: int) -> None:
        """Note that the target holds more than we wanted: left to ``reconcile``."""
        held = OutboxEntry.objects.held([self])
        held.filter(wanted=version).update(
            dead=True,
            held_version=held_version,
            last_error=reason[:500],
            awaiting="",
            lease_until=None,
            claim="",
        )
        held.release()

    def outbid(
        self, reason: str, version: int, held_version: int, wait_s: float
    ) -> None:
        """Raise ``wanted`` above what the target holds, so that ours can win."""
        held = OutboxEntry.objects.held([self])
        held.filter(wanted=version).update(
            wanted=held_version + 1,
            interruptions=0,
            last_error=reason[:500],
            next_at=from_now(wait_s),
            lease_until=None,
            claim="",
        )
        held.release()
