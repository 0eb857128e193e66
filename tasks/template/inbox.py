"""Receipts that were put into the portal's folder, and packages without an answer."""

import time
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.notice_kinds import NoticeKind, register_kind
from cms.services.notices import notify

from ..choices import target_label
from ..models import PortalTemplate, TemplateBatch, TemplateReceipt, TemplateRow
from .batches import DONE, Shelf
from .receipts import read_receipt, template_shelves

KIND = "portal_receipt"
AT_REST_S = 5.0  # after which a file is no longer being copied
register_kind(NoticeKind(KIND, gettext_lazy("门户回执")))


def collect() -> int:
    """Read what lies in the inbox of each portal; returns how many files."""
    count = 0
    for shelf in template_shelves():
        for path in sorted(shelf.receipts.glob("[!.]*")):
            if path.is_file() and time.time() - path.stat().st_mtime > AT_REST_S:
                receipt = read_receipt(shelf.portal, path)
                stamp = timezone.localtime().strftime("%Y%m%d-%H%M%S")
                path.replace(shelf.receipts / DONE / f"{stamp}-{path.name}"[-200:])
                tell(receipt)
                count += 1
    return count


def tell(receipt: TemplateReceipt) -> None:
    """Tell the officers what in a receipt needs them."""
    if not (receipt.problems or receipt.refused):
        return
    text = _(
        "%(place)s的回执“%(name)s”：退回 %(refused)d 条，对不上 %(unknown)d 行。"
    ) % {
        "place": target_label(f"portal:{receipt.portal}"),
        "name": receipt.name,
        "refused": receipt.refused,
        "unknown": len(receipt.problems),
    }
    notify(_officers(), KIND, text, url=reverse("gongkai_batches"))


def remind() -> int:
    """Remind of packages without a full answer, once in N days; returns how many."""
    return sum(_remind(shelf) for shelf in template_shelves())


def _remind(shelf: Shelf) -> int:
    days = PortalTemplate.of(shelf.portal).remind_days
    before = timezone.now() - timedelta(days=days)
    unanswered = TemplateRow.open_rows(shelf.portal).values("batch")
    late = TemplateBatch.objects.filter(
        Q(reminded_at=None) | Q(reminded_at__lt=before),
        portal=shelf.portal,
        written_at__lt=before,
        pk__in=unanswered,
    )
    numbers = []
    for batch in late.order_by("number"):
        ours = late.filter(pk=batch.pk).update(reminded_at=timezone.now())
        numbers += [batch.number] * ours
    if numbers:
        text = _("%(place)s：第 %(numbers)s 批超过 %(days)d 天没有回执，请催一催。") % {
            "place": target_label(f"portal:{shelf.portal}"),
            "numbers": "、".join(map(str, numbers)),
            "days": days,
        }
        notify(_officers(), KIND, text, url=reverse("gongkai_batches"))
    return len(numbers)


def _officers() -> list[object]:
    users = get_user_model().objects
    allowed = "gongkai_tasks.change_outboxentry"
    return list(users.with_perm(allowed, include_superusers=False))
