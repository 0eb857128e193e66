"""When items not yet public have to be: the desk's view of deadlines."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from cms.models import CalendarDay
from disclosure_pages.choices import DisclosureMode
from disclosure_pages.models import DisclosureItemPage

DEFAULT_DAYS = 20  # working days, Regulation art. 26
SOON = 5
LOOKED_AT = 500


@dataclass(frozen=True)
class Due:
    """An item that is not public, its last day, and working days left (< 0: late)."""

    item: DisclosureItemPage
    day: dt.date
    left: int


def due_items(
    items: QuerySet[DisclosureItemPage],
    soon: int = SOON,
    calendar: "Calendar | None" = None,
) -> list[Due]:
    """Return what is due within ``soon`` working days or late, the latest first.

    Looks at the 500 items with the earliest dates; two queries.
    """
    waiting = (
        items.filter(
            live=False,
            withdrawn_at=None,
            first_published_at=None,
            date_made__isnull=False,
            disclosure_mode=DisclosureMode.PROACTIVE,
        )
        .select_related("catalogue_entry")
        .defer("body")
        .order_by("date_made", "pk")[:LOOKED_AT]
    )
    calendar = calendar or Calendar()
    today = timezone.localdate()
    found = []
    for item in waiting:
        entry = item.catalogue_entry
        limit = (entry.limit_days if entry else None) or DEFAULT_DAYS
        day = calendar.after(item.date_made, limit)
        left = calendar.between(today, day)
        if left <= soon:
            found.append(Due(item, day, left))
    return sorted(found, key=lambda due: (due.day, due.item.pk))


class Calendar:
    """Working days: Monday to Friday but for the days of the calendar; one query."""

    def __init__(self) -> None:
        rows = CalendarDay.objects.values_list("day", "is_workday")
        self._special: dict[dt.date, bool] = dict(rows)

    def is_workday(self, day: dt.date) -> bool:
        """Whether the day is worked."""
        return self._special.get(day, day.weekday() < 5)

    def after(self, start: dt.date, days: int) -> dt.date:
        """Return the n-th working day after ``start``."""
        day = start
        while days > 0:
            day += dt.timedelta(days=1)
            days -= self.is_workday(day)
        return day

    def between(self, start: dt.date, end: dt.date) -> int:
        """Return working days from ``start`` to ``end``; negative when it is past."""
        if end < start:
            return -self.between(end, start)
        step = dt.timedelta(days=1)
        span = range(1, min((end - start).days, 400) + 1)
        return sum(self.is_workday(start + step * n) for n in span)


def late(found: Sequence[Due]) -> int:
    """Return how many of them are past their day."""
    return sum(due.left < 0 for due in found)
