"""Telling people what they must know or do; the desk shows it, mail may follow."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cms.models.notices import Mailing, Notice, NoticePreference
from cms.notice_kinds import all_kinds, kind_of

MAX_TEXT = 500
REMOVED_AT_ONCE = 1000  # rows; no write lock is held for long


def holders(permission: str) -> list[Any]:
    """Return who holds a permission by a role, for notices about what it is for."""
    users = get_user_model().objects
    return list(users.with_perm(permission, include_superusers=False))


def notify(users: Iterable[Any], kind: str, text: str, *, url: str = "") -> int:
    """Leave a notice for each active user as he chose it; returns how many.

    Args:
        kind: what it is about, e.g. ``review_due``; people choose by it what to mail.
        url: where on the desk to go from there.
    """
    found = {user.pk for user in users if user.is_active}
    chosen = {
        row.user_id: row
        for row in NoticePreference.objects.filter(kind=kind, user__in=found)
    }
    rows = []
    for pk in sorted(found):
        setting = chosen.get(pk) or default_preference(pk, kind)
        on_desk = setting.on_desk or kind_of(kind).obligatory
        if on_desk or setting.mailing:
            rows.append(
                Notice(
                    user_id=pk,
                    kind=kind,
                    text=str(text)[:MAX_TEXT],
                    url=url,
                    on_desk=on_desk,
                    mailing=setting.mailing,
                )
            )
    Notice.objects.bulk_create(rows)
    return len(rows)


def default_preference(user_id: int, kind: str) -> NoticePreference:
    """Return the setting of whoever has chosen nothing, unsaved."""
    return NoticePreference(user_id=user_id, kind=kind, mailing=kind_of(kind).mailing)


def preferences_of(user: Any) -> list[NoticePreference]:
    """Return the setting for every kind, those not chosen unsaved."""
    chosen = {row.kind: row for row in NoticePreference.objects.filter(user=user)}
    return [
        chosen.get(kind.name) or default_preference(user.pk, kind.name)
        for kind in all_kinds()
    ]


@transaction.atomic
def choose(user: Any, chosen: dict[str, tuple[bool, str]]) -> None:
    """Keep how the user wants to hear of each kind: on the desk, and by mail."""
    for kind, (on_desk, mailing) in chosen.items():
        NoticePreference.objects.update_or_create(
            user=user,
            kind=kind,
            defaults={"on_desk": on_desk, "mailing": Mailing(mailing)},
        )


def notices_of(user: Any) -> QuerySet[Notice]:
    """Return what the desk shows to the user, the newest first."""
    return Notice.objects.filter(user=user, on_desk=True)


def mark_read(user: Any, pk: int | None = None) -> int:
    """Mark one of the user's notices as read, or all; returns how many were not."""
    unread = notices_of(user).filter(read_at=None)
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=timezone.now())


def remove_old(now: dt.datetime | None = None) -> int:
    """Remove notices older than the setting, some at a time; returns how many."""
    kept = dt.timedelta(days=settings.GONGKAI_NOTICE_DAYS)
    old = Notice.objects.filter(created_at__lt=(now or timezone.now()) - kept)
    chosen = list(old.order_by("pk").values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    return Notice.objects.filter(pk__in=chosen).delete()[0] if chosen else 0
