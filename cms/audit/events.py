"""The canonical event: what of a log row is sealed, and how it is hashed. Pure."""

import datetime as dt
import hashlib
import json
from typing import Any

from wagtail.models.audit_log import BaseLogEntry

from cms.audit.recording import STAMP
from cms.models import SealedEvent

GENESIS = "0" * 64
REASONS = ("reason", "comment", "ground", "reviewed_by")


def canonical(value: Any) -> str:
    """Return JSON with sorted keys, without spaces, in ASCII (any text can be kept)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def chained(previous: str, event: str) -> str:
    """Return the hash of an event that follows the one with the hash ``previous``."""
    return hashlib.sha256(f"{previous}{event}".encode()).hexdigest()


def label_of(entry: BaseLogEntry) -> str:
    """Return the name of the log that a row belongs to."""
    return entry._meta.label_lower


def row_of(entry: BaseLogEntry) -> dict[str, Any]:
    """Return every column of the log row itself, as it is compared later."""
    return {
        "timestamp": _utc(entry.timestamp),
        "action": entry.action,
        "user": None if entry.user_id is None else str(entry.user_id),
        "label": entry.label,
        "object_id": str(entry.object_id),
        "content_type": entry.content_type_id,
        "revision": entry.revision_id,
        "uuid": entry.uuid.hex if entry.uuid else None,
        "content_changed": entry.content_changed,
        "deleted": entry.deleted,
        "data": entry.data,
    }


def event_of(
    entry: BaseLogEntry,
    *,
    number: int,
    sealed_at: dt.datetime,
    actor: dict[str, Any],
    thing: dict[str, Any],
) -> dict[str, Any]:
    """Return the event that seals a log row.

    Args:
        actor: id, username, name and office codes of who acted, when it was sealed.
        thing: kind, uuid and office code of what was acted upon.
    """
    return {
        "number": number,
        "sealed_at": _utc(sealed_at),
        "log": label_of(entry),
        "entry": entry.pk,
        "row": row_of(entry),
        "actor": actor,
        "object": thing,
        "reason": _reason(entry.data),
    }


def columns_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that repeat parts of an event for the search."""
    row, actor, thing = event["row"], event["actor"], event["object"]
    offices = sorted({*actor["offices"], *filter(None, [thing["office"]])})
    columns = {
        "log": event["log"],
        "action": row["action"],
        "actor_id": actor["id"],
        "actor_username": actor["username"],
        "actor_name": actor["name"],
        "offices": f",{','.join(offices)}," if offices else "",
        "object_kind": thing["kind"],
        "object_id": row["object_id"],
        "object_uuid": thing["uuid"],
        "object_title": row["label"],
        "reason": event["reason"],
    }
    fields = SealedEvent._meta.get_field
    return {
        "number": event["number"],
        "entry_id": event["entry"],
        "acted_at": dt.datetime.fromisoformat(row["timestamp"]),
        **{name: _text(text, fields(name)) for name, text in columns.items()},
    }


def _text(text: Any, field: Any) -> str:
    """Return what every database takes: no NUL, no half characters, not too long."""
    plain = str(text).replace("\x00", "").encode("utf-8", "replace").decode()
    return plain[: field.max_length] if field.max_length else plain


def _utc(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _reason(data: Any) -> str:
    found = (data.get(name) for name in REASONS) if isinstance(data, dict) else ()
    return next((str(text) for text in found if text), "")


def snapshot_in(entry: BaseLogEntry) -> dict[str, Any]:
    """Return what was stamped onto the row when it was written."""
    kept = entry.data.get(STAMP) if isinstance(entry.data, dict) else None
    return kept if isinstance(kept, dict) else {}
