"""Receipts that were put into the portal's folder, and packages without an answer."""

import logging
import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.notice_kinds import NoticeKind, register_kind
from cms.services.notices import holders, notify

from ..choices import CHANGE, target_label
from ..models import PortalTemplate, TemplateBatch, TemplateReceipt, TemplateRow
from .receipts import read_receipt
from .shelves import DONE, Shelf, template_shelves

logger = logging.getLogger(__name__)
KIND = "portal_receipt"
READING = ".reading-"
ABANDONED_S = 600.0  # after which nobody reads a file any more that was taken aside
AT_REST_S = 5.0  # after which a file is no longer being copied
register_kind(NoticeKind(KIND, gettext_lazy("门户回执")))


def collect() -> int:
    """Read what lies in the inbox of each portal; returns how many files.

    A file is taken aside before it is read and put away whatever comes of it, so that
    none is read for ever; the other files and portals go on.
    """
    count = 0
    for shelf in template_shelves():
        try:
            abandoned = [p for p in shelf.receipts.glob(f"{READING}*") if _is_left(p)]
            paths = [p for p in sorted(shelf.receipts.glob("[!.]*")) if _rests(p)]
        except OSError:
            logger.exception("the inbox of %s can't be read", shelf.portal)
            continue
        for path in abandoned:
            _give_up(shelf, path, path.name.removeprefix(READING))
        count += sum(_take(shelf, path) for path in paths)
    return count


def _rests(path: Path) -> bool:
    return path.is_file() and time.time() - path.stat().st_mtime > AT_REST_S


def _is_left(path: Path) -> bool:
    """Whether the process that read it died: it was touched when it was taken."""
    return time.time() - path.stat().st_mtime > ABANDONED_S


def _take(shelf: Shelf, path: Path) -> bool:
    """Read one file; returns whether it was read or is none that can be read."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    taken = path.with_name(f"{READING}{_new_name(path)}")
    try:
        path.replace(taken)
        os.utime(taken)
    except OSError:
        logger.exception("receipt %r of %s can't be moved", name, shelf.portal)
        return False
    try:
        receipt = read_receipt(shelf.portal, taken, name=name)
    except (OperationalError, InterfaceError):
        logger.exception("receipt %r of %s waits for the database", name, shelf.portal)
        taken.replace(path)
        return False
    except Exception:
        logger.exception("receipt %r of %s", name, shelf.portal)
        _give_up(shelf, taken, name)
        return False
    _put_away(shelf, taken)
    tell(receipt)
    return True


def _new_name(path: Path) -> str:
    """Return a name of its own for a file, in at most 150 bytes and readable."""
    stem, ending = os.fsencode(path.stem)[:100], os.fsencode(path.suffix)[:10]
    known = (stem.decode("utf-8", "ignore"), ending.decode("utf-8", "ignore"))
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M%S")
    return f"{stamp}-{uuid.uuid4().hex[:8]}-{''.join(known)}"


def _put_away(shelf: Shelf, taken: Path) -> None:
    try:
        taken.replace(shelf.receipts / DONE / taken.name.removeprefix(READING))
    except OSError:
        logger.exception("receipt %r stays aside", taken.name)


def _give_up(shelf: Shelf, taken: Path, name: str) -> None:
    """Put away a file that could not be read, and say so once."""
    _put_away(shelf, taken)
    if taken.exists():
        return
    text = _("%(place)s的回执“%(name)s”没有读成，请检查文件，改好后再放进来。")
    values = {"place": target_label(f"portal:{shelf.portal}"), "name": name[:200]}
    notify(holders(CHANGE), KIND, text % values, url=reverse("gongkai_batches"))


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
    notify(holders(CHANGE), KIND, text, url=reverse("gongkai_batches"))


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
        notify(holders(CHANGE), KIND, text, url=reverse("gongkai_batches"))
    return len(numbers)
