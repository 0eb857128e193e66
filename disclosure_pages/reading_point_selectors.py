"""Reads of reading points: how each stands right now, its place, its neighbours."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from cms.context import public_path
from cms.models import Authority, Village
from cms.workdays import WorkCalendar
from disclosure_pages.choices import Equipment
from disclosure_pages.list_query import PAGE
from disclosure_pages.models import ManagerAbsence, ReadingPointPage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.reading_point_duty import Seasons, Standing, State, standing
from disclosure_pages.reading_point_map import Place, places, window_place
from disclosure_pages.reading_point_rules import Condition, dialled, unmet

OPEN, COMPLETE = "open", "complete"
LONGEST_NAME = Village._meta.get_field("name").max_length
Absences = defaultdict[int, list[ManagerAbsence]]


@dataclass(frozen=True)
class PointQuery:
    """What a reader asks of the list; what the address gets wrong is left out."""

    village: str = ""
    equipment: str = ""
    state: str = ""
    page: int = 1

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """Return what the address asks for."""

        def one_of(name: str, values: Iterable[str]) -> str:
            return value if (value := data.get(name, "")) in values else ""

        page = data.get("page", "")
        return cls(
            village=data.get("village", "").strip()[:LONGEST_NAME],
            equipment=one_of("equipment", Equipment.values),
            state=one_of("state", (OPEN, COMPLETE)),
            page=int(page) if PAGE.fullmatch(page) else 1,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.village or self.equipment or self.state)

    def address(self, **changes: Any) -> str:
        """Return the link to the same list with something else; "" for the whole."""
        asked = asdict(self) | changes
        kept = {k: v for k, v in asked.items() if v and (k, v) != ("page", 1)}
        return f"?{urlencode(kept)}#list"

    @property
    def of_any_village(self) -> str:
        """The same list without its village, if something else narrows it."""
        wider = replace(self, village="", page=1)
        return wider.address() if wider.is_filtered else ""


@dataclass(frozen=True)
class Clock:
    """What telling how a point stands needs besides the point."""

    now: dt.datetime
    seasons: Seasons
    calendar: WorkCalendar

    @classmethod
    def read(cls, authority: Authority) -> "Clock":
        """Return the clock of this moment (one query)."""
        return cls(timezone.localtime(), Seasons.of(authority), WorkCalendar.load())

    def standing(
        self, point: ReadingPointPage, absences: Iterable[ManagerAbsence]
    ) -> Standing:
        """Return how the point stands now."""
        return standing(point, absences, self.now, self.seasons, self.calendar)


@dataclass(frozen=True)
class PointRow:
    """A reading point as lists and the map tell it."""

    point: ReadingPointPage
    standing: Standing

    @property
    def name(self) -> str:
        """The village, or the window's own title."""
        return self.point.village.name if self.point.village else self.point.title

    @property
    def url(self) -> str:
        """Where its page is."""
        return public_path(self.point.url_path)

    @property
    def phone(self) -> str:
        """The number of the point, or of who is there."""
        contact = self.standing.contact
        return (contact.phone if contact else "") or self.point.phone

    @property
    def tel(self) -> str:
        """The number for ``tel:``."""
        return dialled(self.phone)

    @cached_property
    def unmet(self) -> list[Condition]:
        """The conditions that it does not meet."""
        return unmet(self.point)

    @property
    def complete(self) -> bool:
        """Whether it meets every condition."""
        return not self.unmet

    @property
    def place(self) -> tuple[int, int] | None:
        """Where it is on the schematic map."""
        village = self.point.village
        return (
            (village.map_x, village.map_y) if village and is_placed(village) else None
        )


def is_placed(village: Village) -> bool:
    """Whether the village has a place on the schematic map."""
    return bool(village.map_x or village.map_y)


@dataclass(frozen=True)
class MapVillage:
    """What a dot of the map stands for; no row: a village without a point."""

    name: str
    row: PointRow | None
    chosen: bool = False

    @property
    def kind(self) -> str:
        """The class of its dot."""
        if self.row is None:
            return "none"
        return "full" if self.row.complete else "part"


