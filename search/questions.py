"""Questions that found nothing, or nothing worth opening: the office's to-do list."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from .models import QuestionDay, SearchJudgement, SearchQuestion

SINCE = timedelta(days=30)
ABANDONED_SHARE = 0.5
SETTLED = "gongkai.search_settle"
AGAIN = "gongkai.search_again"
JUDGED = "gongkai.search_judge"
UNJUDGED = "gongkai.search_unjudge"


class Way(models.TextChoices):
    """What can be done about a question."""

    PUBLISH = "publish", _("发布")
    SYNONYM = "synonym", _("同义词")
    BET = "bet", _("推荐")
    IGNORE = "ignore", _("忽略")


@dataclass(frozen=True)
class Todo:
    """A question with its counts since it was dealt with, of 30 days at most."""

    pk: int
    text: str
    asked: int
    zero: int
    abandoned: int
    last_on: date


def waiting() -> list[Todo]:
    """Return what is to be done, what was asked in vain most often first.

    Only questions whose words are kept (`log_writing`). One that was settled
    comes again when it is asked in vain later on; one that is ignored does not.
    """
    found = [todo for todo in map(_todo, _counted()) if todo.zero + todo.abandoned]
    return sorted(found, key=lambda t: (-(t.zero + t.abandoned), t.text))


def settled() -> QuerySet[SearchQuestion]:
    """Return what was dealt with, the latest first."""
    rows = SearchQuestion.objects.exclude(settled_on=None).exclude(text="")
    return rows.select_related("settled_by").order_by("-settled_on", "text")


def settle(question: SearchQuestion, way: str, user: Any) -> None:
    """Take a question off the list, and write down how."""
    question.settled_on = timezone.localdate()
    question.settled_by = user
    question.way = Way(way)
    question.save(update_fields=["settled_on", "settled_by", "way"])
    log(question, SETTLED, user=user, data={"way": way})


def ask_again(question: SearchQuestion, user: Any) -> None:
    """Put a question back on the list."""
    question.settled_on, question.settled_by, question.way = None, None, ""
    question.save(update_fields=["settled_on", "settled_by", "way"])
    log(question, AGAIN, user=user)


def judge(question: str, key: str, user: Any, *, good: bool) -> None:
    """Say that a document answers a question (folded), or take it back."""
    mine = {"question": question, "key": key, "source": SearchJudgement.Source.STAFF}
    if good:
        row, made = SearchJudgement.objects.get_or_create(**mine)
        if made:
            log(row, JUDGED, user=user, data={"key": key})
        return
    for row in SearchJudgement.objects.filter(**mine):
        log(row, UNJUDGED, user=user, data={"key": key}, deleted=True)
        row.delete()


def judged(question: str) -> set[str]:
    """Return the keys that staff called good answers to a question (folded)."""
    rows = SearchJudgement.objects.filter(
        question=question, source=SearchJudgement.Source.STAFF
    )
    return set(rows.values_list("key", flat=True))


def _counted() -> QuerySet:
    """Return a row of sums for each question, over the days after it was settled."""
    since = timezone.localdate() - SINCE
    new = Q(question__settled_on=None) | Q(day__gt=F("question__settled_on"))
    days = QuestionDay.objects.filter(new, day__gt=since)
    days = days.exclude(question__text="").exclude(question__way=Way.IGNORE)
    names = ("asked", "zero", "told", "opened")
    return (
        days.order_by()
        .values("question", "question__text", "question__last_on")
        .annotate(**{f"all_{name}": Sum(name) for name in names})
    )


def _todo(row: dict[str, Any]) -> Todo:
    abandoned = max(0, row["all_told"] - row["all_opened"])
    if abandoned < ABANDONED_SHARE * row["all_told"]:
        abandoned = 0  # most who saw the results opened one
    return Todo(
        pk=row["question"],
        text=row["question__text"],
        asked=row["all_asked"],
        zero=row["all_zero"],
        abandoned=abandoned,
        last_on=row["question__last_on"],
    )
