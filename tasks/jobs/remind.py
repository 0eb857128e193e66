"""Remind of reviews that are nearly due or late, and mail what people are told."""

from celery import shared_task

from cms.services import duties, notice_mail, notices

from ..locks import target_lock


@shared_task(name="tasks.remind")
def remind() -> int:
    """Leave reminders and reports of lateness; returns how many."""
    return duties.remind_and_escalate()


@shared_task(name="tasks.mail")
def mail() -> int:
    """Mail notices, remove old ones; returns how many letters.

    One at a time on this host: a second one would send the same letters.
    """
    with target_lock("mail") as alone:
        if not alone:
            return 0
        notices.remove_old()
        return notice_mail.send_due()
