"""Keeping the marks by which superiors' items are found again."""

from collections.abc import Sequence

from disclosure_pages.models import ExternalItem, SuperiorMark
from disclosure_pages.same_keys import marks_of


def keep_marks(items: Sequence[ExternalItem]) -> None:
    """Write the marks of superiors' items as these are now; at most three queries."""
    wanted = {
        (item.pk, mark)
        for item in items
        for mark in marks_of(item.title, item.document_number, item.url)
    }
    rows = SuperiorMark.objects.filter(item__in=[item.pk for item in items])
    held = {
        (item, mark): pk for pk, item, mark in rows.values_list("pk", "item", "mark")
    }
    gone = [pk for pair, pk in held.items() if pair not in wanted]
    if gone:
        SuperiorMark.objects.filter(pk__in=gone).delete()
    SuperiorMark.objects.bulk_create(
        [
            SuperiorMark(item_id=item, mark=mark)
            for item, mark in sorted(wanted - held.keys())
        ],
        ignore_conflicts=True,
        batch_size=5000,
    )
