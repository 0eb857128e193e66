"""Writing Wagtail's log: who is named in it, and reads of what is not public."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q
from django.utils import timezone
from wagtail.log_actions import registry
from wagtail.models import PageLogEntry
from wagtail.models.audit_log import BaseLogEntry

from cms.approval import publication_ground
from cms.models import Office

STAMP = "audit"  # the key in a log row's data for what may be gone when it is sealed
SAME_READ = timedelta(hours=1)


def actor_of(user: Any) -> dict[str, Any]:
    """Return the snapshot of a user: id, username, name and codes of the offices."""
    groups = user.groups.values("pk")
    offices = Office.objects.filter(
        Q(editor_group__in=groups) | Q(head_group__in=groups)
    )
    return {
        "id": str(user.pk),
        "username": user.get_username(),
        "name": user.get_full_name(),
        "offices": sorted(offices.values_list("code", flat=True).distinct()),
    }


def stamp(entry: BaseLogEntry) -> None:
    """Add to a new log row what can't be asked any more after a deletion."""
    kept: dict[str, Any] = {}
    user = entry.user if entry.user_id else None
    if isinstance(user, get_user_model()):
        kept["actor"] = actor_of(user)
    if isinstance(entry, PageLogEntry) and "page" in entry._state.fields_cache:
        kept["uuid"] = entry.page.translation_key.hex
    if kept:
        entry.data = {**entry.data, STAMP: kept}
    if entry.action.startswith("wagtail.publish") and publication_ground():
        entry.data = {"ground": publication_ground(), **entry.data}


def record_read(user: Any, thing: Model, action: str, **values: Any) -> None:
    """Log that somebody at the desk read what is not public.

    The same person reading the same thing again within the hour is one entry.

    Args:
        values: further fields of the log row, e.g. ``revision_id``.
    """
    model = registry.get_log_model_for_instance(thing)
    entries = model.objects
    since = timezone.now() - SAME_READ
    known = entries.for_instance(thing).filter(
        user=user, action=action, timestamp__gte=since, **values
    )
    if known.exists():
        return
    about = {"page": thing} if model is PageLogEntry else {"object_id": str(thing.pk)}
    entry = model(
        content_type=ContentType.objects.get_for_model(thing, for_concrete_model=False),
        label=entries.get_instance_title(thing),
        action=action,
        timestamp=timezone.now(),
        data={},
        user=user,
        **about,
        **values,
    )
    stamp(entry)
    # Wagtail's `log` would ask whether everything that it names is there.
    entries.bulk_create([entry])
