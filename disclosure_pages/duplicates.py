"""Looking for the same thing before it is written a second time.

Compared are 文号, address, title and text: here, and among what superiors published. A
title or a text that is nearly the same counts only with the same figures and villages,
so that last year's notice is not taken for this year's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cms.models import Village
from disclosure_pages.checks.contents import body_text
from disclosure_pages.compared import own_drafts, superior_items
from disclosure_pages.likeness.verdict import REPRINT, SAME_TEXT
from disclosure_pages.models import DisclosureItemPage, SuperiorMark
from disclosure_pages.public_state import visible_pages
from disclosure_pages.same_keys import (
    NEAR,
    address_key,
    bigrams,
    figures_of,
    marks_of,
    number_key,
    overlap,
    title_key,
)
from disclosure_pages.similar_texts import Similar, similar_texts

ROUNDING = 1e-6
MAX_MATCHES = 8
NUMBER = "number"
ADDRESS = "address"
TITLE = "title"
NEAR_TITLE = "near_title"
TEXTS = {SAME_TEXT, REPRINT}
CERTAIN = {NUMBER, ADDRESS, TITLE, *TEXTS}


@dataclass(frozen=True)
class Match:
    """Something that may be the same; ``reasons`` are codes, the surest first.

    Exactly one of ``page_id`` (here) and ``external_id`` (a superior's) is set.
    ``percent`` is how much of the text is the same (`likeness.verdict.Likeness`).
    """

    title: str
    reasons: tuple[str, ...]
    page_id: int | None = None
    external_id: int | None = None
    document_number: str = ""
    publisher: str = ""
    date: Any = None
    url: str = ""
    live: bool = True
    percent: int = 0

    @property
    def certain(self) -> bool:
        """Whether it is the same by number, address, title or text."""
        return bool(CERTAIN & set(self.reasons))

    @property
    def same_text(self) -> bool:
        """Whether both texts are worth being shown side by side."""
        return bool(TEXTS & set(self.reasons))

    @property
    def is_reprint(self) -> bool:
        """Whether the draft forwards it, text and all."""
        return REPRINT in self.reasons

    @property
    def why(self) -> str:
        """The reasons in words."""
        words = {
            NUMBER: _("文号相同"),
            ADDRESS: _("原文网址相同"),
            TITLE: _("标题相同"),
            NEAR_TITLE: _("标题很像"),
            SAME_TEXT: _("正文很像（%(percent)d%% 相同）") % {"percent": self.percent},
            REPRINT: _("全文转发了它（%(percent)d%%）") % {"percent": self.percent},
        }
        return "，".join(words[reason] for reason in self.reasons)


@dataclass(frozen=True)
class Wanted:
    """What a draft is compared by, made comparable once."""

    number: str
    address: str
    title: str
    pairs: Counter[str] = field(default_factory=Counter)
    figures: tuple[str, ...] = ()
    names: Callable[[], Iterable[str]] = tuple

    def reasons(self, title: str, number: str, address: str) -> tuple[str, ...]:
        """Return by what a candidate is the same; empty when it is another thing."""
        found = []
        if self.number and number and self.number == number_key(number):
            found.append(NUMBER)
        if self.address and address and self.address == address_key(address):
            found.append(ADDRESS)
        key = title_key(title)
        if self.title and key == self.title:
            found.append(TITLE)
        elif self.title and self._is_near(key):
            found.append(NEAR_TITLE)
        return tuple(found)

    def _is_near(self, key: str) -> bool:
        longer = max(len(key), len(self.title))
        if longer - min(len(key), len(self.title)) > longer * 0.2:
            return False
        if not self._may_be_near(key) or overlap(self.pairs, bigrams(key)) < NEAR:
            return False
        if self.figures != figures_of(key):
            return False
        return all((name in key) == (name in self.title) for name in self.names())

    def _may_be_near(self, key: str) -> bool:
        """Whether so few pairs are foreign that `overlap` can reach `NEAR`.

        Most titles are told apart by their first letters, without counting all pairs.
        """
        pairs = len(key) - 1
        left = pairs - NEAR / 2 * (pairs + self.pairs.total())
        for start in range(pairs):
            if key[start : start + 2] not in self.pairs:
                left -= 1
                if left < -ROUNDING:
                    return False
        return True


def find_duplicates(
    *,
    title: str,
    document_number: str = "",
    url: str = "",
    text: str = "",
    user: Any = None,
    exclude_page_id: int | None = None,
    exclude_external_id: int | None = None,
) -> list[Match]:
    """Return what may be the same, the surest first; a fixed number of queries.

    Args:
        text: the body, as plain text.
        user: whose own drafts are compared too; without one only what is public.
        exclude_page_id: the draft itself.
        exclude_external_id: what the draft already refers to.
    """
    key = title_key(title)
    drafts = None if user is None else own_drafts(user)
    wanted = Wanted(
        number=number_key(document_number),
        address=address_key(url),
        title=key,
        pairs=bigrams(key),
        figures=figures_of(key),
        names=cache(_village_names),
    )
    marks = marks_of(title, document_number, url)
    candidates = [*_public(), *_superiors(marks), *_drafts(drafts)]
    found = [match for row in candidates if (match := _matched(wanted, row))]
    similar = similar_texts(title, text, drafts, wanted.names)
    found = [
        match
        for match in _with_texts(found, similar)
        if (match.page_id is None or match.page_id != exclude_page_id)
        and (match.external_id is None or match.external_id != exclude_external_id)
    ]
    found.sort(key=lambda m: (not m.certain, -len(m.reasons), not m.live, -m.percent))
    return found[:MAX_MATCHES]


def _with_texts(matches: list[Match], similar: list[Similar]) -> list[Match]:
    """Return the matches with those by text, each thing once."""
    found = {(m.page_id, m.external_id): m for m in matches}
    for row in similar:
        match = _of_similar(row)
        place = (match.page_id, match.external_id)
        known = found.get(place, match)
        reasons = tuple(dict.fromkeys((*known.reasons, *match.reasons)))
        found[place] = replace(known, reasons=reasons, percent=match.percent)
    return list(found.values())


def _of_similar(row: Similar) -> Match:
    reasons, percent = (row.likeness.kind,), row.likeness.percent
    if row.external:
        item = row.external
        return Match(
            item.title,
            reasons,
            external_id=item.pk,
            document_number=item.document_number,
            publisher=item.publisher,
            date=item.date_published,
            url=item.url,
            percent=percent,
        )
    page = row.page
    return Match(
        page.title if page.live else page.draft_title,
        reasons,
        page_id=page.pk,
        document_number=page.document_number,
        publisher=page.publisher,
        date=page.date_published if page.live else None,
        live=page.live,
        percent=percent,
    )


def duplicates_of(page: DisclosureItemPage, user: Any = None) -> list[Match]:
    """Return what may be the same as a draft, leaving out what it replaces."""
    matches = find_duplicates(
        title=page.title,
        document_number=page.document_number,
        url=page.source_url,
        text=body_text(page.body),
        user=user,
        exclude_page_id=page.pk,
        exclude_external_id=page.reference_id,
    )
    known = {page.supersedes_id, page.interpretation_of_id} - {None}
    return [match for match in matches if match.page_id not in known]


def open_duplicates(page: DisclosureItemPage, user: Any = None) -> list[Match]:
    """Return the certain ones about which the clerk has not yet decided."""
    if page.duplicate_reason.strip() or page.reference_id:
        return []
    return [match for match in duplicates_of(page, user) if match.certain]


def _village_names() -> list[str]:
    return list(Village.objects.order_by().values_list("name", flat=True))


def _matched(wanted: Wanted, row: dict[str, Any]) -> Match | None:
    address = row.pop("address", "")
    reasons = wanted.reasons(row["title"], row.get("document_number", ""), address)
    return Match(reasons=reasons, **row) if reasons else None


def _public() -> Iterator[dict[str, Any]]:
    fields = ("pk", "title", "document_number", "publisher", "date_published")
    rows = visible_pages(DisclosureItemPage).order_by("-pk")
    for pk, title, number, publisher, day, source in rows.values_list(
        *fields, "source_url"
    ):
        yield {
            "page_id": pk,
            "title": title,
            "document_number": number,
            "publisher": publisher,
            "date": day,
            "address": source,
        }


def _superiors(marks: set[int]) -> Iterator[dict[str, Any]]:
    """Yield the superiors' items that share a mark: all that may be the same."""
    sharing = SuperiorMark.objects.filter(mark__in=marks).values("item")
    rows = (
        superior_items()
        .filter(pk__in=sharing)
        .values_list(
            *("pk", "title", "document_number", "publisher", "date_published", "url")
        )
    )
    for pk, title, number, publisher, day, url in rows:
        yield {
            "external_id": pk,
            "title": title,
            "document_number": number,
            "publisher": publisher,
            "date": day,
            "url": url,
            "address": url,
        }


def _drafts(drafts: QuerySet[DisclosureItemPage] | None) -> Iterator[dict[str, Any]]:
    if drafts is None:
        return
    fields = ("pk", "draft_title", "document_number", "source_url")
    for pk, title, number, source in drafts.values_list(*fields):
        yield {
            "page_id": pk,
            "title": title,
            "document_number": number,
            "address": source,
            "live": False,
        }
