"""What became public, in the order in which it was seen."""

from collections.abc import Collection

from django.db.models import Max

from disclosure_pages.public_state import public_keys

from .models import Appearance

AT_ONCE = 500


def count_appearances(unsettled: Collection[str] = ()) -> int:
    """Give a number to all that is newly public, forget what is not; returns how many.

    Args:
        unsettled: keys that an index does not hold as they are now; they get their
            number when it does, or no search would find them.
    """
    public = set(public_keys())
    known = set(Appearance.objects.values_list("key", flat=True))
    gone = sorted(known - public)
    for start in range(0, len(gone), AT_ONCE):
        Appearance.objects.filter(key__in=gone[start : start + AT_ONCE]).delete()
    new = [Appearance(key=key) for key in sorted(public - known - set(unsettled))]
    # Whoever counts at the same time gives the same keys a number.
    Appearance.objects.bulk_create(new, batch_size=AT_ONCE, ignore_conflicts=True)
    return len(new)


def last_appearance() -> int:
    """Return the highest number given so far."""
    return Appearance.objects.aggregate(last=Max("pk"))["last"] or 0
