import datetime as dt

import pytest

from cms.models import CalendarDay
from cms.workdays import (
    CalendarGap,
    WorkCalendar,
    add_workdays,
    load_calendar,
    shipped_days,
    workdays_between,
)

CASES = [
    ("2026-02-09", 7, "2026-02-25"),
    ("2026-02-09", 20, "2026-03-13"),
    ("2026-02-09", 40, "2026-04-13"),
    ("2026-09-18", 7, "2026-09-29"),
    ("2026-09-18", 20, "2026-10-22"),
    ("2026-09-18", 40, "2026-11-19"),
]


def day(text):
    return dt.date.fromisoformat(text)


def shipped():
    return WorkCalendar({row["day"]: row["is_workday"] for row in shipped_days()})


@pytest.mark.parametrize(("start", "n", "end"), CASES)
def test_the_official_calendar_with_its_make_up_days(start, n, end):
    assert add_workdays(day(start), n, shipped()) == day(end)
    assert workdays_between(day(start), day(end), shipped()) == n
    assert workdays_between(day(end), day(start), shipped()) == -n


def test_make_up_weekends_are_worked():
    calendar = shipped()
    assert calendar.is_workday(day("2026-09-20"))
    assert calendar.is_workday(day("2026-10-10"))
    assert not calendar.is_workday(day("2026-10-01"))
    assert calendar.years == {2024, 2025, 2026}


@pytest.mark.parametrize(("year", "workdays"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_whole_year_has_the_known_number_of_working_days(year, workdays):
    first = dt.date(year, 1, 1)
    days = (first + dt.timedelta(n) for n in range(366))
    worked = [d for d in days if d.year == year and shipped().is_workday(d)]
    assert len(worked) == workdays


def test_leaving_the_known_years_is_said_and_not_guessed():
    with pytest.raises(CalendarGap, match="2027"):
        add_workdays(day("2026-12-25"), 20, shipped())
    with pytest.raises(CalendarGap):
        workdays_between(day("2026-12-25"), day("2027-01-10"), shipped())
    assert workdays_between(day("2026-12-25"), day("2026-12-31"), shipped()) == 4


@pytest.mark.django_db
def test_rows_of_the_desk_win_and_add_years():
    CalendarDay.objects.create(day=day("2027-01-01"), name="元旦")
    CalendarDay.objects.create(day=day("2026-12-28"), name="本地停办")
    calendar = WorkCalendar.load()
    assert add_workdays(day("2026-12-25"), 5, calendar) == day("2027-01-05")


@pytest.mark.django_db
def test_loading_the_calendar_twice_keeps_what_the_desk_changed():
    CalendarDay.objects.all().delete()
    assert load_calendar() == len(shipped_days())
    CalendarDay.objects.filter(day="2026-10-08").delete()
    CalendarDay.objects.filter(day="2026-10-07").update(is_workday=True)
    assert load_calendar() == 0
    assert CalendarDay.objects.get(day="2026-10-07").is_workday
