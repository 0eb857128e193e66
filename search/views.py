from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from . import bets, log, services
from .address import PAGE_SIZE, Address
from .days import Period
from .exports import MOST_PRINTED, most_rows
from .facets import FacetValue, described, facet_names, facet_title, labels
from .request_link import request_address

PAGES_AROUND = 2
MOST_VALUES = 200  # of one facet on the page; the API gives all
OPEN = 3
FEW_VALUES = 12  # longer lists scroll, and are closed at first


@dataclass(frozen=True)
class Facet:
    """One group of filters on the page."""

    name: str
    title: str
    values: list[FacetValue]
    chosen: tuple[str, ...]
    open: bool = False
    hidden: int = 0

    @property
    def is_long(self) -> bool:
        """Whether its values need a frame of their own."""
        return len(self.values) > FEW_VALUES


@dataclass(frozen=True)
class Chip:
    """One chosen filter with the address that leaves it out."""

    label: str
    address: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The public search: everything from the address, nothing kept."""
    address = Address.read(request.GET)
    context: dict[str, Any] = {"address": address}
    try:
        answer = services.find(address.asked(facet_names()))
    except services.SearchUnavailable:
        context["unavailable"] = True
        return render(request, "search/search.html", context, status=503)
    context["noted"] = log.asked(request, address, answer.result.total)
    context |= _shown(address, answer)
    context["request_form"] = request_address(address.q)
    return render(request, "search/search.html", context)


def _shown(address: Address, answer: services.Answer) -> dict[str, Any]:
    result = answer.result
    values = described(result, address.filters)
    pages = services.pages_of(result, PAGE_SIZE)
    lonely = address.q and not result.total
    most = most_rows(address)
    return {
        "boxes": _boxes(address, answer) if address.page == 1 else [],
        "answer": answer,
        "result": result,
        "facets": _facets(address, values),
        "chips": _chips(address, values),
        "by_relevance": address.sorted_by("relevance"),
        "by_date": address.sorted_by("date"),
        "pages": pages,
        "page_links": _page_links(address, pages),
        "previous": address.on_page(address.page - 1) if address.page > 1 else "",
        "next": address.on_page(address.page + 1) if address.page < pages else "",
        "suggestions": services.suggest(address.q, limit=5) if lonely else [],
        "apart": _apart(address, answer) if lonely else [],
        "loosened": address.about(answer.plain),
        "taken_home": address.taken_home(answer.corrected),
        "most_rows": most if result.total > most else 0,
        "most_printed": MOST_PRINTED if result.total > MOST_PRINTED else 0,
    }


def _boxes(address: Address, answer: services.Answer) -> list[bets.Box]:
    return bets.boxes(answer.corrected or address.q, typed=address.q)


def _apart(address: Address, answer: services.Answer) -> list[tuple[str, int, str]]:
    """Return (word, how many have it, its own search) of what does exist."""
    present = answer.dropped.present.items()
    alone = replace(address, filters={}, period=Period())
    return [(w, count, alone.about(w)) for w, count in present if w != address.q]


def _facets(address: Address, values: dict[str, list[FacetValue]]) -> list[Facet]:
    facets = []
    for place, (name, found) in enumerate(values.items()):
        chosen = address.filters.get(name, ())
        shown = found[:MOST_VALUES]
        shown += [value for value in found[MOST_VALUES:] if value.value in chosen]
        is_open = bool(chosen) or (place < OPEN and len(shown) <= FEW_VALUES)
        hidden = len(found) - len(shown)
        if found:
            title = facet_title(name)
            facets.append(Facet(name, title, shown, chosen, is_open, hidden))
    return facets


def _chips(address: Address, facets: dict[str, list[FacetValue]]) -> list[Chip]:
    chips = []
    for name, chosen in address.filters.items():
        known = (
            {value.value: value.label for value in facets[name]}
            if name in facets
            else labels(name)
        )
        chips += [
            Chip(f"{facet_title(name)}：{known.get(v, v)}", address.without(name, v))
            for v in chosen
        ]
    if address.period:
        label = f"{_('公开日期')}：{address.period.label}"
        chips.append(Chip(label, address.undated))
    return chips


def _page_links(address: Address, pages: int) -> list[tuple[int | None, str]]:
    """Return (number, address) for the pager; ``None`` stands for a gap."""
    near = range(address.page - PAGES_AROUND, address.page + PAGES_AROUND + 1)
    links: list[tuple[int | None, str]] = []
    for number in sorted({1, pages, *near} & set(range(1, pages + 1))):
        if links and links[-1][0] != number - 1:
            links.append((None, ""))
        links.append((number, address.on_page(number)))
    return links
