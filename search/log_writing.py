"""Writing down what was looked for: counts at once, words when several typed them.

A question is known by a keyed hash. Its words are kept as soon as it came from
``GONGKAI_SEARCH_SEEN_BY`` network addresses on one day, or on as many days; those of
a question that finds nothing and may be a name never. Who asked is a hash with a salt
that is deleted when its day is over, so that nobody can be followed from one day to the
next.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from disclosure_pages.public_state import publicly_visible

from .models import (
    OpenedHit,
    QuestionDay,
    SearchJudgement,
    SearchQuestion,
    VisitorSalt,
)
from .person_names import may_be_name

MOST_NEW_A_DAY = 20_000
MOST_REMEMBERED = 100_000
KEPT_WORDS = timedelta(days=400)
Visit = tuple[str, str, str]  # visitor, digest, key (or nothing for the question)
_day: date | None = None
_salt = ""
_visits: set[Visit] = set()  # of this day, as far as this process saw them


@dataclass(frozen=True)
class Note:
    """One question, or with ``key`` one result that was opened; not written yet."""

    digest: str
    sender: str
    agent: str
    text: str = ""
    key: str = ""
    found: bool = False
    tells: bool = False


def digest_of(question: str) -> str:
    """Return the keyed hash by which a question is known."""
    return salted_hmac("search.question", question, algorithm="sha256").hexdigest()


def write(notes: Iterable[Note]) -> None:
    """Count notes, each visitor once a day for each question and each result.

    Results that nobody may see any more are left out.
    """
    today = timezone.localdate()
    notes = list(notes)
    visible = publicly_visible(note.key for note in notes if note.key)
    new: dict[str, list[tuple[Note, str]]] = {}
    _begin(today)
    for note in notes:
        if note.key and note.key not in visible:
            continue
        visitor = _hash(note.sender, note.agent)
        if _is_first((visitor, note.digest, note.key)):
            new.setdefault(note.digest, []).append((note, visitor))
    with transaction.atomic():
        for digest, seen in sorted(new.items()):
            _write_one(digest, seen, today)


def forget_old() -> int:
    """Delete what was kept long enough; returns how many questions.

    Salts and visitors of days that are over, questions whose words are not kept
    after ``GONGKAI_SEARCH_LOG_DAYS``, all others and what was opened (but not what
    staff judged) after ``KEPT_WORDS``.
    """
    today = timezone.localdate()
    VisitorSalt.objects.filter(day__lt=today).delete()
    over = SearchQuestion.objects.exclude(visitors=[])
    over.filter(visitors_on__lt=today).update(visitors=[], visitors_on=None)
    short = today - timedelta(days=settings.GONGKAI_SEARCH_LOG_DAYS)
    old = Q(text="", last_on__lt=short) | Q(last_on__lt=today - KEPT_WORDS)
    count = SearchQuestion.objects.filter(old).count()
    SearchQuestion.objects.filter(old).delete()
    QuestionDay.objects.filter(day__lt=today - KEPT_WORDS).delete()
    opened = SearchJudgement.objects.filter(source=SearchJudgement.Source.OPENED)
    opened.filter(updated__lt=timezone.now() - KEPT_WORDS).delete()
    return count


def _begin(today: date) -> None:
    global _day, _salt
    if _day != today:
        _salt = VisitorSalt.of(today, secrets.token_hex(32)).salt
        _day = today
        _visits.clear()


def _hash(*parts: str) -> str:
    """Return what stands for a visitor, or with one part for an address, today."""
    who = "\n".join([_salt, *parts])
    return salted_hmac("search.visitor", who, algorithm="sha256").hexdigest()[:24]


def _is_first(visit: Visit) -> bool:
    """Whether this visit is new today, and remember it while there is room."""
    if visit in _visits:
        return False
    if len(_visits) < MOST_REMEMBERED:
        _visits.add(visit)
    return True


def _write_one(digest: str, seen: Sequence[tuple[Note, str]], today: date) -> None:
    question = _question(digest, today)
    if question is None:
        return
    asked = [note for note, _who in seen if not note.key]
    _count(question, seen, today)
    if asked:
        _recognise(question, asked, today)
    for key in (note.key for note, _who in seen if note.key):
        _open(question, key)


def _question(digest: str, today: date) -> SearchQuestion | None:
    """Return the row, locked; none when too many new ones came today."""
    rows = SearchQuestion.objects.select_for_update()
    found = rows.filter(digest=digest).first()
    if found is None:
        if SearchQuestion.objects.filter(first_on=today).count() >= MOST_NEW_A_DAY:
            return None
        new = {"first_on": today, "last_on": today}
        found, _made = rows.get_or_create(digest=digest, defaults=new)
    return found


def _recognise(question: SearchQuestion, asked: Sequence[Note], today: date) -> None:
    """Remember from where it was asked, until that is enough to keep the words."""
    question.last_on = today
    if not question.text:
        enough = settings.GONGKAI_SEARCH_SEEN_BY
        before = question.visitors if question.visitors_on == today else []
        houses = sorted({*before, *(_hash(note.sender) for note in asked)})[:enough]
        often = len(houses) >= enough or question.days.count() >= enough
        known = often and not _is_private(asked)
        question.visitors = [] if known else houses
        question.visitors_on = None if known else today
        if known:
            question.text = asked[0].text
            for hit in question.hits.all():
                _judge(question.text, hit.key, hit.count)
            question.hits.all().delete()
    question.save()


def _is_private(asked: Sequence[Note]) -> bool:
    return not all(note.found for note in asked) and may_be_name(asked[0].text)


def _count(
    question: SearchQuestion, seen: Sequence[tuple[Note, str]], today: date
) -> None:
    asked = [note for note, _who in seen if not note.key]
    opening = {visitor for note, visitor in seen if note.key}
    first = [who for who in opening if _is_first((who, question.digest, "*"))]
    day, _made = QuestionDay.objects.get_or_create(question=question, day=today)
    QuestionDay.objects.filter(pk=day.pk).update(
        asked=F("asked") + len(asked),
        zero=F("zero") + sum(not note.found for note in asked),
        told=F("told") + sum(note.found and note.tells for note in asked),
        opened=F("opened") + len(first),
    )


def _open(question: SearchQuestion, key: str) -> None:
    if question.text:
        _judge(question.text, key, 1)
        return
    row, _made = OpenedHit.objects.get_or_create(question=question, key=key)
    OpenedHit.objects.filter(pk=row.pk).update(count=F("count") + 1)


def _judge(text: str, key: str, count: int) -> None:
    row, made = SearchJudgement.objects.get_or_create(
        question=text,
        key=key,
        source=SearchJudgement.Source.OPENED,
        defaults={"weight": count},
    )
    if not made:
        row.weight += count
        row.save(update_fields=["weight", "updated"])
