from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import services
from .address import PAGE_SIZE, Address
from .facets import FacetValue, described, facet_names, facet_title, labels

PAGES_AROUND = 2


@dataclass(frozen=True)
class Facet:
    """One group of filters on the page."""

    name: str
    title: str
    values: list[FacetValue]
    chosen: tuple[str, ...]


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
        answer = services.find(
            services.Asked(
                text=address.q,
                filters=address.filters,
                facets=facet_names(),
                sort=address.sort,
                page=address.page,
                page_size=PAGE_SIZE,
                verbatim=address.verbatim,
            )
        )
    except services.SearchUnavailable:
        context["unavailable"] = True
        return render(request, "search/search.html", context, status=503)
    context |= _shown(address, answer)
    return render(request, "search/search.html", context)


def _shown(address: Address, answer: services.Answer) -> dict[str, Any]:
    result = answer.result
    values = described(result, address.filters)
    pages = services.pages_of(result, PAGE_SIZE)
    lonely = address.q and not result.total
    return {
        "answer": answer,
        "result": result,
        "facets": [
            Facet(name, facet_title(name), found, address.filters.get(name, ()))
            for name, found in values.items()
            if found
        ],
        "chips": _chips(address, values),
        "by_relevance": address.sorted_by("relevance"),
        "by_date": address.sorted_by("date"),
        "pages": pages,
        "page_links": _page_links(address, pages),
        "previous": address.on_page(address.page - 1) if address.page > 1 else "",
        "next": address.on_page(address.page + 1) if address.page < pages else "",
        "suggestions": services.suggest(address.q, limit=5) if lonely else [],
    }


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
