"""The change feed: what appeared, changed or vanished, for whoever keeps a copy."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from disclosure_pages.public_state import PublicState, public_states

from .models import ChangeCounter, ChangedKey

router = Router(tags=["changes"])
MAX_LIMIT = 500
LISTED = (
    *("type", "index_number", "title", "category", "document_number", "publisher"),
    *("date_published", "url", "origin", "successor"),
)


class ChangesFilter(Schema):
    """``since`` is the ``next`` of the answer before; from the start when empty."""

    since: str = ""
    limit: int = 100


@router.get("changes", summary="公开变更清单")
def changes(request: HttpRequest, query: Query[ChangesFilter]) -> dict[str, Any]:
    """List what changed after a position, oldest first, withdrawals included.

    Each entry says what is true now. ``next`` is where to go on, also when nothing is
    left; every key comes once until it changes again.
    """
    if not 1 <= query.limit <= MAX_LIMIT:
        raise HttpError(400, f"limit: 应在 1 和 {MAX_LIMIT} 之间")
    since = _position(query.since)
    rows = list(
        ChangedKey.objects.filter(number__gt=since).order_by("number")[: query.limit]
    )
    states = public_states([row.key for row in rows])
    last = rows[-1].number if rows else since
    return {
        "changes": [_described(row, states[row.key]) for row in rows],
        "next": str(last),
    }


def _position(text: str) -> int:
    """Return the number; one that was never given shows that ours were restored."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):  # noqa: PLR2004
        raise HttpError(400, "since: 不是有效的位置，应为上次回答里的 next")
    number = int(text)
    if number > ChangeCounter.reached():
        raise HttpError(
            410, "since: 这个位置之后的清单已重建，请从头读起（不带 since）"
        )
    return number


def _described(row: ChangedKey, state: PublicState) -> dict[str, Any]:
    told = {name: state.metadata[name] for name in LISTED if state.metadata.get(name)}
    return {
        "key": state.key,
        "state": state.state,
        "changed_at": row.changed_at.isoformat(timespec="seconds"),
        "sha256": state.sha256,
        **told,
        **({"reason": state.reason} if state.reason else {}),
    }
