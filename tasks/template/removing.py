"""What may not lie in packages any more; the rows stay and say what once went out."""

import logging
from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from disclosure_pages.public_state import PUBLISHED, public_keys

from ..locks import target_lock
from ..models import TemplateBatch, TemplateRow
from . import package
from .shelves import Shelf, shelf_of, template_shelves

logger = logging.getLogger(__name__)
AT_ONCE = 500


def take_out_keys(shelf: Shelf, keys: Collection[str]) -> None:
    """Take items out of every package, whatever the portal said about them.

    Raises:
        OSError: the folder can't be written.
    """
    _take_out(shelf, _lying(shelf).filter(key__in=keys))


def take_out_older(shelf: Shelf, batch: TemplateBatch) -> None:
    """Take older versions of what a package holds out of the packages before it.

    The new package counts whatever becomes of this; ``clean`` does it again.
    """
    keys = batch.rows.values_list("key", flat=True)
    try:
        _take_out(shelf, _superseded(shelf).filter(key__in=list(keys)))
    except Exception:
        logger.exception("older packages of %s were not changed", shelf.portal)


def clean() -> int:
    """Take out what is not public or not the newest any more; returns how many.

    Also where nothing is delivered: at a portal that is fenced off, and at one that is
    configured no longer, if its packages lay at home.
    """
    lying = TemplateRow.objects.filter(state=PUBLISHED, removed_at=None)
    pairs = set(lying.order_by().values_list("portal", "key").distinct())
    if not pairs:
        return 0
    public = set(public_keys())
    configured = {shelf.portal: shelf for shelf in template_shelves()}
    count = 0
    for portal in sorted({portal for portal, _key in pairs}):
        shelf = configured.get(portal) or shelf_of(portal, "")
        gone = sorted({key for name, key in pairs if name == portal} - public)
        try:
            count += _clean(shelf, gone, sure=portal in configured)
        except Exception:
            logger.exception("packages of %s were not cleaned", portal)
    return count


def _clean(shelf: Shelf, gone: list[str], *, sure: bool) -> int:
    if not shelf.batches.is_dir():
        return 0
    count = _take_out(shelf, _superseded(shelf), sure=sure)
    for start in range(0, len(gone), AT_ONCE):
        rows = _lying(shelf).filter(key__in=gone[start : start + AT_ONCE])
        count += _take_out(shelf, rows, sure=sure)
    return count


def _lying(shelf: Shelf) -> QuerySet[TemplateRow]:
    """Return the rows whose items lie in a finished package."""
    return TemplateRow.objects.filter(
        portal=shelf.portal,
        state=PUBLISHED,
        removed_at=None,
        batch__written_at__isnull=False,
    )


def _superseded(shelf: Shelf) -> QuerySet[TemplateRow]:
    newer = TemplateRow.objects.filter(
        portal=shelf.portal,
        key=OuterRef("key"),
        version__gt=OuterRef("version"),
        batch__written_at__isnull=False,
    )
    return _lying(shelf).filter(Exists(newer))


def _take_out(shelf: Shelf, rows: QuerySet[TemplateRow], *, sure: bool = True) -> int:
    """Change each package once; two processes never change one at the same time.

    Args:
        sure: the packages lie nowhere else, so that one that is gone was fetched.
    """
    count = 0
    with target_lock(f"packages-{shelf.portal}", wait=True):
        found: dict[TemplateBatch, list[TemplateRow]] = {}
        for row in rows.select_related("batch"):
            found.setdefault(row.batch, []).append(row)
        for batch, items in found.items():
            path = shelf.batches / batch.name
            if sure or path.exists():
                package.take_out(path, {row.key for row in items})
                changed = TemplateRow.objects.filter(pk__in=[row.pk for row in items])
                count += changed.update(removed_at=timezone.now())
    return count
