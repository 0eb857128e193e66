"""Numbered packages for one portal: written once, remembered row by row."""

import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from disclosure_pages.public_state import PUBLISHED, PublicState

from ..models import PortalTemplate, TemplateBatch, TemplateRow
from ..models.template import TemplateRow as Row
from . import package
from .removing import take_out_keys, take_out_older
from .rows import BadItem, Prepared, prepare
from .shelves import Shelf

NUMBERED = re.compile(r"(\d{6})-")
ABANDONED = timedelta(hours=1)  # after which a package in the making is nobody's


def recover(shelf: Shelf) -> None:
    """Settle what a process left behind when it died over a package.

    The package appears in one step: either it lies there and its rows count, or it
    never was, and its rows are forgotten. Younger ones may still be at work.
    """
    before = timezone.now() - timedelta(seconds=2 * settings.GONGKAI_LEASE_S)
    left = TemplateBatch.objects.filter(
        portal=shelf.portal, written_at=None, created_at__lt=before
    )
    for batch in left:
        if (shelf.batches / batch.name).exists():
            TemplateBatch.objects.filter(pk=batch.pk).update(written_at=timezone.now())
        else:
            batch.delete()
    for part in shelf.batches.glob(f"{package.PART}*"):
        if part.stat().st_mtime < (timezone.now() - ABANDONED).timestamp():
            shutil.rmtree(part) if part.is_dir() else part.unlink()


def export_publications(
    shelf: Shelf, template: PortalTemplate, items: Sequence[tuple[int, PublicState]]
) -> tuple[TemplateBatch | None, dict[str, BadItem]]:
    """Write a package of what is public; returns it and, by key, what can't go in.

    Older versions of the same items are taken out of the packages before it.

    Raises:
        OSError: the folder can't be written; then nothing was exported.
    """
    part = package.new_part(shelf.batches)
    plan, words = template.plan(), template.own_words()
    good: list[Prepared] = []
    bad: dict[str, BadItem] = {}
    try:
        for item in items:
            key = item[1].key
            try:
                good.append(prepare(plan, words, part, item))
            except BadItem as error:
                bad[key] = error
                shutil.rmtree(part / package.FILES / key, ignore_errors=True)
        if not good:
            return None, bad
        headings = [column.heading for column in plan]
        package.write_publications(part, template.sheet, headings, good)
        pairs = [(item.version, item.state) for item in good]
        batch = _finish(shelf, template, part, pairs)
        take_out_older(shelf, batch)
        return batch, bad
    finally:
        shutil.rmtree(part, ignore_errors=True)


def export_withdrawals(
    shelf: Shelf, template: PortalTemplate, items: Sequence[tuple[int, PublicState]]
) -> TemplateBatch:
    """Write a package of what has to go, and take it out of those that still lie there.

    Raises:
        OSError: as above.
    """
    take_out_keys(shelf, {state.key for _version, state in items})
    part = package.new_part(shelf.batches)
    try:
        return _finish(shelf, template, part, items, withdrawals=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _finish(
    shelf: Shelf,
    template: PortalTemplate,
    part: Path,
    items: Sequence[tuple[int, PublicState]],
    *,
    withdrawals: bool = False,
) -> TemplateBatch:
    """Enter the rows, write what names them, and let the package appear."""
    batch, rows = _enter(shelf, items, packed=template.packed, withdrawals=withdrawals)
    states = [state for _version, state in items]
    known = _accepted(shelf.portal, [state.key for state in states])
    try:
        if withdrawals:
            lines = [
                (row, str(state.metadata.get("url", "")), state.reason)
                for row, state in zip(rows, states, strict=True)
            ]
            package.write_withdrawals(part, lines)
        package.write_form(
            part,
            batch,
            [
                (row, _act(row, known), str(state.metadata.get("title", "")))
                for row, state in zip(rows, states, strict=True)
            ],
        )
        package.put_in_place(part, shelf.batches / batch.name)
    except OSError:
        batch.delete()
        raise
    TemplateBatch.objects.filter(pk=batch.pk).update(written_at=timezone.now())
    return batch


def _act(row: TemplateRow, known: dict[str, str]) -> str:
    if row.state != PUBLISHED:
        return "撤下"
    return "更新" if row.key in known else "发布"


def _accepted(portal: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the address at the portal of each key that it once took."""
    rows = TemplateRow.objects.filter(
        portal=portal, key__in=keys, result=Row.Result.ACCEPTED, state=PUBLISHED
    )
    return dict(rows.order_by("version").values_list("key", "url"))


@transaction.atomic
def _enter(
    shelf: Shelf,
    items: Sequence[tuple[int, PublicState]],
    *,
    packed: bool,
    withdrawals: bool,
) -> tuple[TemplateBatch, list[TemplateRow]]:
    """Give the package its number and remember its rows."""
    batch = TemplateBatch(
        portal=shelf.portal, number=_next_number(shelf), withdrawals=withdrawals
    )
    batch.name = package.package_name(batch, packed=packed)
    batch.save()
    urls = _accepted(shelf.portal, [state.key for _version, state in items])
    rows = TemplateRow.objects.bulk_create(
        TemplateRow(
            batch=batch,
            portal=shelf.portal,
            place=place,
            key=state.key,
            version=version,
            sha256=state.sha256,
            state=state.state,
            index_number=str(state.metadata.get("index_number") or ""),
            url=urls.get(state.key, "") if withdrawals else "",
        )
        for place, (version, state) in enumerate(items, start=2)
    )
    return batch, rows


def _next_number(shelf: Shelf) -> int:
    """Return a number that neither the table nor the folder (a backup's) has seen."""
    rows = TemplateBatch.objects.filter(portal=shelf.portal)
    numbers = [rows.aggregate(highest=Max("number"))["highest"] or 0]
    names = [NUMBERED.match(path.name) for path in shelf.batches.iterdir()]
    numbers += [int(found[1]) for found in names if found]
    return max(numbers) + 1
