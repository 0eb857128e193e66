"""Copying committed rows of Wagtail's log into the chain, in seal order."""

import datetime as dt
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from wagtail.log_actions import registry
from wagtail.models import Page, PageLogEntry
from wagtail.models.audit_log import BaseLogEntry

from cms.audit.events import (
    canonical,
    chained,
    columns_of,
    event_of,
    label_of,
    snapshot_in,
)
from cms.audit.heads import Head, keep_head
from cms.audit.recording import actor_of
from cms.models import ChainHead, SealedEvent

BATCH = 200  # a few dozen milliseconds with the lock
LOOK_BACK = dt.timedelta(days=1)  # far longer than any transaction
NOBODY: dict[str, Any] = {"id": "", "username": "", "name": "", "offices": []}


@dataclass(frozen=True)
class Ready:
    """A log row with what the event says beyond it."""

    entry: BaseLogEntry
    actor: dict[str, Any]
    thing: dict[str, Any]


def seal(*, everything: bool = False, budget_s: float = 60.0) -> int:
    """Seal what was committed; returns how many rows.

    Safe to run twice or side by side: one holds the lock, the others do nothing. Rows
    that a long transaction commits late, with a lower key, are found like any others.

    Args:
        everything: look through the whole log, not only from a day before the latest
            sealed act.
        budget_s: begin no further batch after so many seconds.
    """
    ends = time.monotonic() + budget_s
    total = 0
    while True:
        done = _seal_batch(everything)
        total += done
        if done < BATCH or time.monotonic() > ends:
            return total


def unsealed(since: dt.datetime | None = None) -> list[QuerySet[BaseLogEntry]]:
    """Return for each of Wagtail's logs the rows that the chain lacks, oldest first."""
    found = []
    models = registry.get_log_entry_models()
    for model in sorted(models, key=lambda model: model._meta.label_lower):
        sealed = SealedEvent.objects.filter(
            log=model._meta.label_lower, entry_id=OuterRef("pk")
        )
        rows = model.objects.filter(~Exists(sealed)).order_by("timestamp", "pk")
        found.append(rows.filter(timestamp__gte=since) if since else rows)
    return found


def _seal_batch(everything: bool) -> int:
    head, _made = ChainHead.objects.get_or_create(pk=1)
    since = None
    if head.reached and not everything:
        since = min(head.reached, timezone.now()) - LOOK_BACK
    rows = [entry for found in unsealed(since) for entry in found[:BATCH]]
    rows.sort(key=lambda entry: (entry.timestamp, label_of(entry), entry.pk))
    if not rows:
        return 0
    ready = _prepare(rows[:BATCH])
    with transaction.atomic():
        # On SQLite the transaction is the lock, elsewhere this row.
        locked = ChainHead.objects.select_for_update(skip_locked=True)
        head = locked.filter(pk=1).first()
        return _append(head, ready) if head else 0


def _append(head: ChainHead, ready: list[Ready]) -> int:
    """Add the rows that nobody else has sealed meanwhile; needs the lock."""
    keys: dict[str, list[int]] = defaultdict(list)
    for row in ready:
        keys[label_of(row.entry)].append(row.entry.pk)
    sealed = set()
    for log, pks in keys.items():
        known = SealedEvent.objects.filter(log=log, entry_id__in=pks)
        sealed |= set(known.values_list("log", "entry_id"))
    events, now = [], timezone.now()
    number, previous, reached = head.number, head.hash, head.reached
    for row in ready:
        if (label_of(row.entry), row.entry.pk) in sealed:
            continue
        number += 1
        event = event_of(
            row.entry, number=number, sealed_at=now, actor=row.actor, thing=row.thing
        )
        text = canonical(event)
        digest = chained(previous, text)
        events.append(
            SealedEvent(event=text, previous=previous, hash=digest, **columns_of(event))
        )
        previous = digest
        reached = max(reached or row.entry.timestamp, row.entry.timestamp)
    if events:
        SealedEvent.objects.bulk_create(events)
        ChainHead.objects.filter(pk=head.pk).update(
            number=number, hash=previous, reached=reached
        )
        transaction.on_commit(lambda: keep_head(Head(number, previous)))
    return len(events)


def _prepare(rows: list[BaseLogEntry]) -> list[Ready]:
    """Look up who acted on what, before the lock is taken."""
    actors, things = _actors(rows), _things(rows)
    return [
        Ready(
            entry,
            snapshot_in(entry).get("actor") or actors.get(entry.user_id) or NOBODY,
            things[label_of(entry), entry.pk],
        )
        for entry in rows
    ]


def _actors(rows: list[BaseLogEntry]) -> dict[Any, dict[str, Any]]:
    """Return the users of rows that carry no snapshot (bulk writes)."""
    ids = {
        entry.user_id
        for entry in rows
        if entry.user_id is not None and not snapshot_in(entry).get("actor")
    }
    gone = {pk: {**NOBODY, "id": str(pk)} for pk in ids}
    users = get_user_model()._default_manager.filter(pk__in=ids)
    return gone | {user.pk: actor_of(user) for user in users}


def _things(rows: list[BaseLogEntry]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return kind, uuid and office of what each row is about."""
    kinds = ContentType.objects.get_for_id
    pages = _pages(rows)
    found = {}
    for entry in rows:
        model = kinds(entry.content_type_id) if entry.content_type_id else None
        kind = f"{model.app_label}.{model.model}" if model else ""
        thing = {"kind": kind, "uuid": snapshot_in(entry).get("uuid", ""), "office": ""}
        if isinstance(entry, PageLogEntry):
            known = pages.get(entry.page_id) or _sealed_before(kind, entry.page_id)
            thing = {**thing, **{name: text for name, text in known.items() if text}}
        found[label_of(entry), entry.pk] = thing
    return found


def _pages(rows: list[BaseLogEntry]) -> dict[int, dict[str, str]]:
    """Return uuid and office of the pages that are still there.

    Pages of one type in one place answer to one office: it is asked once.
    """
    ids = {entry.page_id for entry in rows if isinstance(entry, PageLogEntry)}
    offices: dict[tuple[int, str], str] = {}
    found = {}
    for page in Page.objects.filter(pk__in=ids):
        place = (page.content_type_id, page.path[: -page.steplen])
        if place not in offices:
            office = getattr(page.specific, "responsible_office", None)
            offices[place] = office.code if office else ""
        found[page.pk] = {"uuid": page.translation_key.hex, "office": offices[place]}
    return found


def _sealed_before(kind: str, page_id: int) -> dict[str, str]:
    """Return what the chain knows of a page that was deleted."""
    earlier = SealedEvent.objects.filter(object_kind=kind, object_id=str(page_id))
    texts = earlier.order_by("-number").values_list("event", flat=True)
    return next((json.loads(text)["object"] for text in texts[:1]), {})
