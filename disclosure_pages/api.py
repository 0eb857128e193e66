"""Read-only API of what is public: anonymous, keyset-paged, never a draft."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from disclosure_pages.choices import Category
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.public_state import PublicState, public_states, visible_pages

router = Router(tags=["items"])
MAX_LIMIT = 200


class ItemFilter(Schema):
    """Filters of the list; ``after`` is the ``next`` of the page before."""

    category: str = ""
    since: date | None = None
    after: str = ""
    limit: int = 50


def _described(state: PublicState) -> dict[str, Any]:
    return {"key": state.key, "state": state.state, **state.metadata}


def _after(items: QuerySet, cursor: str) -> QuerySet:
    """Return what comes after the cursor ``date.pk`` in the order of the list."""
    day, _dot, pk = cursor.rpartition(".")
    try:
        last, number = date.fromisoformat(day), int(pk[:18])
    except ValueError as error:
        raise HttpError(400, "after: 不是有效的翻页位置") from error
    return items.filter(
        Q(date_published__lt=last) | Q(date_published=last, pk__lt=number)
    )


@router.get("items", summary="公开信息列表")
def items(request: HttpRequest, query: Query[ItemFilter]) -> dict[str, Any]:
    """List what is public, newest first; ``next`` is null on the last page."""
    if query.category and query.category not in Category.values:
        raise HttpError(400, "category: 没有这个类别")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise HttpError(400, f"limit: 应在 1 和 {MAX_LIMIT} 之间")
    found = visible_pages(DisclosureItemPage).order_by("-date_published", "-pk")
    if query.category:
        found = found.filter(category=query.category)
    if query.since:
        found = found.filter(date_published__gte=query.since)
    if query.after:
        found = _after(found, query.after)
    rows = list(
        found.values_list("translation_key", "date_published", "pk")[: query.limit + 1]
    )
    page = rows[: query.limit]
    keys = [row[0].hex for row in page]
    states = public_states(keys)
    following = f"{page[-1][1]}.{page[-1][2]}" if len(rows) > query.limit else None
    return {"items": [_described(states[key]) for key in keys], "next": following}


@router.get("item", summary="按索引号取一条")
def item(request: HttpRequest, index_number: str) -> Any:
    """Return one item by its index number; 410 and its successor when withdrawn."""
    number = index_number.replace("\x00", "")
    page = DisclosureItemPage.objects.filter(index_number=number).first()
    if not number or page is None or not (page.live or page.withdrawn_at):
        raise HttpError(404, "没有这个索引号的公开信息")
    state = public_states([page.key])[page.key]
    if state.state != "published":
        if page.withdrawn_at:
            return JsonResponse(
                {
                    "detail": f"已撤回：{page.withdrawn_reason}",
                    "successor": state.metadata.get("successor"),
                },
                status=410,
                json_dumps_params={"ensure_ascii": False},
            )
        raise HttpError(404, "没有这个索引号的公开信息")
    return {
        **_described(state),
        "html": state.html,
        "attachments": state.attachments,
        "sha256": state.sha256,
    }
