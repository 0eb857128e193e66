"""What must I do today: sections of the desk's first page, each with its full list.

Packages to the right add their own with ``register_section``. A section costs the same
number of queries however much there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from cms.workdays import WorkCalendar
from disclosure_pages.desk.selectors import offices_to_write_in, writes_everywhere
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage

SHOWN = 5
LISTED = 200


@dataclass(frozen=True)
class Line:
    """One thing to do: where, what about it, and what a reviewer wrote, verbatim."""

    text: str
    url: str
    note: str = ""
    flag: str = ""
    tone: str = ""  # "emergency", "late", "now" or ""
    quote: str = ""
    quote_by: str = ""
    action: str = ""
    action_url: str = ""  # when the button leads elsewhere than the text


@dataclass(frozen=True)
class Section:
    """A heading with its number; ``url`` leads to the whole list."""

    name: str
    heading: str
    count: int
    lines: Sequence[Line] = ()
    order: int = 100
    url: str = ""
    urgent: bool = False
    aside: bool = False
    explain: str = ""

    @property
    def shown(self) -> Sequence[Line]:
        """The lines that fit the first page."""
        return self.lines[:SHOWN]

    @property
    def list_url(self) -> str:
        """Where all of them are."""
        return self.url or reverse("gongkai_today", args=[self.name])


Builder = Callable[[HttpRequest], Section | None]
_builders: dict[str, Builder] = {}


def register_section(name: str) -> Callable[[Builder], Builder]:
    """Add a section; the builder returns None when it has nothing to say."""

    def add(builder: Builder) -> Builder:
        _builders[name] = builder
        return builder

    return add


def sections(request: HttpRequest) -> list[Section]:
    """Return this user's sections in order, those with nothing left out."""
    found = [section for build in _builders.values() if (section := build(request))]
    return sorted(found, key=lambda section: section.order)


def section(request: HttpRequest, name: str) -> Section | None:
    """Return one section by name."""
    builder = _builders.get(name)
    return builder(request) if builder else None


def names() -> set[str]:
    """Return the names of all sections there are."""
    return set(_builders)


@dataclass(frozen=True)
class Scope:
    """The offices a user writes in; ``everywhere``: all of them (信息管理员)."""

    offices: list[OfficeIndexPage] = field(default_factory=list)
    everywhere: bool = False

    def items(self) -> QuerySet[DisclosureItemPage]:
        """Return the items of these offices."""
        items = DisclosureItemPage.objects.all()
        if self.everywhere:
            return items
        if not self.offices:
            return items.none()
        below = Q()
        for page in self.offices:
            below |= Q(path__startswith=page.path)
        return items.filter(below)


def scope_of(request: HttpRequest) -> Scope:
    """Return where the user writes; asked for once a request."""
    found: Scope | None = getattr(request, "_gongkai_scope", None)
    if found is None:
        offices = offices_to_write_in(request.user)
        may_all = request.user.has_perm("disclosure_pages.withdraw_item")
        found = Scope(offices, may_all and writes_everywhere(request.user))
        request._gongkai_scope = found
    return found


def calendar_of(request: HttpRequest) -> WorkCalendar:
    """Return the working days; read once a request."""
    found: WorkCalendar | None = getattr(request, "_gongkai_calendar", None)
    if found is None:
        found = request._gongkai_calendar = WorkCalendar.load()
    return found


def first_rows(rows: QuerySet) -> tuple[list, int]:
    """Return the first rows and the number of all, counted only when it is more."""
    found = list(rows[: LISTED + 1])
    return found[:LISTED], rows.count() if len(found) > LISTED else len(found)


def address(*names: str) -> str:
    """Return the first of the addresses that exists on this site, "" when none."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""
