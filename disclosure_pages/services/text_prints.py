"""Keeping the prints by which texts are found again, a few at a time."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import DatabaseError, transaction
from django.db.models import Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Coalesce

from disclosure_pages.compared import external_text, page_text, superior_items
from disclosure_pages.likeness.facts import large_figures
from disclosure_pages.likeness.marks import (
    hashes,
    letters_of,
    shingles,
    simhash,
    smallest,
)
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalItem,
    TextMark,
    TextPrint,
)

logger = logging.getLogger(__name__)
AT_ONCE = 50
MARKS = 20  # of each text
FIGURE_MARKS = 12  # and of its figures
# A phrase that so many texts have finds nothing again: others are kept instead.
COMMON = 200
CONSIDERED = 400  # marks of one text, the smallest first


@dataclass(frozen=True)
class Due:
    """A text to be read by ``text``; exactly one of the two numbers is set."""

    text: Callable[[], str]
    stamp: int
    page_id: int | None = None
    external_id: int | None = None


def keep_prints(limit: int = 2000, budget_s: float = 20.0) -> int:
    """Read texts that are new or were changed; returns how many were read.

    May run twice at once; what the time did not allow comes next time.
    """
    _forget()
    started, read = time.monotonic(), 0
    while read < limit and time.monotonic() - started < budget_s:
        rows = list(_due(AT_ONCE))
        if not rows:
            break
        _write(rows)
        read += len(rows)
    return read


def _forget() -> None:
    """Drop the prints of what was taken back, here or by the superior."""
    TextPrint.objects.filter(page__withdrawn_at__isnull=False).delete()
    gone = TextPrint.objects.filter(external__isnull=False)
    gone.exclude(external__in=superior_items()).delete()


def _due(limit: int) -> Iterator[Due]:
    pages = list(due_pages()[:limit])
    for page in pages:
        yield Due(partial(page_text, page), page.read_stamp, page_id=page.pk)
    for item in due_externals()[: limit - len(pages)]:
        yield Due(partial(external_text, item), item.version, external_id=item.pk)


def due_pages() -> QuerySet[DisclosureItemPage]:
    """Return the items whose text, public or draft, was not read yet."""
    stamp = Case(When(live=True, then=F("live_revision")), default=F("latest_revision"))
    pages = DisclosureItemPage.objects.filter(withdrawn_at=None)
    pages = pages.annotate(read_stamp=Coalesce(stamp, 0))
    due = Q(text_print=None) | ~Q(text_print__stamp=F("read_stamp"))
    return pages.filter(due).select_related("latest_revision").order_by("pk")


def due_externals() -> QuerySet[ExternalItem]:
    """Return the superiors' items whose text was not read yet."""
    due = Q(text_print=None) | ~Q(text_print__stamp=F("version"))
    return superior_items().filter(due).order_by("pk")


def _write(rows: list[Due]) -> None:
    """Read the texts, then keep their prints: nobody waits while they are read."""
    read = [_read(row) for row in rows]
    prints = [text for text, _marks in read]
    mine = Q(page__in=[row.page_id for row in rows if row.page_id]) | Q(
        external__in=[row.external_id for row in rows if row.external_id]
    )
    with transaction.atomic():
        TextPrint.objects.filter(mine).delete()
        TextPrint.objects.bulk_create(prints)
        TextMark.objects.bulk_create(
            TextMark(text=text, mark=mark) for text, marks in read for mark in marks
        )


def _read(row: Due) -> tuple[TextPrint, list[int]]:
    """Return print and marks of a text; of one that cannot be read only the stamp."""
    kept = TextPrint(page_id=row.page_id, external_id=row.external_id, stamp=row.stamp)
    try:
        letters = letters_of(row.text())
        if not letters:
            return kept, []
        found = hashes(shingles(letters.text))
        figures = hashes(large_figures(letters.text))
        marks = [*_rare(found, MARKS), *_rare(figures, FIGURE_MARKS)]
        kept.simhash, kept.letters = simhash(found), len(letters.text)
    except DatabaseError:
        raise
    except Exception:  # one text must not stop the others
        logger.exception("print of %s", row.page_id or f"external {row.external_id}")
        return kept, []
    return kept, marks


def _rare(found: set[int], count: int) -> list[int]:
    """Return the marks to keep of one text: the smallest that are not common."""
    kept: list[int] = []
    left = smallest(found, CONSIDERED)
    while left and len(kept) < count:
        asked, left = left[: 4 * MARKS], left[4 * MARKS :]
        common = _common(TextMark.objects.filter(mark__in=asked))
        kept += [mark for mark in asked if mark not in common]
    return kept[:count]


def _common(rows: QuerySet[TextMark]) -> set[int]:
    counted = rows.values("mark").annotate(texts=Count("pk")).filter(texts__gte=COMMON)
    return set(counted.values_list("mark", flat=True))
