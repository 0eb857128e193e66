"""Filters and facets in words: which there are, and what their values are called."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cms.context import is_portal
from cms.models import Office
from disclosure_pages.choices import Category, LegalStatus, PublicKind
from disclosure_pages.portal_selectors import origin_names

from .documents import FILTERS
from .engines.base import SearchResult

TOWNSHIP_FACETS = ("category", "office", "year", "village", "validity", "type")
PORTAL_FACETS = ("category", "year", "validity", "type", "origin")
CHOICES = {"category": Category, "validity": LegalStatus, "type": PublicKind}
COMPLETE = ("category",)  # facets that show values without hits too


@dataclass(frozen=True)
class FacetValue:
    """One value of a facet with the number of hits it would leave."""

    value: str
    label: str
    count: int


def facet_names() -> tuple[str, ...]:
    """Return the facets of this installation, in the order they are shown."""
    return PORTAL_FACETS if is_portal() else TOWNSHIP_FACETS


def facet_title(name: str) -> str:
    """Return what a facet is called."""
    return {
        "category": _("类别"),
        "office": _("科室"),
        "year": _("年份"),
        "validity": _("有效性"),
        "type": _("种类"),
        "origin": _("来源"),
        "village": _("涉及的村"),
    }[name]


def described(
    result: SearchResult, chosen: dict[str, tuple[str, ...]]
) -> dict[str, list[FacetValue]]:
    """Return the values of each facet with labels; what was chosen is never left out.

    Years come newest first, categories in the order of the catalogue, others by count.
    """
    return {
        name: _values(name, dict(counts), chosen.get(name, ()), labels(name))
        for name, counts in result.facets.items()
    }


def labels(name: str) -> dict[str, str]:
    """Return the labels of a facet's values (at most one query)."""
    if name in CHOICES:
        return {value: str(label) for value, label in CHOICES[name].choices}
    if name == "office":
        return dict(Office.objects.values_list("code", "name"))
    if name == "origin":
        return origin_names()
    return {}


def is_known(name: str, value: str) -> bool:
    """Whether a filter may have this value; open lists take any short text."""
    if name in CHOICES:
        return value in CHOICES[name].values
    if name == "year":
        return len(value) == 4 and value.isascii() and value.isdecimal()
    return name in FILTERS and 0 < len(value) <= 100


def _values(
    name: str, counts: dict[str, int], chosen: tuple[str, ...], known: dict[str, str]
) -> list[FacetValue]:
    values = list(counts)
    if name in COMPLETE:
        values = [*known, *(value for value in values if value not in known)]
    values += [value for value in chosen if value not in values]
    if name == "year":
        values.sort(reverse=True)
    return [
        FacetValue(value, known.get(value, value), counts.get(value, 0))
        for value in values
    ]
