"""How the entries of a dossier (专题) stand under its headings; reads nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from disclosure_pages.item_rows import ItemRow
from disclosure_pages.models import DossierEntry


@dataclass(frozen=True)
class DossierPart:
    """What stands under one heading of a dossier, in the chosen order."""

    heading: str
    rows: list[ItemRow] = field(default_factory=list)


def dossier_parts(
    entries: Iterable[DossierEntry], rows: Mapping[int, ItemRow]
) -> list[DossierPart]:
    """Return the parts that hold something; ``rows`` are what may be shown, by item.

    A heading holds until the next one, also when its own first entry is not public.
    """
    parts = [DossierPart("")]
    for entry in entries:
        if entry.heading:
            parts.append(DossierPart(entry.heading))
        if entry.item_id in rows:
            parts[-1].rows.append(rows[entry.item_id])
    return [part for part in parts if part.rows]
