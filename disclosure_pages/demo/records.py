"""What the demo's items hold beyond the columns of an import.

Only items that were just loaded are completed: what somebody edited stays as it is.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.files import File
from django.db import transaction

from cms.approval import publication_approved
from cms.models import Office
from disclosure_pages.choices import ReferenceKind
from disclosure_pages.demo.content import DATA, load
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureImage,
    DisclosureItemPage,
    ItemCorrection,
    Subcategory,
    Term,
)
from disclosure_pages.services.references import record_superior_item

DATES = ("effective_on", "expires_on")
LINKS = ("supersedes", "interpretation_of")


@transaction.atomic
def complete(source: str, external_ids: Iterable[str]) -> None:
    """Give these items their place in the catalogue, links, errata and blocks."""
    content = load("records")
    for values in content["subcategories"]:
        key = {name: values.pop(name) for name in ("category", "code")}
        Subcategory.objects.get_or_create(**key, defaults=values | {"sort_order": 99})
    shelf = _Shelf(source)
    for page in shelf.items.filter(external_id__in=list(external_ids)):
        shelf.complete(page, content["items"][page.external_id])


class _Shelf:
    """The vocabularies and the demo's items, looked up once."""

    def __init__(self, source: str) -> None:
        self.items = DisclosureItemPage.objects.filter(batch_source=source)
        self.items = self.items.order_by("date_published", "external_id")
        self.keys = dict(self.items.values_list("external_id", "pk"))
        self.terms = {(term.scheme, term.code): term for term in Term.objects.all()}
        rows = Subcategory.objects.all()
        self.subcategories = {(row.category, row.code): row for row in rows}
        self.entries = {row.code: row for row in CatalogueEntry.objects.all()}
        self.offices = {office.code: office for office in Office.objects.all()}

    def complete(self, page: DisclosureItemPage, record: dict[str, Any]) -> None:
        """Fill in one item and publish it again."""
        page.subcategory = self.subcategories[page.category, record["subcategory"]]
        page.genre = self.terms["genre", record["genre"]]
        page.subject = self.terms["subject", record["subject"]]
        page.audiences = [self.terms["audience", c] for c in record["audiences"]]
        page.catalogue_entry = self.entries.get(record.get("entry", ""))
        for name in DATES:
            if record.get(name):
                setattr(page, name, dt.date.fromisoformat(record[name]))
        for name in LINKS:
            setattr(page, f"{name}_id", self.keys.get(record.get(name, "")))
        for values in record.get("corrections", ()):
            day = dt.date.fromisoformat(values.pop("corrected_on"))
            page.corrections.add(ItemCorrection(corrected_on=day, **values))
        if record.get("reference"):
            page.reference = record_superior_item(**record["reference"])
            page.reference_kind = ReferenceKind.REFERENCE
        for place, kind, value in record.get("blocks", ()):
            page.body.insert(place, (kind, self._value(kind, value)))
        with publication_approved("demo"):
            page.save_revision().publish(skip_permission_checks=True)

    def _value(self, kind: str, value: dict[str, Any] | None) -> Any:
        """Return what a block of this kind holds."""
        if kind == "contact":
            return value | {"office": self.offices[value["office"]]}
        if kind == "image":
            name = value.pop("file")
            with (DATA / "files" / name).open("rb") as content:
                image = DisclosureImage(title=name, file=File(content, name=name))
                image.save()
            return value | {"image": image}
        return None
