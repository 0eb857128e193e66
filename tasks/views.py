"""Health and metrics for whoever watches the service."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from search import engines
from search.saved import selectors as saved

from . import marks
from .models import Circuit, TargetState
from .selectors import Backlog, backlogs

OVERDUE_S = 60.0


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Tell about database, engines and backlog; 503 only if we cannot serve readers.

    A portal that is down or an index that lags does not take the site off line.
    """
    try:
        connection.ensure_connection()
        rows = backlogs()
        circuits = TargetState.circuits(row.target for row in rows)
        late = saved.late(timezone.now())
        deliveries = {"restoring": marks.under_restore(), "mark": marks.sound()}
    except DatabaseError:
        return JsonResponse({"ready": False, "database": False}, status=503)
    return JsonResponse(
        {
            "ready": True,
            "database": True,
            "engines": {
                name: engines.get(name).healthy() for name in settings.GONGKAI_INDEXES
            },
            "outbox": {
                row.target: {
                    "pending": row.pending,
                    "dead": row.dead,
                    "awaiting": row.awaiting,
                    "oldest_s": round(row.oldest_s, 1),
                    "circuit": circuits[row.target],
                    "ok": row.oldest_s < OVERDUE_S and not row.dead,
                }
                for row in rows
            },
            "deliveries": deliveries,
            "saved_searches": {"late": late, "ok": not late},
        }
    )


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return backlogs and saved searches in Prometheus' text format."""
    registry = CollectorRegistry()
    rows = backlogs()
    registry.register(BacklogCollector(rows))
    registry.register(
        CircuitCollector(TargetState.circuits(row.target for row in rows))
    )
    counts, late = saved.by_state(), saved.late(timezone.now())
    registry.register(SavedSearchCollector(counts, late))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class BacklogCollector:
    """Turns backlogs into gauges with the target as label."""

    def __init__(self, rows: list[Backlog]) -> None:
        self.rows = rows

    def collect(self) -> Iterator[Metric]:
        figures = (
            ("gongkai_outbox_pending", "Rows the target lacks", "pending"),
            ("gongkai_outbox_waiting", "Pending rows after a failure", "waiting"),
            ("gongkai_outbox_awaiting", "Rows the target must confirm", "awaiting"),
            ("gongkai_outbox_dead", "Rows given up", "dead"),
            ("gongkai_outbox_oldest_seconds", "Age of the oldest change", "oldest_s"),
        )
        for name, text, field in figures:
            gauge = GaugeMetricFamily(name, text, labels=["target"])
            for row in self.rows:
                gauge.add_metric([row.target], getattr(row, field))
            yield gauge


class CircuitCollector:
    """Tells which targets are left alone for a while: 1, else 0."""

    def __init__(self, circuits: dict[str, Circuit]) -> None:
        self.circuits = circuits

    def collect(self) -> Iterator[Metric]:
        text = "Left alone for a while: it did not answer, or asked for a time"
        gauge = GaugeMetricFamily("gongkai_target_resting", text, labels=["target"])
        for target, circuit in self.circuits.items():
            gauge.add_metric([target], circuit != Circuit.CLOSED)
        yield gauge


class SavedSearchCollector:
    """Counts saved searches by state, and the letters that are overdue."""

    def __init__(self, counts: dict[str, int], late: int) -> None:
        self.counts = counts
        self.late = late

    def collect(self) -> Iterator[Metric]:
        states = GaugeMetricFamily(
            "gongkai_saved_searches", "Saved searches", labels=["state"]
        )
        for state, count in self.counts.items():
            states.add_metric([state], count)
        yield states
        yield GaugeMetricFamily(
            "gongkai_saved_searches_late",
            "Letters about searches overdue by two hours",
            value=self.late,
        )
