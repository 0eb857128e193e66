"""Search by program: the same answers as the page, with plain errors in JSON."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from ninja.errors import HttpError

from . import services
from .engines.base import MAX_WINDOW
from .facets import described, facet_names, is_known
from .query import MAX_LENGTH

router = Router(tags=["search"])
REFUSED_LENGTH = 2_000
Values = Annotated[list[str], Field(default_factory=list)]


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
    """Find public items, guides and reading points; snippets are escaped HTML."""
    _check(query)
    chosen = query.chosen()
    asked = services.Asked(
        text=query.q[:MAX_LENGTH],
        filters=chosen,
        facets=facet_names(),
        sort=query.sort,
        page=query.page,
        page_size=query.page_size,
        verbatim=query.verbatim,
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
        "engine": result.engine,
        "took_ms": result.took_ms,
        "relaxed": result.relaxed,
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
    }
