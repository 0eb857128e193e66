"""Which lines of the standard catalogue are covered by something public."""

from django.db.models import QuerySet

from disclosure_pages.choices import LegalStatus
from disclosure_pages.models import CatalogueEntry
from disclosure_pages.selectors import visible_items


def covered_entries() -> QuerySet[CatalogueEntry]:
    """Return the entries with a current item, be it our own or a reference (引用)."""
    current = visible_items().filter(
        validity__in=[LegalStatus.VALID, LegalStatus.AMENDED]
    )
    covered = current.exclude(catalogue_entry=None).values("catalogue_entry")
    return CatalogueEntry.objects.filter(enabled=True, pk__in=covered)
