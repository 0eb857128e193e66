"""When items not yet public have to be: the desk's view of deadlines."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from cms.models import Authority
from cms.workdays import WorkCalendar
from disclosure_pages.choices import DisclosureMode
from disclosure_pages.item_rules import publish_due
from disclosure_pages.models import DisclosureItemPage

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
    calendar: WorkCalendar | None = None,
) -> list[Due]:
    """Return what is due within ``soon`` working days or late, the latest first.

    Looks at the 500 items with the earliest dates; three queries.
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
    calendar = calendar or WorkCalendar.load()
    default_days = Authority.load().publish_within_days
    today = timezone.localdate()
    found = []
    for item in waiting:
        due = publish_due(item, default_days, calendar, today)
        if due and due.days_left <= soon:
            found.append(Due(item, due.day, due.days_left))
    return sorted(found, key=lambda due: (due.day, due.item.pk))


def late(found: Sequence[Due]) -> int:
    """Return how many of them are past their day."""
    return sum(due.left < 0 for due in found)
