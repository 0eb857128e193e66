"""Coverage (覆盖率): villages whose point meets every condition ÷ all villages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cms.context import base_url, public_path
from cms.models import Village
from disclosure_pages.csv_answers import csv_rows
from disclosure_pages.models import ReadingPointPage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.reading_point_rules import CONDITIONS, Condition, unmet


@dataclass(frozen=True)
class VillageCoverage:
    """One village: its public point, if any, and the conditions that it fails."""

    village: Village
    point: ReadingPointPage | None = None
    failing: list[Condition] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the village counts."""
        return self.point is not None and not self.failing

    @property
    def reasons(self) -> list[str]:
        """Why the village does not count."""
        if self.point is None:
            return [_("还没有公开的查阅点")]
        return [str(condition.reason) for condition in self.failing]


@dataclass(frozen=True)
class Coverage:
    """The figure and where it comes from, village by village."""

    villages: list[VillageCoverage]

    @property
    def total(self) -> int:
        """All villages, with or without a point."""
        return len(self.villages)

    @property
    def complete(self) -> int:
        """Villages whose point meets every condition."""
        return sum(row.complete for row in self.villages)

    @property
    def with_point(self) -> int:
        """Villages that have a public point at all."""
        return sum(row.point is not None for row in self.villages)

    @property
    def per_mille(self) -> int | None:
        """The rate in thousandths, never rounded up; None without villages."""
        return self.complete * 1000 // self.total if self.total else None

    @property
    def rate(self) -> str:
        """The rate as "91.4%"."""
        if self.per_mille is None:
            return "—"
        whole, tenth = divmod(self.per_mille, 10)
        return f"{whole}.{tenth}%" if tenth else f"{whole}%"

    @property
    def sentence(self) -> str:
        """The figure in one line."""
        if not self.total:
            return _("还没有录入村，算不出覆盖率。")
        return _("%(total)d 个村，达标 %(complete)d，覆盖率 %(rate)s") % {
            "total": self.total,
            "complete": self.complete,
            "rate": self.rate,
        }

    @property
    def failing(self) -> list[VillageCoverage]:
        """The villages that do not count."""
        return [row for row in self.villages if not row.complete]


def read_coverage() -> Coverage:
    """Return the figure as of now, of public points only."""
    points = visible_pages(ReadingPointPage).exclude(village=None)
    return coverage_of(Village.objects.all(), points)


def coverage_of(
    villages: Iterable[Village], points: Iterable[ReadingPointPage]
) -> Coverage:
    """Return the figure of these villages and public points."""
    by_village = {point.village_id: point for point in points if point.village_id}
    found = []
    for village in villages:
        point = by_village.get(village.pk)
        found.append(VillageCoverage(village, point, unmet(point) if point else []))
    return Coverage(found)


def csv_lines(coverage: Coverage) -> Iterator[str]:
    """Write one line for each village, each condition in a column of its own."""
    header = (
        *(_("村"), _("查阅点"), _("达标"), _("还差什么")),
        *(condition.label for condition in CONDITIONS),
        *(_("地点"), _("夏季开放时间"), _("冬季开放时间"), _("A 岗管理员")),
        *(_("A 岗电话"), _("B 岗管理员"), _("B 岗电话"), _("设备"), _("网址")),
    )
    return csv_rows(header, map(_cells, coverage.villages))


def _cells(row: VillageCoverage) -> list[str]:
    point, codes = row.point, {condition.code for condition in row.failing}
    yes, no = _("是"), _("否")
    cells = [
        row.village.name,
        point.title if point else "",
        yes if row.complete else no,
        "；".join(row.reasons),
        *(no if not point or c.code in codes else yes for c in CONDITIONS),
    ]
    if point:
        cells += [
            *(point.address, point.hours_summer, point.hours_winter),
            *(point.primary_manager, point.primary_phone),
            *(point.backup_manager, point.backup_phone),
            "、".join(point.equipment_labels),
            f"{base_url()}{public_path(point.url_path)}",
        ]
    return cells


def described(coverage: Coverage) -> dict[str, Any]:
    """Return the figure and its villages for JSON."""
    return {
        "villages": coverage.total,
        "with_point": coverage.with_point,
        "complete": coverage.complete,
        "rate": coverage.complete / coverage.total if coverage.total else None,
        "conditions": {c.code: str(c.label) for c in CONDITIONS},
        "points": [_described(row) for row in coverage.villages],
    }


def _described(row: VillageCoverage) -> dict[str, Any]:
    point = row.point
    return {
        "village": row.village.name,
        "code": row.village.code,
        "complete": row.complete,
        "has_point": point is not None,
        "failing": [condition.code for condition in row.failing],
        "reasons": row.reasons,
        "title": point.title if point else "",
        "address": point.address if point else "",
        "hours_summer": point.hours_summer if point else "",
        "hours_winter": point.hours_winter if point else "",
        "primary_manager": point.primary_manager if point else "",
        "primary_phone": point.primary_phone if point else "",
        "backup_manager": point.backup_manager if point else "",
        "backup_phone": point.backup_phone if point else "",
        "equipment": list(point.equipment or []) if point else [],
        "url": f"{base_url()}{public_path(point.url_path)}" if point else "",
    }
