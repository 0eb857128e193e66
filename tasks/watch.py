"""Telling the officer once that deliveries do not get on, and once that they do again.

Withdrawals that no portal confirms have their own alarm (``tasks.confirmation``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.services.notices import holders, notify

from .choices import CHANGE, Lane, target_label, target_names
from .models import Mode, OutboxEntry, TargetState, Trouble, TroubleKind
from .models.outbox import OutboxQuerySet

WELL = timedelta(minutes=5)  # unseen for so long, it is over
BULK_PATIENCE = 8  # a large import may wait so many times longer
KEPT = timedelta(days=400)


@dataclass(frozen=True)
class Seen:
    """What is wrong now; ``began_at``: since when."""

    target: str
    kind: str
    began_at: datetime
    count: int = 0
    error: str = ""


def watch(now: datetime | None = None) -> int:
    """Open and close troubles and tell of each once; returns how many were told."""
    now = now or timezone.now()
    stopped = stopped_targets()
    found = {(seen.target, seen.kind): seen for seen in troubles(now, stopped)}
    rows = {(t.target, t.kind): t for t in Trouble.objects.filter(ended_at=None)}
    told = sum(_open(seen) for key, seen in found.items() if key not in rows)
    for key, row in rows.items():
        if key in found:
            Trouble.objects.filter(pk=row.pk).exclude(well_since=None).update(
                well_since=None
            )
        elif row.target not in stopped:  # of those nothing is known
            told += _over(row, now)
    old = Trouble.objects.filter(ended_at__lt=now - KEPT)
    if old.exists():
        old.delete()
    return told


def stopped_targets() -> set[str]:
    """Return the targets that a person, or a restored backup, stopped."""
    stopped = TargetState.objects.exclude(mode=Mode.OPEN)
    return set(stopped.values_list("target", flat=True))


def troubles(now: datetime, stopped: set[str]) -> Iterator[Seen]:
    """Yield what is wrong; what a person stopped is not (two queries)."""
    names = set(target_names()) - stopped
    behind = OutboxEntry.objects.filter(wanted__gt=F("delivered"), target__in=names)
    yield from _rows(behind, now)
    since = now - timedelta(hours=settings.GONGKAI_FAILING_HOURS)
    failing = TargetState.objects.filter(target__in=names, failing_since__lte=since)
    for row in failing:
        yield Seen(
            row.target,
            TroubleKind.FAILING,
            row.failing_since,
            error=row.last_error,
        )


def _rows(behind: OutboxQuerySet, now: datetime) -> Iterator[Seen]:
    patience = timedelta(minutes=settings.GONGKAI_STUCK_MINUTES)
    late = Q(lane__lt=Lane.BULK, changed_at__lte=now - patience)
    late |= Q(changed_at__lte=now - BULK_PATIENCE * patience)
    waiting = Q(late, dead=False, awaiting="")
    dead = Q(dead=True, skipped_at=None)
    rows = (
        behind.order_by()
        .values("target")
        .annotate(
            waiting=Count("pk", filter=waiting),
            oldest=Min("changed_at", filter=waiting),
            dead_rows=Count("pk", filter=dead),
            dead_since=Min("changed_at", filter=dead),
        )
    )
    for row in rows:
        if row["waiting"]:
            yield Seen(row["target"], TroubleKind.STUCK, row["oldest"], row["waiting"])
        if row["dead_rows"]:
            yield Seen(
                row["target"], TroubleKind.DEAD, row["dead_since"], row["dead_rows"]
            )


def _open(seen: Seen) -> bool:
    try:
        with transaction.atomic():
            Trouble.objects.create(
                target=seen.target, kind=seen.kind, began_at=seen.began_at
            )
            _tell(_words(seen), seen.target, seen.kind)
    except IntegrityError:
        return False  # somebody else did
    return True


def _over(row: Trouble, now: datetime) -> bool:
    """End a trouble that has not been seen for a while; True if that was told."""
    if row.well_since is None:
        Trouble.objects.filter(pk=row.pk, well_since=None).update(well_since=now)
        return False
    if row.well_since > now - WELL:
        return False
    with transaction.atomic():
        if not Trouble.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
            return False
        words = {
            TroubleKind.STUCK: _("%(target)s：没有信息再久等了。"),
            TroubleKind.FAILING: _("%(target)s：又连上了。"),
            TroubleKind.DEAD: _("%(target)s：没收下的都处理完了。"),
        }[TroubleKind(row.kind)]
        _tell(words % {"target": target_label(row.target)}, row.target, row.kind)
    return True


def _words(seen: Seen) -> str:
    values = {
        "target": target_label(seen.target),
        "n": seen.count,
        "since": f"{timezone.localtime(seen.began_at):%m-%d %H:%M}",
        "error": seen.error,
    }
    return {
        TroubleKind.STUCK: _(
            "%(target)s有 %(n)d 条一直没送到，最早的从 %(since)s 等到现在。"
            "系统还在自动重试；请看是什么问题。"
        ),
        TroubleKind.FAILING: _(
            "%(target)s从 %(since)s 起一直连不上：%(error)s请打电话给对方。"
        ),
        TroubleKind.DEAD: _(
            "%(target)s有 %(n)d 条没收下，系统不再自动重试。"
            "请看原因，改好后重试，或者跳过。"
        ),
    }[TroubleKind(seen.kind)] % values


def _tell(text: str, target: str, kind: str) -> None:
    url = reverse("gongkai_targets")
    if kind == TroubleKind.DEAD:
        url = f"{reverse('gongkai_outbox')}?target={target}&dead=true"
    notify(holders(CHANGE), "delivery", text, url=url)
