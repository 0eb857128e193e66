"""Figures about saved searches: no mailbox, nothing that only one person looks for."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from search.address import in_words

from .mailing import due_now
from .models import SavedSearch
from .words import address_of

AT_LEAST = 2  # people who look for the same, before it is shown
LISTED = 50
LATE = dt.timedelta(hours=2)


@dataclass(frozen=True)
class Shared:
    """A search that several people wait for."""

    words: str
    address: str
    people: int


def by_state() -> dict[str, int]:
    """Return how many searches are in each state (one query)."""
    rows = SavedSearch.objects.order_by().values_list("state").annotate(Count("pk"))
    return dict.fromkeys(SavedSearch.State.values, 0) | dict(rows)


def shared() -> list[Shared]:
    """Return the confirmed searches of two people and more, the most wanted first."""
    rows = (
        SavedSearch.objects.filter(state=SavedSearch.State.CONFIRMED)
        .order_by()
        .values_list("search")
        .annotate(people=Count("mail", distinct=True))
        .filter(people__gte=AT_LEAST)
        .order_by("-people", "search")
    )
    return [
        Shared(in_words(address_of(search)), f"?{search}", people)
        for search, people in rows[:LISTED]
    ]


def late(now: dt.datetime) -> int:
    """Return how many letters and looks are overdue by more than two hours."""
    if not settings.GONGKAI_MAIL:
        return 0
    before = now - LATE
    overdue = Q(pk__in=due_now(before).order_by().values("pk"))
    overdue |= Q(answer_due=True, asked_at__lt=before)
    return SavedSearch.objects.filter(overdue).count()
