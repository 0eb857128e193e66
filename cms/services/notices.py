"""Telling people what they must know or do; the desk shows it, mail may follow."""

from collections.abc import Iterable
from typing import Any

from cms.models.notices import Notice

MAX_TEXT = 500


def notify(users: Iterable[Any], kind: str, text: str, *, url: str = "") -> int:
    """Leave a notice for each active user; returns how many.

    Args:
        kind: what it is about, e.g. ``review_due``; people choose by it what to mail.
        url: where on the desk to go from there.
    """
    rows = [
        Notice(user_id=pk, kind=kind, text=str(text)[:MAX_TEXT], url=url)
        for pk in sorted({user.pk for user in users if user.is_active})
    ]
    Notice.objects.bulk_create(rows)
    return len(rows)
