"""Whether a reading point is open at a moment, until when, and who is there.

Nothing is said that is not known: hours that cannot be read, days of a year whose
holidays are not known and a post that nobody covers all lead to "please ring first".
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cms.models import Authority
from cms.workdays import WorkCalendar
from disclosure_pages.choices import ManagerPost
from disclosure_pages.reading_point_rules import dialled

LEAP_YEAR = 2024
NOON = 12
COMING_DAYS = 14
_SPAN = re.compile(
    r"(上午|早上|中午|下午|晚上)?\s*(\d{1,2})\s*[:：点时]\s*(\d{2})?\s*分?"
    r"\s*(?:[-–—−~～至到]|--|——)\s*"
    r"(上午|早上|中午|下午|晚上)?\s*(\d{1,2})\s*[:：点时]\s*(\d{2})?\s*分?"
)
_SAYS_NOTHING = re.compile(
    r"[\s，,、；;。/和及]|工作日|每个工作日|周一至周五|上午|下午"
)


class State(StrEnum):
    """How a point stands at a moment."""

    OPEN = "open"
    LATER = "later"
    OVER = "over"
    DAY_OFF = "day_off"
    CALL = "call"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Seasons:
    """The days of summer hours, "MM-DD", both included; all others are winter."""

    summer_from: str
    summer_to: str

    @classmethod
    def of(cls, authority: Authority) -> "Seasons":
        """Return the seasons of the authority's working hours."""
        return cls(authority.summer_from, authority.summer_to)

    def is_summer(self, day: dt.date) -> bool:
        """Whether the day is one of summer hours, also when they pass New Year."""
        here = f"{day:%m-%d}"
        if self.summer_from <= self.summer_to:
            return self.summer_from <= here <= self.summer_to
        return here >= self.summer_from or here <= self.summer_to

    @property
    def summer(self) -> str:
        """The days of summer in words."""
        return _span(_day(self.summer_from), _day(self.summer_to))

    @property
    def winter(self) -> str:
        """The days of winter in words."""
        one = dt.timedelta(days=1)
        return _span(_day(self.summer_to) + one, _day(self.summer_from) - one)


def _day(month_day: str) -> dt.date:
    month, day = (int(part) for part in month_day.split("-"))
    while True:  # "02-30" passes the field's pattern
        try:
            return dt.date(LEAP_YEAR, month, day)
        except ValueError:
            day -= 1


def _span(first: dt.date, last: dt.date) -> str:
    words = {"first": short_date(first), "last": short_date(last)}
    return words["first"] if first == last else _("%(first)s至%(last)s") % words


def short_date(day: dt.date) -> str:
    """Return month and day in the words of the reader's language."""
    return date_format(day, _("n月j日"))


def has_seasons(point: Any) -> bool:
    """Whether winter hours differ from summer hours."""
    return bool(point.hours_winter) and point.hours_winter != point.hours_summer


def hours_on(point: Any, day: dt.date, seasons: Seasons) -> str:
    """Return the hours that hold on a day."""
    if has_seasons(point) and not seasons.is_summer(day):
        return point.hours_winter
    return point.hours_summer


def spans(hours: str) -> list[tuple[dt.time, dt.time]]:
    """Return the hours as spans of a day, or nothing unless all of it is understood."""
    found = []
    for match in _SPAN.finditer(hours):
        half1, hour1, minute1, half2, hour2, minute2 = match.groups()
        try:
            begins = _time(half1, hour1, minute1)
            ends = _time(half2 or half1, hour2, minute2)
        except ValueError:
            return []
        if begins >= ends or (found and begins < found[-1][1]):
            return []
        found.append((begins, ends))
    return [] if _SAYS_NOTHING.sub("", _SPAN.sub("", hours)) else found


def _time(half: str | None, hour: str, minute: str | None) -> dt.time:
    afternoon = half in ("下午", "晚上") and int(hour) < NOON
    return dt.time(int(hour) + NOON * afternoon, int(minute or 0))


@dataclass(frozen=True)
class Contact:
    """Who is there on a day; ``instead_of`` is the post that is away till ``until``."""

    name: str
    phone: str
    post: str
    instead_of: str = ""
    since: dt.date | None = None
    until: dt.date | None = None

    @property
    def tel(self) -> str:
        """The number for ``tel:``."""
        return dialled(self.phone)

    @property
    def label(self) -> str:
        """The post in words; nothing for who is neither A nor B."""
        return str(ManagerPost(self.post).label) if self.post else str(_("代班"))

    @property
    def away(self) -> str:
        """Why it is not A: "A 岗 11月23日至27日不在"."""
        if not (self.instead_of and self.since and self.until):
            return ""
        return _("%(post)s %(days)s不在") % {
            "post": ManagerPost(self.instead_of).label,
            "days": _span(self.since, self.until),
        }


