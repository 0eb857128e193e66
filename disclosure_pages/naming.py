"""Which pages name others, and so change with them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from disclosure_pages.models import DisclosureItemPage, DossierPage, Successor

AT_ONCE = 500


def naming_keys(keys: Iterable[str]) -> set[str]:
    """Return the keys of the pages that name one of these.

    Live items and dossiers that name an item, tombstones with it as successor.
    """
    uuids = [UUID(key) for key in keys if len(key) == 32]
    found: set[str] = set()
    for start in range(0, len(uuids), AT_ONCE):
        items = DisclosureItemPage.objects.order_by()
        chunk = items.filter(translation_key__in=uuids[start : start + AT_ONCE])
        tombstones = Successor.objects.filter(
            target__translation_key__in=uuids[start : start + AT_ONCE],
            page__live=False,
        )
        gone = tombstones.values_list("page__translation_key", flat=True)
        found |= {u.hex for u in gone}
        named = list(chunk.values_list("pk", flat=True))
        if named:
            naming = Q(supersedes__in=named) | Q(interpretation_of__in=named)
            dossiers = DossierPage.objects.order_by().filter(entries__item__in=named)
            for pages in (items.filter(naming), dossiers):
                live = pages.filter(live=True)
                found |= {u.hex for u in live.values_list("translation_key", flat=True)}
    return found
