"""Reads about the outbox: for health checks, metrics and the officer's desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page
from wagtail.permissions import policy_registry

from disclosure_pages.models import ExternalItem
from disclosure_pages.public_state import publicly_visible

from .choices import target_names
from .models import OutboxEntry

UNNAMED = _("（已不公开的信息）")


@dataclass(frozen=True)
class Backlog:
    """What one target still lacks; ``oldest_s``: age of the oldest change, seconds."""

    target: str
    pending: int = 0
    waiting: int = 0  # pending after a failure
    dead: int = 0
    oldest_s: float = 0.0


def backlogs() -> list[Backlog]:
    """Return the backlog of every configured target, in their order."""
    behind = Q(wanted__gt=F("delivered"))
    rows = (
        OutboxEntry.objects.filter(behind, target__in=target_names())
        .order_by()
        .values("target")
        .annotate(
            pending=Count("pk", filter=Q(dead=False)),
            waiting=Count("pk", filter=Q(dead=False) & ~Q(last_error="")),
            dead_rows=Count("pk", filter=Q(dead=True)),
            oldest=Min("changed_at", filter=Q(dead=False)),
            now=Now(),
        )
    )
    found = {
        row["target"]: Backlog(
            target=row["target"],
            pending=row["pending"],
            waiting=row["waiting"],
            dead=row["dead_rows"],
            oldest_s=max((row["now"] - row["oldest"]).total_seconds(), 0.0)
            if row["oldest"]
            else 0.0,
        )
        for row in rows
    }
    return [found.get(name, Backlog(name)) for name in target_names()]


def titles(keys: Iterable[str], reader: Any) -> dict[str, str]:
    """Return the title of each key that still has a page or a row.

    What is public no longer is named to ``reader`` only where he works: the title may
    be why it was taken back.
    """
    keys = list(keys)
    uuids = [UUID(key) for key in keys if len(key) == 32]
    own = policy_registry.get_by_type(Page).explorable_instances(reader)
    public = [UUID(key) for key in publicly_visible(keys) if len(key) == 32]
    known = Q(translation_key__in=public) | Q(pk__in=own.values("pk"))
    pages = Page.objects.filter(known, translation_key__in=uuids)
    found = {
        uuid.hex: title for uuid, title in pages.values_list("translation_key", "title")
    }
    foreign = [key.partition(".")[2] for key in keys if "." in key]
    for row in ExternalItem.objects.filter(key__in=foreign) if foreign else ():
        found[f"{row.origin}.{row.key}"] = row.title
    return found
