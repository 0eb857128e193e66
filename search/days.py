"""Days of publication as readers type them: a year, a month or a day."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from cms.folding import fold_text

_TYPED = re.compile(
    r"(?P<year>(?:19|20)\d\d)"
    r"(?:\s*[-./年]\s*(?P<month>\d{1,2})(?:\s*[-./月]\s*(?P<day>\d{1,2}))?)?"
    r"\s*[年月日]?"
)
MAX_TYPED = 40


@dataclass(frozen=True)
class Period:
    """First and last day (both included; open where there is none).

    ``problems``: what could not be understood, in words for the reader.
    """

    since: date | None = None
    until: date | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def read(cls, first: str, last: str) -> "Period":
        """Read what was typed; what is no date is left out, and told."""
        since, until = _day(first, last=False), _day(last, last=True)
        problems = tuple(
            _("看不懂日期“%(text)s”，请写成 2026、2026-05 或 2026-05-01。")
            % {"text": text.strip()[:MAX_TYPED]}
            for text, day in ((first, since), (last, until))
            if text.strip() and day is None
        )
        if since and until and since > until:
            return cls(problems=(_("开始日期晚于结束日期，没有按日期筛选。"),))
        return cls(since, until, problems)

    @property
    def numbers(self) -> tuple[int, int]:
        """Both days as YYYYMMDD, 0 where it is open."""
        return _number(self.since), _number(self.until)

    @property
    def label(self) -> str:
        """The period in words."""
        days = {"since": self.since, "until": self.until}
        if self.since and self.until:
            return _("%(since)s 至 %(until)s") % days
        return (_("%(since)s 起") if self.since else _("%(until)s 止")) % days

    def __bool__(self) -> bool:
        return bool(self.since or self.until)


def _day(text: str, *, last: bool) -> date | None:
    """Return the first or last day of a year, month or day; None if it is none."""
    typed = _TYPED.fullmatch(fold_text(text[:MAX_TYPED]).strip())
    if typed is None:
        return None
    year = int(typed["year"])
    month = int(typed["month"] or (12 if last else 1))
    try:
        length = calendar.monthrange(year, month)[1]
        return date(year, month, int(typed["day"] or (length if last else 1)))
    except ValueError:
        return None


def _number(day: date | None) -> int:
    return day.year * 10_000 + day.month * 100 + day.day if day else 0
