"""Finding texts that say what a draft says, among the public, one's own and superiors'.

The marks of a draft find candidates, the nearest first; these are read and compared
letter by letter. The number of queries is fixed, and none reads more than a few
thousand rows, however many texts there are.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from disclosure_pages.compared import (
    external_text,
    page_text,
    superior_items,
)
from disclosure_pages.likeness.facts import large_figures
from disclosure_pages.likeness.marks import distance, hashes, simhash, smallest
from disclosure_pages.likeness.verdict import Likeness, Text, likeness
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalItem,
    TextMark,
)
from disclosure_pages.public_state import visible_pages

ASKED = 400  # marks of the draft that are looked up, the smallest first
ASKED_FIGURES = 100
CANDIDATES = 200  # whose owners are asked whether the user may see them
COMPARED = 24  # letter by letter


@dataclass(frozen=True)
class Similar:
    """A text that says what the draft says; exactly one of the two is set."""

    likeness: Likeness
    page: DisclosureItemPage | None = None
    external: ExternalItem | None = None


def similar_texts(
    title: str,
    text: str,
    drafts: QuerySet[DisclosureItemPage] | None = None,
    villages: Callable[[], Iterable[str]] = tuple,
) -> list[Similar]:
    """Return what says the same, the most alike first; at most three queries.

    Args:
        drafts: those that are compared too; else only what is public and superiors'.
        villages: names that are villages'; asked only when there is something alike.
    """
    draft = Text.of(title, text)
    rows = _nearest(draft) if draft.letters else []
    if not rows:
        return []
    pages = _pages([row.page_id for row in rows if row.page_id], drafts)
    items = superior_items().in_bulk([r.external_id for r in rows if r.external_id])
    names, found = list(villages()), []
    owners = [(pages.get(r.page_id), items.get(r.external_id)) for r in rows]
    for page, item in [pair for pair in owners if any(pair)][:COMPARED]:
        other = (
            Text.of(page.title if page.live else page.draft_title, page_text(page))
            if page
            else Text.of(item.title, external_text(item))
        )
        if like := likeness(draft, other, names):
            found.append(Similar(like, page, item))
    return sorted(found, key=lambda similar: -similar.likeness.percent)


class _Candidate(NamedTuple):
    """A text that shares marks with the draft."""

    page_id: int | None
    external_id: int | None
    simhash: int
    shared: int


def _nearest(draft: Text) -> list[_Candidate]:
    """Return the texts that share the most marks; of these the most alike first."""
    found = hashes(draft.pieces)
    figures = smallest(hashes(large_figures(draft.letters.text)), ASKED_FIGURES)
    rows = (
        TextMark.objects.filter(mark__in=[*smallest(found, ASKED), *figures])
        .values_list("text__page", "text__external", "text__simhash")
        .annotate(shared=Count("pk"))
        .order_by("-shared")[:CANDIDATES]
    )
    near = simhash(found)
    return sorted(
        (_Candidate(*row) for row in rows),
        key=lambda row: (-row.shared, distance(row.simhash, near)),
    )


def _pages(
    numbers: Collection[int], drafts: QuerySet[DisclosureItemPage] | None
) -> dict[int, DisclosureItemPage]:
    """Return the items that may be shown; none without a query when there are none."""
    if not numbers:
        return {}
    public = visible_pages(DisclosureItemPage).filter(pk__in=numbers)
    shown = Q(pk__in=public.values("pk"))
    if drafts is not None:
        shown |= Q(pk__in=drafts.filter(pk__in=numbers).values("pk"))
    pages = DisclosureItemPage.objects.filter(shown)
    return {page.pk: page for page in pages.select_related("latest_revision")}
