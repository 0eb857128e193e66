"""Whether the portals took down what was withdrawn here: read back, or alarmed."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.models import Page, PageLogEntry

from cms.services.notices import holders, notify
from disclosure_pages.desk import withdrawing
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.public_state import publicly_visible
from disclosure_pages.services.withdrawal import may_withdraw

from .choices import CHANGE, Lane, is_portal_target, target_label, target_names
from .models import OutboxEntry
from .models.outbox import OutboxQuerySet, from_now

ALARM_S = 60.0
AT_ONCE = 100


def portal_names() -> list[str]:
    """Return the configured targets that are portals."""
    return [name for name in target_names() if is_portal_target(name)]


def places(page: ModeratedPage) -> list[withdrawing.Place]:
    """Return every portal that knows the page, and since when it is seen to be gone.

    Only a tombstone that was read back counts; a receipt alone proves nothing.
    """
    if not isinstance(page, PublicPage):
        return []
    rows = OutboxEntry.objects.filter(key=page.key, target__in=portal_names())
    return [
        withdrawing.Place(
            label=row.target_label,
            url=row.receipt.get("url", ""),
            confirmed_at=row.delivered_at if _confirmed(row) else None,
            problem=_open_question(row),
        )
        for row in rows.order_by("target")
    ]


def _open_question(row: OutboxEntry) -> str:
    """Return what keeps the portal from being confirmed, in words; "" if nothing is."""
    if row.pending:
        return row.last_error or row.awaiting
    if not row.receipt or _confirmed(row):
        return ""
    return _("门户回执说已处理，系统看不到，请打开网址看一看。")


def _confirmed(row: OutboxEntry) -> bool:
    return not row.pending and bool(row.receipt.get("read_back"))


def alarm() -> int:
    """Tell of withdrawals without confirmation for ``ALARM_S``; returns how many.

    Each once, however many run this; officers and whoever withdrew get a notice.
    """
    return sum(_alarm(row) for row in _overdue().order_by("changed_at")[:AT_ONCE])


def _overdue() -> OutboxQuerySet:
    rows = OutboxEntry.objects.filter(
        Q(alarmed_at=None) | Q(alarmed_at__lt=F("changed_at")),
        target__in=portal_names(),
        lane=Lane.WITHDRAW,
        changed_at__lte=from_now(-ALARM_S),
    )
    unproved = Q(receipt__read_back__isnull=True)
    return rows.filter(Q(wanted__gt=F("delivered")) | unproved)


@transaction.atomic
def _alarm(row: OutboxEntry) -> bool:
    if not _overdue().filter(pk=row.pk).update(alarmed_at=Now()):
        return False  # somebody else did, or it was confirmed just now
    if len(row.key) != 32 or publicly_visible([row.key]):  # noqa: PLR2004
        return False  # public again: late, but not a withdrawal
    page = Page.objects.filter(translation_key=UUID(row.key)).first()
    page = page.specific if page else None
    text = _(
        "《%(title)s》撤回一分钟了，%(place)s还没有确认撤下。请打电话，或者发撤稿通知单。"
    ) % {
        "title": page.title if page else row.key,
        "place": target_label(row.target),
    }
    if page is None:
        notify(holders(CHANGE), "withdrawal", text, url=reverse("gongkai_outbox"))
    else:
        told = [user for user in holders(CHANGE) if may_withdraw(user, page)]
        url = reverse("gongkai_withdrawal", args=[page.pk])
        notify([*told, *_withdrawer(page)], "withdrawal", text, url=url)
    return True


def _withdrawer(page: Page) -> list[Any]:
    acts = PageLogEntry.objects.filter(page_id=page.pk, action="gongkai.withdraw")
    act = acts.select_related("user").order_by("-timestamp", "-pk").first()
    return [act.user] if act and act.user else []


withdrawing.providers.append(places)
