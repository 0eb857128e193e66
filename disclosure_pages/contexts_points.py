"""Template variables of the reading points' list and of one reading point."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from cms.context import frame_of, public_path
from cms.models import Village
from disclosure_pages.choices import Equipment
from disclosure_pages.contexts import Option, options, publication_time
from disclosure_pages.models import ReadingPointIndexPage, ReadingPointPage
from disclosure_pages.page_context import page_context
from disclosure_pages.qr import qr_path
from disclosure_pages.reading_point_coverage import coverage_of
from disclosure_pages.reading_point_duty import coming_absences, has_seasons
from disclosure_pages.reading_point_rules import CONDITIONS, dialled
from disclosure_pages.reading_point_selectors import (
    COMPLETE,
    OPEN,
    Clock,
    PointQuery,
    PointRow,
    ReadingPoints,
    absences,
    neighbours,
    point_rows,
    reading_points,
)
from disclosure_pages.selectors import PAGE_SIZE, PagedList


@page_context.register
def _reading_points(
    page: ReadingPointIndexPage, request: HttpRequest
) -> dict[str, Any]:
    clock = Clock.read(frame_of(request).authority)
    rows = point_rows(reading_points(), absences(clock.now.date()), clock)
    found = ReadingPoints(rows, list(Village.objects.all()))
    query = PointQuery.read(request.GET)
    chosen = found.chosen(query)
    pages = -(-len(chosen) // PAGE_SIZE)
    query = replace(query, page=min(query.page, max(pages, 1)))
    start = (query.page - 1) * PAGE_SIZE
    shown = chosen[start : start + PAGE_SIZE]
    return {
        "clock": clock,
        "found": found,
        "coverage": coverage_of(found.villages, [row.point for row in found.rows]),
        "conditions": CONDITIONS,
        "list": PagedList(query, shown, len(chosen)),
        "village_known": not query.village or found.has_village(query.village),
        "places": found.map_places(chosen if query.is_filtered else []),
        "summer": clock.seasons.is_summer(clock.now.date()),
        "equipment_options": options(Equipment.choices),
        "state_options": [
            Option(OPEN, _("现在开放")),
            Option(COMPLETE, _("条件齐全")),
        ],
    }


@page_context.register
def _reading_point(page: ReadingPointPage, request: HttpRequest) -> dict[str, Any]:
    frame = frame_of(request)
    clock = Clock.read(frame.authority)
    away = absences(clock.now.date(), page.pk)
    if getattr(request, "is_preview", False):
        away[page.pk] = list(page.absences.all())  # as they were typed just now
    row = PointRow(page, clock.standing(page, away[page.pk]))
    address = f"{frame.base_url}{public_path(page.url_path)}"
    # Who is there and whether it is open goes by the clock: never from a copy.
    page.names_others = True
    others: list[PointRow] = []
    if not (row.complete and row.standing.is_open):
        others = neighbours(row, point_rows(reading_points(), away, clock))
    return {
        "index_url": public_path(page.url_path.removesuffix(f"{page.slug}/")),
        "address": address,
        "qr": qr_path(address),
        "row": row,
        "standing": row.standing,
        "coming": coming_absences(away[page.pk], clock.now.date()),
        "seasons": clock.seasons,
        "two_seasons": has_seasons(page),
        "summer": clock.seasons.is_summer(clock.now.date()),
        "neighbours": others,
        "phone_tel": dialled(page.phone),
        "primary_tel": dialled(page.primary_phone),
        "backup_tel": dialled(page.backup_phone),
        "prints": page.has(Equipment.PRINTER),
        "reads_aloud": page.has(Equipment.READER),
        "has_rack": page.has(Equipment.RACK),
        "pictures": list(page.photos.select_related("image")),
        "pub_date": publication_time(page),
    }
