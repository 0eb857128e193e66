"""What each township has sent to this portal, and how fresh it is (汇集情况)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.choices import Category, ExternalRelation, PublicKind
from disclosure_pages.models import ExternalItem, Origin
from disclosure_pages.public_state import PUBLISHED


@dataclass(frozen=True)
class OriginCoverage:
    """One township: public items, those taken back, and its last signs of life.

    ``published_on``: newest date of publication; ``counts``: items by category.
    """

    origin: Origin
    today: date
    counts: dict[str, int] = field(default_factory=dict)
    withdrawn: int = 0
    published_on: date | None = None
    received_at: datetime | None = None

    @property
    def items(self) -> int:
        """Public items of its catalogue."""
        return sum(self.counts.values())

    @property
    def missing(self) -> list[str]:
        """Categories in which there is nothing yet, in words."""
        return [str(c.label) for c in Category if not self.counts.get(c.value)]

    @property
    def silent_days(self) -> int | None:
        """Days since the newest publication; None when there never was one."""
        if self.published_on is None:
            return None
        return max(0, (self.today - self.published_on).days)

    @property
    def silent(self) -> bool:
        """Whether there was nothing new for longer than the setting allows."""
        days = self.silent_days
        return days is None or days > settings.GONGKAI_SILENT_DAYS

    @property
    def state(self) -> str:
        """How fresh it is, in words."""
        if not self.origin.enabled:
            return _("已停用")
        if self.silent_days is None:
            return _("还没有报送")
        if self.silent:
            return _("%(days)d 天没有新信息") % {"days": self.silent_days}
        return _("正常")


@dataclass(frozen=True)
class PortalCoverage:
    """Every township, the silent ones first."""

    rows: list[OriginCoverage]

    @property
    def items(self) -> int:
        """Public items of all townships."""
        return sum(row.items for row in self.rows)

    @property
    def silent(self) -> int:
        """Townships that are silent."""
        return sum(row.silent and row.origin.enabled for row in self.rows)


def read_origins() -> PortalCoverage:
    """Read all of it, whatever the number of townships and items (two queries)."""
    by_origin: dict[str, list[dict]] = defaultdict(list)
    public = Q(state=PUBLISHED)
    groups = (
        ExternalItem.objects.filter(
            Q(kind=PublicKind.ITEM) | Q(state="withdrawn"),
            relation=ExternalRelation.RECEIVED,
        )
        .order_by()
        .values("origin", "category")
        .annotate(
            shown=Count("pk", filter=public),
            withdrawn=Count("pk", filter=~public),
            published_on=Max("date_published", filter=public),
            received=Max("received_at"),
        )
    )
    for group in groups:
        by_origin[group["origin"]].append(group)
    today = timezone.localdate()
    rows = [_row(o, by_origin[o.credit_code], today) for o in Origin.objects.all()]
    return PortalCoverage(sorted(rows, key=_urgency))


def _row(origin: Origin, groups: list[dict], today: date) -> OriginCoverage:
    return OriginCoverage(
        origin,
        today,
        {g["category"]: g["shown"] for g in groups if g["shown"]},
        sum(g["withdrawn"] for g in groups),
        max((g["published_on"] for g in groups if g["published_on"]), default=None),
        max((g["received"] for g in groups if g["received"]), default=None),
    )


def _urgency(row: OriginCoverage) -> tuple[bool, bool, int, str]:
    days = row.silent_days
    order = -(10**6 if days is None else days)
    return not row.origin.enabled, not row.silent, order, row.origin.name


def coverage_header() -> list[str]:
    """Return the columns of the table as CSV."""
    return [
        *(_("机关"), _("统一社会信用代码"), _("状态"), _("公开信息（条）")),
        *(str(category.label) for category in Category),
        *(_("还没有的类别"), _("已撤回（条）"), _("最近公开")),
        *(_("距今（天）"), _("最近收到"), _("最近联系")),
    ]


def coverage_cells(rows: Iterable[OriginCoverage]) -> Iterator[list[object]]:
    """Return the lines of the table as CSV."""
    for row in rows:
        days = row.silent_days
        yield [
            *(row.origin.name, row.origin.credit_code, row.state, row.items),
            *(row.counts.get(category.value, 0) for category in Category),
            *("、".join(row.missing), row.withdrawn, row.published_on or ""),
            *("" if days is None else days, _minute(row.received_at)),
            _minute(row.origin.contacted_at),
        ]


def _minute(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
