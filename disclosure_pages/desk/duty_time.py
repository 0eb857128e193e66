"""How much time a step has left, in words and with a tone that the desk shows."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import Priority, ReviewDuty
from cms.workdays import WorkCalendar

MINUTE = dt.timedelta(minutes=1)
HOURS_FROM = 120  # minutes; above, hours say more


@dataclass(frozen=True)
class TimeLeft:
    """The words, and ``emergency``, ``late``, ``now`` or nothing special."""

    words: str
    tone: str = ""


def time_left(
    duty: ReviewDuty | None, calendar: WorkCalendar, now: dt.datetime
) -> TimeLeft:
    """Return how long a step may still take: minutes in an emergency, else days."""
    if duty is None:
        return TimeLeft("")
    if duty.priority == Priority.EMERGENCY:
        return TimeLeft(_minutes((duty.due_at - now) / MINUTE), "emergency")
    due, today = timezone.localdate(duty.due_at), timezone.localdate(now)
    left = calendar.between(today, due)
    if now > duty.due_at:
        if left == 0:
            return TimeLeft(_("已过期限"), "late")
        return TimeLeft(_("超期 %(days)d 个工作日") % {"days": -left}, "late")
    if left == 0:
        return TimeLeft(_("今天到期"), "now")
    return TimeLeft(_("还剩 %(days)d 个工作日") % {"days": left})


def flagged(duty: ReviewDuty | None, left: TimeLeft) -> str:
    """Return the words with the priority before them, when it is not the usual one."""
    if duty is None or duty.priority == Priority.NORMAL:
        return left.words
    level = duty.get_priority_display()
    return _("%(level)s，%(left)s") % {"level": level, "left": left.words}


def _minutes(left: float) -> str:
    count = abs(int(left))
    late = left < 0
    if count < HOURS_FROM:
        text = _("超过 %(minutes)d 分钟") if late else _("还剩 %(minutes)d 分钟")
        return text % {"minutes": count}
    text = _("超过 %(hours)d 小时") if late else _("还剩 %(hours)d 小时")
    return text % {"hours": count // 60}
