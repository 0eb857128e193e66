"""Send the letters about saved searches, forget what nobody confirmed."""

from celery import shared_task
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from search.saved import appearances, mailing, subscribing

from ..locks import target_lock
from ..models import OutboxEntry


@shared_task(name="tasks.answer_savers")
def answer_savers() -> int:
    """Send the letters that ask to confirm; returns how many."""
    with target_lock("saved-answers") as alone:
        if not alone:
            return 0
        subscribing.remove_unconfirmed(timezone.now())
        return mailing.send_answers()


@shared_task(name="tasks.mail_news")
def mail_news() -> int:
    """Mail what is new of saved searches, once a workday; returns how many letters.

    What an index does not hold yet is news when it does.
    """
    with target_lock("saved-news") as alone:
        if not (alone and settings.GONGKAI_MAIL):
            return 0
        if not mailing.due_now(timezone.now()).exists():
            return 0
        behind = OutboxEntry.objects.filter(
            target__startswith="index:", wanted__gt=F("delivered")
        )
        appearances.count_appearances(set(behind.values_list("key", flat=True)))
        return mailing.send_news()
