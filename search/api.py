"""Search by program: the same answers as the page, with plain errors in JSON."""

import re
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from ninja.errors import HttpError

from . import services
from .days import Period
from .documents import MAX_NUMBER
from .engines.base import MAX_WINDOW, Position
from .facets import described, facet_names, is_known
from .query import MAX_LENGTH

router = Router(tags=["search"])
REFUSED_LENGTH = 2_000
Values = Annotated[list[str], Field(default_factory=list)]
Day = Annotated[str, Field(description="2026、2026-05 或 2026-05-01；包括当天")]
_CURSOR = re.compile(r"(?P<day>[0-9]{8})-(?P<number>[0-9]{1,19})")


class SearchFilter(Schema):
    """Parameters of a search; filters may be repeated (any of the values)."""

    q: str = ""
    category: Values
    office: Values
    year: Values
    validity: Values
    type: Values
    origin: Values
    village: Values
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20
    verbatim: bool = False
    first: Day = Field("", alias="from")
    last: Day = Field("", alias="to")
    after: str = Field(
        "", description="上一次回答的 next；只用于 sort=date，或者没有 q 时"
    )

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Return the filters that are set, checked."""
        names = ("category", "office", "year", "validity", "type", "origin", "village")
        chosen: dict[str, tuple[str, ...]] = {}
        for name in names:
            values = tuple(dict.fromkeys(filter(None, getattr(self, name))))
            if wrong := next((v for v in values if not is_known(name, v)), None):
                raise HttpError(400, f"{name}: 没有这个值 {wrong[:40]!r}")
            if values:
                chosen[name] = values[:50]
        return chosen


@router.get("search", summary="全文检索")
def search(request: HttpRequest, query: Query[SearchFilter]) -> dict[str, Any]:
    """Find public items, guides and reading points; snippets are escaped HTML.

    By date, ``next`` leads through everything without gaps or repetitions: ask again
    with ``after``; empty at the end. By relevance ``next`` is empty: ask by ``page``.
    """
    _check_names(request)
    _check(query)
    chosen = query.chosen()
    since, until = _period(query).numbers
    asked = services.Asked(
        text=query.q[:MAX_LENGTH],
        filters=chosen,
        facets=facet_names(),
        sort=query.sort,
        page=query.page,
        page_size=query.page_size,
        verbatim=query.verbatim,
        since=since,
        until=until,
        after=_place(query),
    )
    try:
        answer = services.find(asked)
    except services.SearchUnavailable as error:
        raise HttpError(503, "检索服务暂时不可用，请稍后再试") from error
    result = answer.result
    few = query.q.strip() and not result.total
    return {
        "total": result.total,
        "page": query.page,
        "next": _cursor(result.end) if _by_date(query) else "",
        "engine": result.engine,
        "took_ms": result.took_ms,
        "relaxed": result.relaxed,
        "dropped": list(answer.dropped.absent),
        "corrected": answer.corrected,
        "degraded": result.degraded,
        "results": [_hit(hit) for hit in answer.hits],
        "facets": {
            name: [value.__dict__ for value in values]
            for name, values in described(result, chosen).items()
        },
        "suggestions": [d.title for d in services.suggest(query.q)] if few else [],
    }


@router.get("suggest", summary="按名称提示")
def suggest(request: HttpRequest, q: str = "") -> dict[str, Any]:
    """Return up to ten titles that contain the text or its pinyin initials."""
    _check_length(q)
    return {
        "q": q,
        "suggestions": [
            {"title": found.title, "type": found.type, "url": found.url}
            for found in services.suggest(q)
        ],
    }


def _check(query: SearchFilter) -> None:
    _check_length(query.q)
    if query.sort not in ("relevance", "date"):
        raise HttpError(400, "sort: 应为 relevance 或 date")
    if not 1 <= query.page_size <= 100:
        raise HttpError(400, "page_size: 应在 1 和 100 之间")
    if query.page < 1 or query.page * query.page_size > MAX_WINDOW:
        raise HttpError(400, f"page: 只能翻到第 {MAX_WINDOW} 条")


def _check_names(request: HttpRequest) -> None:
    """Refuse what is no parameter: a filter with a slip would find everything."""
    known = {f.alias or name for name, f in SearchFilter.model_fields.items()}
    if unknown := sorted(set(request.GET) - known):
        names = "、".join(sorted(known))
        raise HttpError(400, f"没有这个参数 {unknown[0][:40]!r}；可用：{names}")


def _period(query: SearchFilter) -> Period:
    period = Period.read(query.first, query.last)
    if period.problems:
        raise HttpError(400, f"from, to: {period.problems[0]}")
    return period


def _by_date(query: SearchFilter) -> bool:
    return query.sort == "date" or not query.q.strip()


def _place(query: SearchFilter) -> Position | None:
    """Return the place behind which the answer begins."""
    if not query.after:
        return None
    cursor = _CURSOR.fullmatch(query.after)
    if cursor is None or int(cursor["number"]) > MAX_NUMBER:
        raise HttpError(400, "after: 不是上一次回答里的 next")
    if not _by_date(query):
        raise HttpError(400, "after: 只能与 sort=date 合用；按相关排序请用 page")
    if query.page != 1:
        raise HttpError(400, "after: 不能与 page 合用")
    return int(cursor["day"]), int(cursor["number"])


def _cursor(place: Position | None) -> str:
    return f"{place[0]:08d}-{place[1]}" if place else ""


def _check_length(text: str) -> None:
    if len(text) > REFUSED_LENGTH:
        raise HttpError(400, f"q: 不能超过 {REFUSED_LENGTH} 字")


def _hit(hit: services.Hit) -> dict[str, Any]:
    document = hit.document
    return {
        "type": document.type,
        "key": document.key,
        "index_number": document.index_number,
        "external_id": document.external_id,
        "title": document.title,
        "category": document.category,
        "document_number": document.document_number,
        "publisher": document.publisher,
        "office": document.office,
        "date_published": document.date_published,
        "validity": document.validity,
        "url": document.url,
        "origin": document.origin,
        "score": round(hit.score, 4),
        "snippet": str(hit.snippet),
        "file": {"name": hit.file.name, "page": hit.file.page or None}
        if hit.file
        else None,
        "lacks": list(hit.lacks),
    }
