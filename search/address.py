"""What the address of the search page says, and addresses that say something else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from .days import Period
from .documents import FILTERS
from .engines.base import MAX_WINDOW
from .facets import facet_title, is_known, labels
from .query import MAX_LENGTH
from .services import Asked

PAGE_SIZE = 20
MAX_VALUES = 50


@dataclass(frozen=True)
class Address:
    """Question, filters, order and page; what an address gets wrong is left out."""

    q: str
    filters: dict[str, tuple[str, ...]]
    sort: str = "relevance"
    page: int = 1
    verbatim: bool = False
    shortened: bool = False
    period: Period = Period()

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """Return what the address asks for."""
        typed = data.get("q", "").replace("\x00", " ").strip()
        filters = {}
        for name in FILTERS:
            values = dict.fromkeys(v for v in data.getlist(name) if is_known(name, v))
            if values:
                filters[name] = tuple(values)[:MAX_VALUES]
        number = data.get("page", "")
        valid = number.isascii() and number.isdecimal() and len(number) < 6
        page = min(max(1, int(number)), MAX_WINDOW // PAGE_SIZE) if valid else 1
        return cls(
            q=typed[:MAX_LENGTH],
            filters=filters,
            sort="date" if data.get("sort") == "date" else "relevance",
            page=page,
            verbatim=data.get("verbatim") == "1",
            shortened=len(typed) > MAX_LENGTH,
            period=Period.read(data.get("from", ""), data.get("to", "")),
        )

    def __str__(self) -> str:
        pairs = [("q", self.q)] if self.q else []
        pairs += [(name, v) for name, values in self.filters.items() for v in values]
        for name, day in (("from", self.period.since), ("to", self.period.until)):
            if day:
                pairs.append((name, day.isoformat()))
        if self.sort != "relevance":
            pairs.append(("sort", self.sort))
        if self.verbatim:
            pairs.append(("verbatim", "1"))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return f"?{urlencode(pairs)}"

    def on_page(self, page: int) -> str:
        """The same search on another page."""
        return str(replace(self, page=page))

    def sorted_by(self, sort: str) -> str:
        """The same search in another order."""
        return str(replace(self, sort=sort, page=1))

    def without(self, name: str, value: str) -> str:
        """The same search with one filter less."""
        left = tuple(v for v in self.filters[name] if v != value)
        filters = {**self.filters, name: left}
        return str(replace(self, filters=filters, page=1))

    def about(self, q: str) -> str:
        """Another question with the same filters."""
        return str(replace(self, q=q, page=1, verbatim=False))

    @property
    def undated(self) -> str:
        """The same search of any time."""
        return str(replace(self, period=Period(), page=1))

    @property
    def whole(self) -> str:
        """The same search from its beginning."""
        return str(replace(self, page=1))

    @property
    def newest_first(self) -> Self:
        """The same search as a feed tells it."""
        return replace(self, sort="date", page=1, verbatim=False)

    def taken_home(self, corrected: str) -> Self:
        """The search that is shown, for exports: what was corrected once stays so."""
        verbatim = self.verbatim or bool(corrected)
        return replace(self, q=corrected or self.q, page=1, verbatim=verbatim)

    @property
    def as_typed(self) -> str:
        """The same search without any correction."""
        return str(replace(self, verbatim=True, page=1))

    @property
    def unfiltered(self) -> str:
        """The same question without any filter."""
        return str(replace(self, filters={}, period=Period(), page=1))

    def asked(self, facets: Sequence[str] = ()) -> Asked:
        """Return what to ask for."""
        since, until = self.period.numbers
        return Asked(
            text=self.q,
            filters=self.filters,
            facets=facets,
            sort=self.sort,
            page=self.page,
            page_size=PAGE_SIZE,
            verbatim=self.verbatim,
            since=since,
            until=until,
        )


def in_words(address: Address) -> str:
    """Return question and filters in one line without control characters."""
    parts = [_("“%(q)s”") % {"q": one_line(address.q)}] if address.q else []
    for name, chosen in address.filters.items():
        known = labels(name)
        values = _("、").join(known.get(value, value) for value in chosen)
        parts.append(f"{facet_title(name)}{_('：')}{one_line(values)}")
    if address.period:
        parts.append(f"{_('公开日期')}{_('：')}{address.period.label}")
    return _("，").join(parts) or _("全部公开信息")


def one_line(text: str) -> str:
    """Return the text without line breaks, control and direction characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
