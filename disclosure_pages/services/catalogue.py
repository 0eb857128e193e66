"""Vocabularies, catalogue lines and words of the review that come with the software.

A list is a file with source and version. Official rows take the new version's columns
and keep ``enabled`` and ``local_note``; rows that are only examples are written once
and belong to the authority from then on.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import models, transaction

from cms.models import CannedReason, LegalGround, OfficialRow, SecrecyQuestion
from cms.workdays import load_calendar
from disclosure_pages.models import (
    CatalogueEntry,
    CollectionPage,
    DisclosureItemPage,
    Subcategory,
    Term,
)
from disclosure_pages.signals import public_state_changed

DATA = Path(__file__).parent.parent / "data" / "vocabularies"
REVIEW_FILES: dict[str, type[OfficialRow]] = {
    "secrecy-questions.json": SecrecyQuestion,
    "legal-grounds.json": LegalGround,
    "canned-reasons.json": CannedReason,
}
TERM_FILES = ("genre.json", "genre-usual.json", "subject.json", "audience.json")


@dataclass(frozen=True)
class Loaded:
    """What loading one list did."""

    name: str
    added: int = 0
    updated: int = 0
    retired: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.added or self.updated or self.retired)


@cache
def shipped_list(name: str) -> dict[str, Any]:
    """Return one list as its file has it."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@transaction.atomic
def load_vocabularies() -> list[Loaded]:
    """Bring all that is shipped up to date; safe to repeat."""
    done = [
        load_list(Term, name, shipped_list(name), ("scheme",)) for name in TERM_FILES
    ]
    subcategories = shipped_list("subcategories.json")
    done.append(
        load_list(Subcategory, "subcategories.json", subcategories, ("category",))
    )
    done.append(load_entries(shipped_list("entries.json")))
    done += [
        load_list(model, name, shipped_list(name), ())
        for name, model in REVIEW_FILES.items()
    ]
    load_calendar()
    return done


def load_entries(listed: dict[str, Any]) -> Loaded:
    """Load catalogue lines, with the sub-category that their code names."""
    rows = Subcategory.objects.in_bulk()
    by_code = {(row.category, row.code): row for row in rows.values()}
    lines = [
        line | {"subcategory": by_code.get((line["category"], line.get("subcategory")))}
        for line in listed["rows"]
    ]
    return load_list(CatalogueEntry, "entries.json", listed | {"rows": lines}, ())


def load_list(
    model: type[OfficialRow], name: str, listed: dict[str, Any], scope: tuple[str, ...]
) -> Loaded:
    """Write one list; ``scope`` are the columns that make a code unique."""
    common = {column: listed[column] for column in scope if column in listed}
    key = (*scope, "code")
    wanted = {}
    for order, row in enumerate(listed["rows"], start=1):
        values = common | row
        if model is not CatalogueEntry:
            values["sort_order"] = order
        wanted[tuple(values[column] for column in key)] = values
    present = {
        tuple(getattr(row, column) for column in key): row
        for row in model.objects.filter(**common)
    }
    origin = {column: listed[column] for column in ("official", "source", "version")}
    new = [model(**v, **origin) for k, v in wanted.items() if k not in present]
    model.objects.bulk_create(new)
    if not listed["official"]:
        return Loaded(name, added=len(new))
    changed = [
        row
        for k, row in present.items()
        if k in wanted and _differs(row, wanted[k] | origin)
    ]
    if changed:
        columns = {*origin, *(c for values in wanted.values() for c in values)}
        model.objects.bulk_update(changed, sorted(columns))
        announce(model, changed)
    retired = retire(
        row
        for k, row in present.items()
        if k not in wanted and row.official and row.source == listed["source"]
    )
    return Loaded(name, len(new), len(changed), retired)


def announce(model: type[OfficialRow], rows: Iterable[OfficialRow]) -> None:
    """Have index and portal told of the items that name these rows."""
    pks = [row.pk for row in rows]
    items = DisclosureItemPage.objects.filter(live=True)
    if model is Term:
        named = models.Q(genre__in=pks) | models.Q(subject__in=pks)
        items = items.filter(named | models.Q(audiences__in=pks)).distinct()
    elif model is Subcategory:
        items = items.filter(subcategory__in=pks)
    else:
        return
    keys = [key.hex for key in items.values_list("translation_key", flat=True)]
    if keys:
        public_state_changed.send(sender=model, keys=keys, lane="bulk")


def _differs(row: OfficialRow, values: dict[str, Any]) -> bool:
    """Put the values into the row; tell whether that changed anything."""
    old = {column: getattr(row, column) for column in values}
    for column, value in values.items():
        setattr(row, column, value)
    return old != values


def retire(rows: Iterable[OfficialRow]) -> int:
    """Take away rows that a newer list lacks; what is used stays, no longer offered."""
    count = 0
    for row in rows:
        if is_used(row):
            if not row.enabled:
                continue
            row.enabled = False
            row.save(update_fields=["enabled"])
        else:
            row.delete()
        count += 1
    return count


def is_used(row: OfficialRow) -> bool:
    """Whether something was made with this row, so that it must stay."""
    items, collections = DisclosureItemPage.objects, CollectionPage.objects
    if isinstance(row, Term):
        named = models.Q(genre=row) | models.Q(subject=row) | models.Q(audiences=row)
        collected = collections.filter(genre=row)
        found = items.filter(named).exists() or collected.exists()
        return found or row.children.exists()
    if isinstance(row, Subcategory):
        collected = collections.filter(subcategory=row)
        found = items.filter(subcategory=row).exists() or collected.exists()
        return found or row.entries.exists()
    if isinstance(row, CatalogueEntry):
        return items.filter(catalogue_entry=row).exists()
    return True  # words of the review: records were made with them
