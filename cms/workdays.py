"""Working days by the State Council's calendar, with its make-up weekends (调休).

Three years are shipped; rows of the desk are added to them and win over them.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from django.utils.translation import gettext as _

from cms.models import CalendarDay

DATA = Path(__file__).parent / "data" / "calendar"
ONE_DAY = dt.timedelta(days=1)
SATURDAY = 5


class CalendarGap(Exception):
    """A count of working days leaves the years whose calendar is known."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(
            _("%(year)s 年的节假日安排还没有录入，工作日算不准。") % {"year": year}
        )


@cache
def shipped_days() -> tuple[dict[str, Any], ...]:
    """Return the days of the notices that come with the software."""
    found: list[dict[str, Any]] = []
    for path in sorted(DATA.glob("*.json")):
        notice = json.loads(path.read_text(encoding="utf-8"))
        found += [
            row | {"day": dt.date.fromisoformat(row["day"]), "source": notice["source"]}
            for row in notice["days"]
        ]
    return tuple(found)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked: ``days`` holds those that differ from their weekday."""

    days: Mapping[dt.date, bool] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Self:
        """Return the shipped days with the desk's own over them (one query)."""
        days = {row["day"]: row["is_workday"] for row in shipped_days()}
        days |= dict(CalendarDay.objects.values_list("day", "is_workday"))
        return cls(days)

    @property
    def years(self) -> set[int]:
        """The years whose notice is known."""
        return {day.year for day in self.days}

    def is_workday(self, day: dt.date) -> bool:
        """Whether the day is worked; a day of an unknown year goes by its weekday."""
        return self.days.get(day, day.weekday() < SATURDAY)

    def after(self, start: dt.date, n: int) -> dt.date:
        """Return the n-th working day after ``start``, in unknown years by weekday."""
        day = start
        while n > 0:
            day += ONE_DAY
            n -= self.is_workday(day)
        return day

    def between(self, start: dt.date, end: dt.date) -> int:
        """Return the working days after ``start`` up to ``end``; negative when past."""
        if end < start:
            return -self.between(end, start)
        weeks, rest = divmod((end - start).days, 7)
        tail = (end - ONE_DAY * n for n in range(rest))
        found = 5 * weeks + sum(day.weekday() < SATURDAY for day in tail)
        return found + sum(
            is_workday - (day.weekday() < SATURDAY)
            for day, is_workday in self.days.items()
            if start < day <= end
        )


def add_workdays(start: dt.date, n: int, calendar: WorkCalendar) -> dt.date:
    """Return the n-th working day after ``start``, which is not counted.

    Raises:
        CalendarGap: the count leaves the years that the calendar knows.
    """
    end = calendar.after(start, n)
    _expect_known(start, end, calendar)
    return end


def workdays_between(start: dt.date, end: dt.date, calendar: WorkCalendar) -> int:
    """Return the working days after ``start`` up to ``end``; negative when past.

    Raises:
        CalendarGap: a day between lies in a year that the calendar does not know.
    """
    _expect_known(*sorted((start, end)), calendar)
    return calendar.between(start, end)


def _expect_known(start: dt.date, end: dt.date, calendar: WorkCalendar) -> None:
    """Raise for the first year after ``start`` up to ``end`` that is not known."""
    if start == end:
        return
    for year in range((start + ONE_DAY).year, end.year + 1):
        if year not in calendar.years:
            raise CalendarGap(year)


def load_calendar() -> int:
    """Write the shipped days that the desk does not have yet; returns how many."""
    known = set(CalendarDay.objects.values_list("day", flat=True))
    new = [CalendarDay(**row) for row in shipped_days() if row["day"] not in known]
    CalendarDay.objects.bulk_create(new)
    return len(new)
