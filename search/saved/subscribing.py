"""Asking for letters, confirming that the mailbox is one's own, and stopping them.

The links are signed with the site's secret: nothing in the database opens them.
"""

import datetime as dt
import logging
import uuid

from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cms.context import base_url
from disclosure_pages.services.feedback import TooMany, count_attempt, count_for

from .appearances import count_appearances, last_appearance
from .models import MAX_SEARCH, SavedSearch

logger = logging.getLogger(__name__)
CONFIRM_WITHIN = dt.timedelta(hours=48)
AGAIN_AFTER = dt.timedelta(hours=24)  # for the same search to the same mailbox
PER_HOUR = 10  # forms from one network address
LETTERS_PER_DAY = 3  # that anybody can send to one mailbox by the form
LETTERS_PER_HOUR = 100  # by the form, to all mailboxes together
PER_MAILBOX = 20
DAY_S = 24 * 3600
CONFIRM, STOP = "saved.confirm", "saved.stop"


class BadLink(Exception):
    """Not signed by us."""


class LinkOver(Exception):
    """Signed by us, but too old, or what it was about is gone."""


def ask(*, search: str, mail: str, address: str) -> None:
    """Keep a search until its letter is confirmed; tells nobody what was known.

    Args:
        search: canonical query string, at most ``MAX_SEARCH`` characters.
        mail: a valid mail address.
        address: the reader's network address; counted, never kept.

    Raises:
        TooMany: this network address asked too often within the hour.
    """
    if len(search) > MAX_SEARCH:
        raise ValueError("search is too long")
    count_attempt(address, act="saved", per_hour=PER_HOUR)
    mail = mail.lower()
    now = timezone.now()
    rows = SavedSearch.objects.filter(mail=mail)
    same = rows.filter(search=search)
    # The answer is always the same, whether a letter goes or not.
    if same.filter(asked_at__gt=now - AGAIN_AFTER).exists():
        return
    if not _may_send(mail):
        return
    if same.update(answer_due=True, asked_at=now):
        same.filter(state=SavedSearch.State.PENDING).update(not_before=now)
        return
    if rows.count() >= PER_MAILBOX:
        return
    try:
        with transaction.atomic():
            SavedSearch.objects.create(search=search, mail=mail)
    except IntegrityError:  # asked twice at the same moment
        return


def _may_send(mail: str) -> bool:
    """Count a letter to a mailbox; false when it, or all together, got enough."""
    name, _at, host = mail.rpartition("@")
    box = f"{name.partition('+')[0]}@{host}"  # wang+a@ and wang+b@ are one mailbox
    try:
        count_for(box, act="saved-mail", most=LETTERS_PER_DAY, seconds=DAY_S)
    except TooMany:
        return False
    try:
        count_for("", act="saved-letters", most=LETTERS_PER_HOUR)
    except TooMany:
        logger.error("more than %s letters asked for in an hour", LETTERS_PER_HOUR)
        return False
    return True


def to_confirm(token: str) -> SavedSearch:
    """Return what the link of a first letter is about.

    Raises:
        BadLink: not signed by us.
        LinkOver: older than 48 hours, or the row is gone.
    """
    return _row(_read_confirm(token))


def confirm(token: str) -> SavedSearch:
    """Begin to send what is new from now on; again changes nothing.

    Raises:
        BadLink: not signed by us.
        LinkOver: older than 48 hours, or the row is gone.
    """
    row = to_confirm(token)
    if row.state == SavedSearch.State.CONFIRMED:
        return row
    count_appearances()
    now = timezone.now()
    SavedSearch.objects.filter(pk=row.pk, state=SavedSearch.State.PENDING).update(
        state=SavedSearch.State.CONFIRMED,
        confirmed_at=now,
        cursor=last_appearance(),
        last_on=timezone.localdate(now),
        not_before=now,
        answer_due=False,
    )
    return _row(row.ref)


def to_stop(token: str) -> SavedSearch | None:
    """Return what the link to stop is about; nothing when it is stopped already.

    Raises:
        BadLink: not signed by us.
    """
    return SavedSearch.objects.filter(ref=_read_stop(token)).first()


def stop(token: str) -> None:
    """Forget the search and the mailbox at once; again changes nothing.

    Raises:
        BadLink: not signed by us.
    """
    SavedSearch.objects.filter(ref=_read_stop(token)).delete()


def remove_unconfirmed(now: dt.datetime) -> int:
    """Forget what nobody confirmed within 48 hours; returns how many."""
    late = SavedSearch.objects.filter(
        state=SavedSearch.State.PENDING, asked_at__lt=now - CONFIRM_WITHIN
    )
    return late.delete()[0]


def confirm_url(row: SavedSearch) -> str:
    """Return the link that is good for 48 hours from now."""
    return _url("saved_confirm", signing.dumps(row.ref.hex, salt=CONFIRM))


def stop_url(row: SavedSearch) -> str:
    """Return the link that is good as long as letters come."""
    return _url("saved_stop", signing.Signer(salt=STOP).sign(row.ref.hex))


def _url(name: str, token: str) -> str:
    return f"{base_url()}{reverse(name, args=[token])}"


def _read_confirm(token: str) -> uuid.UUID:
    try:
        text = signing.loads(token, salt=CONFIRM, max_age=CONFIRM_WITHIN)
        return uuid.UUID(text)
    except signing.SignatureExpired as error:
        raise LinkOver from error
    except (signing.BadSignature, ValueError) as error:
        raise BadLink from error


def _read_stop(token: str) -> uuid.UUID:
    try:
        return uuid.UUID(signing.Signer(salt=STOP).unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise BadLink from error


def _row(ref: uuid.UUID) -> SavedSearch:
    row = SavedSearch.objects.filter(ref=ref).first()
    if row is None:
        raise LinkOver
    return row