def on_duty(point: Any, absences: Iterable[Any], day: dt.date) -> Contact | None:
    """Return who is at the point: A, or B while A is away, or who stands in."""
    away = {row.post: row for row in absences if row.from_date <= day <= row.to_date}
    first, second = away.get(ManagerPost.PRIMARY), away.get(ManagerPost.BACKUP)
    if first is None:
        if not point.primary_manager:
            return None
        return Contact(
            point.primary_manager,
            point.primary_phone or point.phone,
            ManagerPost.PRIMARY.value,
        )
    why = (ManagerPost.PRIMARY.value, first.from_date, first.to_date)
    if first.stand_in:
        return Contact(first.stand_in, first.stand_in_phone or point.phone, "", *why)
    if second is None and point.backup_manager:
        phone = point.backup_phone or point.phone
        return Contact(point.backup_manager, phone, ManagerPost.BACKUP.value, *why)
    if second is not None and second.stand_in:
        phone = second.stand_in_phone or point.phone
        return Contact(second.stand_in, phone, "", *why)
    return None


@dataclass(frozen=True)
class Standing:
    """A point at a moment: state, the hours of the day, who is there."""

    state: State
    hours: str
    contact: Contact | None
    at: dt.time | None = None
    opens_on: dt.date | None = None

    @property
    def is_open(self) -> bool:
        """Whether one can go there right now."""
        return self.state == State.OPEN

    @property
    def is_workday(self) -> bool:
        """Whether today is known to be a day of service here."""
        return self.state in (State.OPEN, State.LATER, State.OVER)

    @property
    def knows_when(self) -> bool:
        """Whether it is known when the point opens or opened."""
        return self.state not in (State.CALL, State.UNKNOWN)

    @property
    def short(self) -> str:
        """The state for a tag."""
        at = f"{self.at:%H:%M}" if self.at else ""
        return {
            State.OPEN: _("开放中"),
            State.LATER: _("%(time)s 开放") % {"time": at},
            State.OVER: _("今天已关门"),
            State.DAY_OFF: _("今天休息"),
            State.CALL: _("先打电话"),
            State.UNKNOWN: _("先打电话"),
        }[self.state]

    @property
    def sentence(self) -> str:
        """The state for a reader who wants to go there."""
        at = f"{self.at:%H:%M}" if self.at else ""
        told = {
            State.OPEN: _("现在开放，到 %(time)s。") % {"time": at},
            State.LATER: _("现在没有开门，今天 %(time)s 开放。") % {"time": at},
            State.OVER: _("今天的开放时间已过。"),
            State.DAY_OFF: _("今天休息（周末或法定节假日）。"),
            State.CALL: _("今天是否有人，去之前请先打电话。"),
            State.UNKNOWN: _("今天是否开放说不准，去之前请先打电话。"),
        }[self.state]
        if self.opens_on is None:
            return told
        day = date_format(self.opens_on, _("n月j日（l）"))
        return told + _("下次开放：%(day)s。") % {"day": day}


def standing(
    point: Any,
    absences: Iterable[Any],
    now: dt.datetime,
    seasons: Seasons,
    calendar: WorkCalendar,
) -> Standing:
    """Return how a point stands at ``now`` (local time)."""
    day = now.date()
    hours = hours_on(point, day, seasons)
    contact = on_duty(point, absences, day)
    if day.year not in calendar.years:
        return Standing(State.UNKNOWN, hours, contact)
    opens_on = _next_day(point, day, calendar)
    if not calendar.is_workday(day):
        return Standing(State.DAY_OFF, hours, contact, opens_on=opens_on)
    if contact is None or not point.opens_every_workday:
        return Standing(State.CALL, hours, contact)
    today = spans(hours)
    if not today:
        return Standing(State.UNKNOWN, hours, contact)
    clock = now.time()
    for begins, ends in today:
        if clock < begins:
            return Standing(State.LATER, hours, contact, begins)
        if clock < ends:
            return Standing(State.OPEN, hours, contact, ends)
    return Standing(State.OVER, hours, contact, opens_on=opens_on)


def _next_day(point: Any, day: dt.date, calendar: WorkCalendar) -> dt.date | None:
    """Return the next day of service, if the calendar reaches that far."""
    if not point.opens_every_workday:
        return None
    coming = calendar.after(day, 1)
    return coming if coming.year in calendar.years else None


def coming_absences(absences: Iterable[Any], day: dt.date) -> list[Any]:
    """Return the absences that begin soon, for who plans to come."""
    last = day + dt.timedelta(days=COMING_DAYS)
    found = [row for row in absences if day < row.from_date <= last]
    return sorted(found, key=lambda row: row.from_date)
