"""Mailing notices: at once, or once a day in one letter; a lost server loses nothing.

A letter counts as sent when the server took it: one that breaks off in between is sent
again rather than not at all.
"""

import datetime as dt
import logging
from collections.abc import Iterable
from itertools import groupby

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.context import base_url
from cms.models import Authority
from cms.models.notices import Mailing, Notice
from cms.services.post import Post, Refused, ServerAway

logger = logging.getLogger(__name__)
AT_A_TIME = 200
MAX_REFUSALS = 5  # by the mailbox, not by a server that is away
DIGEST_AT = dt.time(8)


def send_due(now: dt.datetime | None = None) -> int:
    """Send what is to be mailed now; returns the number of letters.

    Nothing when no mail server is set. What is read on the desk before is not mailed.
    """
    if not settings.GONGKAI_MAIL:
        return 0
    now = now or timezone.now()
    letters = [[notice] for notice in _waiting(Mailing.AT_ONCE)[:AT_A_TIME]]
    letters += _digests(now)
    return _send(letters) if letters else 0


def _waiting(mailing: str) -> QuerySet[Notice]:
    notices = Notice.objects.filter(
        mailing=mailing,
        mailed_at=None,
        read_at=None,
        refusals__lt=MAX_REFUSALS,
        user__is_active=True,
    )
    return notices.exclude(user__email="").select_related("user").order_by("pk")


def _digests(now: dt.datetime) -> list[list[Notice]]:
    """Return what came before this morning's time, by person; none before that time."""
    today = timezone.localtime(now).date()
    morning = timezone.make_aware(dt.datetime.combine(today, DIGEST_AT))
    if now < morning:
        return []
    found = _waiting(Mailing.DIGEST).filter(created_at__lt=morning)
    rows = found.order_by("user_id", "pk")[: 10 * AT_A_TIME]
    return [list(group) for _user, group in groupby(rows, lambda row: row.user_id)]


def _send(letters: Iterable[list[Notice]]) -> int:
    sender = Authority.load().short_name
    sent = 0
    with Post() as post:
        try:
            for notices in letters:
                sent += _send_one(post, sender, notices)
        except ServerAway as error:  # the next run tries again
            logger.warning("mail waits: %s", error)
    return sent


def _send_one(post: Post, sender: str, notices: list[Notice]) -> bool:
    rows = Notice.objects.filter(pk__in=[notice.pk for notice in notices])
    try:
        post.send(_letter(sender, notices))
    except Refused as error:
        logger.warning("mail refused for user %s: %s", notices[0].user_id, error)
        rows.update(refusals=notices[0].refusals + 1)
        return False
    rows.update(mailed_at=timezone.now())
    return True


def _letter(sender: str, notices: list[Notice]) -> EmailMessage:
    if len(notices) == 1:
        subject = notices[0].text
    else:
        subject = _("%(count)d 条待办通知") % {"count": len(notices)}
    parts = [f"{notice.text}\n{base_url()}{notice.url}" for notice in notices]
    closing = _("收不收邮件，可以在后台“通知”里设置。")
    return EmailMessage(
        subject=" ".join(f"[{sender}] {subject}".split()),
        body="\n\n".join([*parts, closing]),
        to=[notices[0].user.email],
    )
