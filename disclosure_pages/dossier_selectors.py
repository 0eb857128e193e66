"""Reads behind dossiers (专题) and collections; each a fixed number of queries."""

from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet
from django.utils.translation import gettext as _

from disclosure_pages.choices import Category, LegalStatus
from disclosure_pages.dossier_parts import DossierPart, dossier_parts
from disclosure_pages.item_rows import own_row, own_values
from disclosure_pages.models import (
    CollectionPage,
    DossierIndexPage,
    DossierPage,
)
from disclosure_pages.public_state import visible_pages
from disclosure_pages.selectors import visible_items


@dataclass(frozen=True)
class DossierContents:
    """The public entries by heading, and how many others wait to become public."""

    parts: list[DossierPart]
    hidden: int

    @property
    def total(self) -> int:
        """How many items the reader sees."""
        return sum(len(part.rows) for part in self.parts)


def dossier_contents(page: DossierPage) -> DossierContents:
    """Return the entries that anybody may read now, by heading (two queries)."""
    entries = [row for row in page.entries.all() if row.item_id]
    wanted = {entry.item_id for entry in entries}
    found = own_values(visible_items().filter(pk__in=wanted), "pk")
    rows = {values["pk"]: own_row(values) for values in found}
    return DossierContents(dossier_parts(entries, rows), len(wanted) - len(rows))


def dossiers_below(index: DossierIndexPage) -> QuerySet[DossierPage]:
    """Return the public dossiers with the number of their public items (one query)."""
    shown = visible_items().filter(dossier_entries__page=OuterRef("pk")).order_by()
    counts = shown.values("dossier_entries__page").annotate(n=Count("pk"))
    dossiers = visible_pages(DossierPage).child_of(index)
    return dossiers.annotate(item_count=counts.values("n")).order_by(
        "-last_published_at", "-pk"
    )


def collected(page: CollectionPage) -> list[str]:
    """Say in words what a collection collects; nothing when it is everything."""
    words = []
    if page.year:
        words.append(_("%(year)s 年公开的") % {"year": page.year})
    if page.category:
        words.append(_("%(name)s类") % {"name": Category(page.category).label})
    if page.subcategory:
        words.append(_("“%(name)s”事项") % {"name": page.subcategory.name})
    if page.genre:
        words.append(_("体裁为%(name)s") % {"name": page.genre.label})
    if page.office:
        words.append(_("%(name)s负责的") % {"name": page.office.name})
    if page.validity:
        label = LegalStatus(page.validity).label
        words.append(_("有效性为%(name)s") % {"name": label})
    if page.q:
        words.append(_("名称、文号或索引号含“%(words)s”") % {"words": page.q})
    if page.keyword:
        words.append(_("关键词含“%(word)s”") % {"word": page.keyword})
    return words
