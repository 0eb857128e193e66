"""Looking for the same thing before it is written a second time.

Compared are 文号, address and title: here, and among what superiors published. A title
that is nearly the same counts only with the same figures and villages, so that last
year's notice is not taken for this year's.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from wagtail.models import Page
from wagtail.permissions import policy_registry

from cms.models import Village
from disclosure_pages.choices import ExternalRelation
from disclosure_pages.models import DisclosureItemPage, ExternalItem
from disclosure_pages.public_state import visible_pages

NEAR = 0.9
MAX_MATCHES = 8
NUMBER = "number"
ADDRESS = "address"
TITLE = "title"
NEAR_TITLE = "near_title"
CERTAIN = {NUMBER, ADDRESS, TITLE}
HEADER = re.compile(r"^.{2,30}?(?:政府|办公室|委员会|[局厅部院所])关于")
FIGURES = re.compile(r"[0-9一二三四五六七八九十百千万〇零两]+")
NUMBER_PARTS = re.compile(r"^(.*?)[〔\[(【]?(\d{4})[〕\])】]?第?0*(\d+)号?$")


@dataclass(frozen=True)
class Match:
    """Something that may be the same; ``reasons`` are codes, the surest first.

    Exactly one of ``page_id`` (here) and ``external_id`` (a superior's) is set.
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

    @property
    def certain(self) -> bool:
        """Whether it is the same by number, address or title."""
        return bool(CERTAIN & set(self.reasons))

    @property
    def why(self) -> str:
        """The reasons in words."""
        words = {
            NUMBER: _("文号相同"),
            ADDRESS: _("原文网址相同"),
            TITLE: _("标题相同"),
            NEAR_TITLE: _("标题很像"),
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
    villages: frozenset[str] = frozenset()

    def reasons(
        self, title: str, number: str, address: str, names: Iterable[str]
    ) -> tuple[str, ...]:
        """Return by what a candidate is the same; empty when it is another thing."""
        found = []
        if self.number and number and self.number == number_key(number):
            found.append(NUMBER)
        if self.address and address and self.address == address_key(address):
            found.append(ADDRESS)
        key = title_key(title)
        if self.title and key == self.title:
            found.append(TITLE)
        elif self.title and self._is_near(key, names):
            found.append(NEAR_TITLE)
        return tuple(found)

    def _is_near(self, key: str, names: Iterable[str]) -> bool:
        longer = max(len(key), len(self.title))
        if longer - min(len(key), len(self.title)) > longer * 0.2:
            return False
        if overlap(self.pairs, bigrams(key)) < NEAR:
            return False
        same_figures = self.figures == tuple(FIGURES.findall(key))
        return same_figures and self.villages == {name for name in names if name in key}


def title_key(title: str) -> str:
    """Return the title without marks, spaces and the issuing authority in front."""
    text = unicodedata.normalize("NFKC", title or "").casefold()
    text = "".join(c for c in text if unicodedata.category(c)[0] in "LN")
    return HEADER.sub("关于", text)


def number_key(number: str) -> str:
    """Return the 文号 in one writing: ``云政[2026] 031 号`` → ``云政|2026|31``."""
    text = unicodedata.normalize("NFKC", number or "")
    text = "".join(c for c in text if not c.isspace() and c.isprintable())
    parts = NUMBER_PARTS.match(text)
    return "|".join(parts.groups()) if parts else text


def address_key(url: str) -> str:
    """Return the address without scheme, ``www.``, fragment and last slash."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return ""
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}" if host else ""


def bigrams(text: str) -> Counter[str]:
    """Return the pairs of neighbouring characters, counted."""
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


def overlap(one: Counter[str], other: Counter[str]) -> float:
    """Return twice the shared pairs ÷ all pairs (Dice): 0 … 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def find_duplicates(
    *,
    title: str,
    document_number: str = "",
    url: str = "",
    user: Any = None,
    exclude_page_id: int | None = None,
    exclude_external_id: int | None = None,
) -> list[Match]:
    """Return what may be the same, the surest first; a fixed number of queries.

    Args:
        user: whose own drafts are compared too; without one only what is public.
        exclude_page_id: the draft itself.
        exclude_external_id: what the draft already refers to.
    """
    names = list(Village.objects.values_list("name", flat=True))
    key = title_key(title)
    wanted = Wanted(
        number=number_key(document_number),
        address=address_key(url),
        title=key,
        pairs=bigrams(key),
        figures=tuple(FIGURES.findall(key)),
        villages=frozenset(name for name in names if name in key),
    )
    candidates = [*_public(), *_superiors(), *_drafts(user)]
    found = [
        match
        for row in candidates
        if (match := _matched(wanted, row, names))
        and (match.page_id is None or match.page_id != exclude_page_id)
        and (match.external_id is None or match.external_id != exclude_external_id)
    ]
    found.sort(key=lambda m: (not m.certain, -len(m.reasons), not m.live))
    return found[:MAX_MATCHES]


def duplicates_of(page: DisclosureItemPage, user: Any = None) -> list[Match]:
    """Return what may be the same as a draft, leaving out what it replaces."""
    matches = find_duplicates(
        title=page.title,
        document_number=page.document_number,
        url=page.source_url,
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


def _matched(wanted: Wanted, row: dict[str, Any], names: Iterable[str]) -> Match | None:
    address = row.pop("address", "")
    reasons = wanted.reasons(
        row["title"], row.get("document_number", ""), address, names
    )
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


def _superiors() -> Iterator[dict[str, Any]]:
    rows = superior_items().values_list(
        *("pk", "title", "document_number", "publisher", "date_published", "url")
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


def superior_items() -> QuerySet[ExternalItem]:
    """Return what superiors published, as far as it is known here."""
    return ExternalItem.objects.filter(
        relation=ExternalRelation.SUPERIOR, state="published"
    )


def _drafts(user: Any) -> Iterator[dict[str, Any]]:
    """Drafts that this user may open; nobody learns of another office's."""
    if user is None:
        return
    own = policy_registry.get_by_type(Page).explorable_instances(user)
    drafts = DisclosureItemPage.objects.filter(
        live=False, withdrawn_at=None, pk__in=own.values("pk")
    )
    fields = ("pk", "draft_title", "document_number", "source_url")
    for pk, title, number, source in drafts.values_list(*fields):
        yield {
            "page_id": pk,
            "title": title,
            "document_number": number,
            "address": source,
            "live": False,
        }
