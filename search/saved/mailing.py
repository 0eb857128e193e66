"""Sending what is due, one letter after the other; a lost server loses nothing.

A row is claimed before its letter is made, and told only after the server took it. Who
is killed in between leaves the row to the next run once the claim is over: that letter
comes twice rather than never.
"""

import datetime as dt
import logging
import time

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cms.services.post import Post, Refused, ServerAway
from cms.workdays import WorkCalendar
from search.services import SearchUnavailable

from .letters import first_letter, news_letter, reminder
from .models import SavedSearch
from .news import news_of, told

logger = logging.getLogger(__name__)
AT_A_TIME = 200
BUDGET_S = 100.0
CLAIM = dt.timedelta(minutes=10)
AWAY = dt.timedelta(minutes=5)  # until a server that is away is asked again
# A server that grey-lists takes a letter later; a dead mailbox never does.
FIRST_REST = dt.timedelta(minutes=15)
MAX_REFUSALS = 8


def send_answers(now: dt.datetime | None = None) -> int:
    """Send the letters that the form promised; returns how many."""
    now = now or timezone.now()
    if not settings.GONGKAI_MAIL:
        return 0
    due = SavedSearch.objects.filter(answer_due=True, not_before__lte=now)
    sent = 0
    with Post() as post:
        try:
            for row in due.order_by("asked_at")[:AT_A_TIME]:
                sent += _claim(row, now) and _answer(post, row)
        except ServerAway as error:
            logger.warning("letters about searches wait: %s", error)
            _later(SavedSearch.objects.filter(answer_due=True), now)
    return sent


def due_now(now: dt.datetime) -> QuerySet[SavedSearch]:
    """Return what is to be looked after this morning; nothing on days off."""
    day = timezone.localtime(now)
    confirmed = SavedSearch.objects.filter(state=SavedSearch.State.CONFIRMED)
    if day.time() < settings.GONGKAI_SAVED_SEARCH_AT:
        return confirmed.none()
    if not WorkCalendar.load().is_workday(day.date()):
        return confirmed.none()
    return confirmed.exclude(last_on__gte=day.date()).order_by("last_on", "pk")


def send_news(now: dt.datetime | None = None) -> int:
    """Look after what is due, mail what is new; returns the number of letters.

    At most ``AT_A_TIME`` searches; the next run goes on.
    """
    now = now or timezone.now()
    if not settings.GONGKAI_MAIL:
        return 0
    until = time.monotonic() + BUDGET_S
    sent = 0
    with Post() as post:
        try:
            for row in due_now(now).filter(not_before__lte=now)[:AT_A_TIME]:
                if time.monotonic() > until:
                    break
                sent += _claim(row, now) and _look(post, row, now)
        except (ServerAway, SearchUnavailable) as error:
            logger.warning("letters about searches wait: %r", error)
            _later(due_now(now), now)
    return sent


def _later(rows: QuerySet[SavedSearch], now: dt.datetime) -> None:
    """Leave rows alone for a while, those that rest for longer excepted."""
    rows.filter(not_before__lt=now + AWAY).update(not_before=now + AWAY)
    rows.filter(not_before=now + CLAIM).update(not_before=now + AWAY)


def _claim(row: SavedSearch, now: dt.datetime) -> bool:
    """Take a row; false when somebody else did, or it was stopped."""
    same = SavedSearch.objects.filter(pk=row.pk, not_before=row.not_before)
    return bool(same.update(not_before=now + CLAIM))


def _answer(post: Post, row: SavedSearch) -> bool:
    pending = row.state == SavedSearch.State.PENDING
    kept = SavedSearch.objects.filter(pk=row.pk)
    try:
        post.send(first_letter(row) if pending else reminder(row))
    except Refused as error:
        logger.warning("letter about search %s refused: %s", row.pk, error)
        _refused(row)
        return False
    kept.update(answer_due=False, refusals=0, not_before=timezone.now())
    return True


def _look(post: Post, row: SavedSearch, now: dt.datetime) -> bool:
    """Look for what is new of one search; says whether a letter went."""
    news = news_of(row, now)
    if news.documents:
        try:
            post.send(news_letter(row, news))
        except Refused as error:
            logger.warning("letter about search %s refused: %s", row.pk, error)
            _refused(row)
            return False
    with transaction.atomic():
        kept = SavedSearch.objects.filter(pk=row.pk).update(
            cursor=news.cursor,
            last_on=timezone.localdate(now),
            not_before=now,
            refusals=0,
        )
        if kept:  # not stopped while the letter was on its way
            told(row, news)
    return bool(news.documents)


def _refused(row: SavedSearch) -> None:
    """Try again after a rest twice as long each time; then forget the mailbox."""
    rows = SavedSearch.objects.filter(pk=row.pk)
    if row.refusals + 1 >= MAX_REFUSALS:
        rows.delete()
        return
    rest = FIRST_REST * 2**row.refusals
    rows.update(refusals=row.refusals + 1, not_before=timezone.now() + rest)
