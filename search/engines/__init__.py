"""Search engines by name; each is loaded only where it is configured."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from .base import (
    Engine,
    EngineDown,
    EngineError,
    Entry,
    Holding,
    Position,
    Receipt,
    SearchHit,
    SearchQuery,
    SearchResult,
    Unit,
)

__all__ = [
    "Engine",
    "EngineDown",
    "EngineError",
    "Entry",
    "Holding",
    "Position",
    "Receipt",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "Unit",
    "get",
]
_ENGINES = {
    "local": "search.engines.local.LocalEngine",
    # The client alone takes 44 MB: embedded mode never loads it.
    "es": "search.engines.elastic.ElasticEngine",
}


def get(name: str) -> Engine:
    """Return the engine of this name (``local``, ``es``), configured by settings.

    Raises:
        KeyError: there is no such engine.
    """
    if name == "local":
        return _make(name, str(settings.GONGKAI_HOME / "index"))
    return _make(name, settings.ELASTICSEARCH_URL, settings.GONGKAI_ES_PREFIX)


@cache
def _make(name: str, *place: str) -> Engine:
    return import_string(_ENGINES[name])(*place)