@dataclass(frozen=True)
class ReadingPoints:
    """All public points, the township's own window first, and all villages."""

    rows: list[PointRow]
    villages: list[Village]

    @property
    def open_now(self) -> int:
        """How many are open at this moment."""
        return sum(row.standing.is_open for row in self.rows)

    @property
    def clock_is_known(self) -> bool:
        """Whether the holidays of this year are known, so that "open now" is true."""
        return any(row.standing.state != State.UNKNOWN for row in self.rows)

    def chosen(self, query: PointQuery) -> list[PointRow]:
        """The rows of a village (code or part of its name) with what is asked for."""
        wanted, equipment, state = query.village, query.equipment, query.state
        exact = [row for row in self.rows if wanted in _names(row)]
        return [
            row
            for row in (exact if wanted and exact else self.rows)
            if (not wanted or exact or _is_like(wanted, row))
            and (not equipment or row.point.has(equipment))
            and (state != OPEN or row.standing.is_open)
            and (state != COMPLETE or row.complete)
        ]

    def has_village(self, wanted: str) -> bool:
        """Whether a village of this code or name exists, with or without a point."""
        wanted = wanted.strip()
        return any(wanted in (village.code, village.name) for village in self.villages)

    def map_places(self, chosen: Iterable[PointRow]) -> list[Place]:
        """The dots of the villages that have a place, and of the township's window."""
        picked = {row.point.pk for row in chosen}
        by_village = {row.point.village_id: row for row in self.rows}
        shown = []
        for village in filter(is_placed, self.villages):
            row = by_village.get(village.pk)
            subject = MapVillage(
                village.name, row, row is not None and row.point.pk in picked
            )
            shown.append((subject, village.name, village.map_x, village.map_y))
        found = places(shown)
        window = next((row for row in self.rows if row.point.village_id is None), None)
        if window is None or not found:
            return found
        subject = MapVillage(window.name, window, window.point.pk in picked)
        names = [name for _subject, name, _x, _y in shown]
        return [*found, window_place(subject, found, names)]


def _names(row: PointRow) -> tuple[str, ...]:
    village = row.point.village
    return (village.code, village.name) if village else (row.point.title,)


def _is_like(wanted: str, row: PointRow) -> bool:
    """Whether what was typed is part of the name, with or without 村 at its end."""
    return wanted.rstrip("村") in row.name


def _distance(here: PointRow, there: PointRow) -> tuple[float, int]:
    order = there.point.village.sort_order if there.point.village else 0
    if here.place is None or there.place is None:
        return (float("inf"), order)
    (x, y), (x2, y2) = here.place, there.place
    return ((x - x2) ** 2 + (y - y2) ** 2, order)


def reading_points() -> list[ReadingPointPage]:
    """Return all public points, the township's own windows first (one query)."""
    points = visible_pages(ReadingPointPage).select_related("village")
    return sorted(points, key=_order)


def absences(day: dt.date, page: int | None = None) -> Absences:
    """Return who is away on a day, and all absences of one page (one query)."""
    wanted = Q(from_date__lte=day, to_date__gte=day)
    if page is not None:
        wanted |= Q(page=page)
    found: Absences = defaultdict(list)
    for row in ManagerAbsence.objects.filter(wanted):
        found[row.page_id].append(row)
    return found


def point_rows(
    points: Iterable[ReadingPointPage], away: Absences, clock: Clock
) -> list[PointRow]:
    """Return how each point stands now."""
    return [PointRow(point, clock.standing(point, away[point.pk])) for point in points]


def neighbours(row: PointRow, rows: Iterable[PointRow]) -> list[PointRow]:
    """Return where to go instead: the nearest complete point, and the window.

    Those that are open count first; a point that is only closed for now is left for
    no other than an open one.
    """
    others = [r for r in rows if r.point.pk != row.point.pk and r.complete]
    opened = [r for r in others if r.standing.is_open]
    if opened or (row.complete and row.standing.knows_when):
        others = opened
    others.sort(key=lambda other: _distance(row, other))
    near = [r for r in others if r.point.village_id]
    windows = [r for r in others if r.point.village_id is None]
    return [*near[:1], *windows[:1]]


def _order(point: ReadingPointPage) -> tuple[int, int, str]:
    if point.village is None:
        return (0, 0, point.title)
    return (1, point.village.sort_order, point.village.code)
