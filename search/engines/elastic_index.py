"""How an index is laid out: our tokens, filters, and the document beside them."""

from typing import Any

from elasticsearch.dsl import Keyword, Long, Mapping, Object, Text

from search.documents import FILTERS, SearchDocument
from search.fields import COLUMNS, PHRASE_FIELDS, TOKEN_FIELDS, columns
from search.tokens import PIPELINE_VERSION

SCHEMA_VERSION = 4
SETTINGS = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    # Set, so that an index nobody asked for half a minute still refreshes itself.
    "refresh_interval": "1s",
    "max_result_window": 10_000,
}


def mappings(*, complete: bool) -> dict[str, Any]:
    """Return the mapping; nothing is guessed from data (``dynamic: strict``)."""
    mapping = Mapping()
    for name in ("key", "state", "sha256", *FILTERS):
        mapping.field(name, Keyword())
    for name in TOKEN_FIELDS:
        options = "positions" if name in PHRASE_FIELDS else "freqs"
        mapping.field(
            name, Text(analyzer="whitespace", index_options=options, norms=True)
        )
    for name in ("version", *COLUMNS):
        mapping.field(name, Long())
    mapping.field("document", Object(enabled=False))
    mapping.meta("dynamic", "strict")
    return {
        **mapping.to_dict(),
        "_meta": meta(complete=complete),
        # Tokens are only searched; they can always be made again.
        "_source": {"excludes": list(TOKEN_FIELDS)},
    }


def meta(*, complete: bool) -> dict[str, Any]:
    """Return what an index says of itself; ``complete``: it was built from all."""
    return {
        "pipeline": PIPELINE_VERSION,
        "schema": SCHEMA_VERSION,
        "complete": complete,
    }


def is_complete(found: dict[str, Any]) -> bool:
    """Whether an index holds everything, in tokens of this pipeline."""
    return found == meta(complete=True)


def source(
    version: int, document: SearchDocument, fields: dict[str, str]
) -> dict[str, Any]:
    """Return the body of a document for Elasticsearch."""
    body: dict[str, Any] = {
        "key": document.key,
        "state": document.state,
        "sha256": document.sha256,
        "version": version,
        "document": document.stored(),
    }
    if document.published:
        body |= columns(document)
        body |= {name: v for name in FILTERS if (v := getattr(document, name))}
        body |= {name: text for name, text in fields.items() if text}
    return body
