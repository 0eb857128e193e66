"""What must hold within one record of the catalogue; functions without writes."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cms.workdays import CalendarGap, WorkCalendar, add_workdays, workdays_between
from disclosure_pages.choices import DisclosureMode, LegalStatus

BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
HIDDEN = BIDIRECTIONAL | set("\u200b\u200c\u200d\u2060\ufeff\u00ad")
LONGEST_CHAIN = 50


def visible_text(text: str) -> str:
    """Return what a reader sees of it, without marks that nobody sees."""
    return "".join(char for char in text if char not in HIDDEN).strip()


def title_errors(item: Any) -> dict[str, str]:
    """Return why the title cannot stand, by field."""
    if not visible_text(item.title):
        return {"title": _("标题是空的。请写上文件的标题。")}
    if BIDIRECTIONAL & set(item.title):
        return {"title": _("标题里有看不见的控制字符。请把标题重新打一遍。")}
    return {}


def record_errors(item: Any, today: dt.date) -> dict[str, str]:
    """Return what contradicts itself in dates, status and disclosure, by field."""
    errors: dict[str, str] = {}
    made, published = item.date_made, item.date_published
    if made and made > today:
        errors["date_made"] = _("成文日期不能晚于今天。")
    if made and published and made > published:
        errors["date_published"] = _("公开日期不能早于成文日期。")
    begins, ends = item.effective_on, item.expires_on
    if begins and ends and ends < begins:
        errors["expires_on"] = _("失效或废止日期不能早于生效日期。")
    private = item.disclosure_mode != DisclosureMode.PROACTIVE
    if private and not item.disclosure_reason.strip():
        errors["disclosure_reason"] = _("不主动公开的，请写明理由。")
    if item.subcategory_id and item.subcategory.category != item.category:
        errors["subcategory"] = _("这个子类别不属于选定的类别。")
    return errors | _link_errors(item)


def _link_errors(item: Any) -> dict[str, str]:
    """Refuse an item that stands, at whatever distance, before itself."""
    if not item.pk:
        return {}
    sentences = {
        "supersedes": _("“代替哪一件”不能绕回本件自己，请另选。"),
        "interpretation_of": _("“解读的是哪一件”不能绕回本件自己，请另选。"),
    }
    return {
        name: sentence
        for name, sentence in sentences.items()
        if _leads_back(item, f"{name}_id")
    }


def _leads_back(item: Any, column: str) -> bool:
    seen: set[int] = set()
    here = getattr(item, column)
    while here and here not in seen and len(seen) < LONGEST_CHAIN:
        if here == item.pk:
            return True
        seen.add(here)
        rows = type(item).objects.filter(pk=here)
        here = rows.values_list(column, flat=True).first()
    return False


def repeal_warning(item: Any) -> str:
    """Return a sentence when it is unclear since when, or by what, it is repealed."""
    ended = item.validity in (LegalStatus.EXPIRED, LegalStatus.REPEALED)
    if not ended or item.expires_on:
        return ""
    if item.pk and item.superseded_by.exists():
        return ""
    return _("写了失效或废止，但没有日期，也没有代替它的文件；请尽量补上其中一项。")


@dataclass(frozen=True)
class PublishDue:
    """The last day for publishing, and how it was found."""

    day: dt.date
    days_left: int
    explanation: str
    certain: bool = True


def publish_due(
    item: Any, default_days: int, calendar: WorkCalendar, today: dt.date
) -> PublishDue | None:
    """Return by when an item has to be public; None without a date to count from.

    Counted are working days after 成文日期: as many as the item's catalogue entry
    says, else ``default_days``. Where the calendar does not reach, weekdays are
    counted and the result is marked as uncertain.
    """
    if not item.date_made:
        return None
    entry = item.catalogue_entry
    own = entry.limit_days if entry and entry.limit_days is not None else None
    days = default_days if own is None else own
    words = {"made": item.date_made.isoformat(), "days": days, "entry": entry}
    explanation = (
        _("%(made)s 成文，“%(entry)s”要求 %(days)s 个工作日内公开。")
        if own is not None
        else _("%(made)s 成文，一般要求 %(days)s 个工作日内公开。")
    ) % words
    try:
        day = add_workdays(item.date_made, days, calendar)
        left = workdays_between(today, day, calendar)
    except CalendarGap as gap:
        day = calendar.after(item.date_made, days)
        left = calendar.between(today, day)
        return PublishDue(day, left, f"{explanation}{gap}", certain=False)
    return PublishDue(day, left, explanation)
