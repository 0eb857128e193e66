"""What each target took, hour by hour, as figures and as a drawing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from .models import DeliveryHour

HOURS = 24
WIDTH, HEIGHT = 480, 120  # of the drawing, without its labels
STEP = WIDTH // HOURS
GAP = 4
LABELLED = 6  # every so many hours
KEPT = timedelta(days=40)


@dataclass(frozen=True)
class Bar:
    """What was delivered in one hour, and how often sending failed."""

    hour: datetime
    delivered: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Drawn:
    """A bar as it stands in the drawing, in its units; the failures on top."""

    bar: Bar
    x: int
    y: int
    height: int
    failed_y: int
    failed_height: int
    label: str
    width: int = STEP - GAP


@dataclass(frozen=True)
class Chart:
    """The last day of one target."""

    bars: list[Bar]

    @property
    def delivered(self) -> int:
        """Deliveries of the whole day."""
        return sum(bar.delivered for bar in self.bars)

    @property
    def failed(self) -> int:
        """Attempts of the whole day that failed."""
        return sum(bar.failed for bar in self.bars)

    @property
    def most(self) -> int:
        """The highest bar."""
        return max((bar.delivered + bar.failed for bar in self.bars), default=0)

    @property
    def words(self) -> str:
        """What the drawing shows, for who does not see it."""
        best = max(self.bars, key=lambda bar: bar.delivered)
        if not best.delivered:
            return _("一天来没有送达。")
        return _("一天来送达 %(n)d 次，最多的是 %(hour)s 时：%(most)d 次。") % {
            "n": self.delivered,
            "hour": f"{best.hour:%m-%d %H}",
            "most": best.delivered,
        }

    @property
    def drawn(self) -> list[Drawn]:
        """The bars; what is not nothing is at least seen."""
        return [self._drawn(place, bar) for place, bar in enumerate(self.bars)]

    def _drawn(self, place: int, bar: Bar) -> Drawn:
        scale = HEIGHT / (self.most or 1)
        height = _seen(bar.delivered, scale)
        failed = min(_seen(bar.failed, scale), HEIGHT - height)
        return Drawn(
            bar=bar,
            x=place * STEP + GAP // 2,
            y=HEIGHT - height,
            height=height,
            failed_y=HEIGHT - height - failed,
            failed_height=failed,
            label="" if bar.hour.hour % LABELLED else f"{bar.hour:%H}",
        )


def _seen(count: int, scale: float) -> int:
    return max(2, round(count * scale)) if count else 0


def charts(names: list[str]) -> dict[str, Chart]:
    """Return the last day of each target (one query)."""
    now = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=back) for back in reversed(range(HOURS))]
    rows = DeliveryHour.objects.filter(target__in=names, hour__gte=hours[0])
    known = {(row.target, row.hour): row for row in rows}
    found = {}
    for name in names:
        bars = []
        for hour in hours:
            row = known.get((name, hour))
            bars.append(Bar(hour, row.delivered, row.failed) if row else Bar(hour))
        found[name] = Chart(bars)
    return found


def forget_old() -> int:
    """Remove hours that nobody looks at any more; returns how many."""
    old = DeliveryHour.objects.filter(hour__lt=timezone.now() - KEPT)
    return old.delete()[0] if old.exists() else 0
