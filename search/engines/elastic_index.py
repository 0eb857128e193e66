"""How an index is laid out: our tokens, filters, and the document beside them."""

import time
from dataclasses import dataclass
from typing import Any, Self

from elasticsearch.dsl import Keyword, Long, Mapping, Object, Text

from search.documents import FILTERS, SearchDocument
from search.fields import COLUMNS, PHRASE_FIELDS, TOKEN_FIELDS, columns
from search.tokens import PIPELINE_VERSION

from .base import UNFINISHED_S

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


@dataclass(frozen=True)
class About:
    """What an index says of itself, and its name of its age."""

    name: str
    names: frozenset[str]  # its aliases
    pipeline: int
    schema: int
    complete: bool

    @classmethod
    def of(cls, index: str, answer: dict[str, Any]) -> Self:
        """Read what the server tells of an index."""
        found = answer.get("mappings", {}).get("_meta", {})
        return cls(
            index,
            frozenset(answer.get("aliases", {})),
            found.get("pipeline", 0),
            found.get("schema", 0),
            found.get("complete", False),
        )

    @classmethod
    def new(cls, index: str) -> Self:
        """Describe an index that was just made."""
        return cls(index, frozenset(), PIPELINE_VERSION, SCHEMA_VERSION, complete=False)

    @property
    def ours(self) -> bool:
        """Whether it holds tokens of this pipeline."""
        return (self.pipeline, self.schema) == (PIPELINE_VERSION, SCHEMA_VERSION)

    @property
    def newer(self) -> bool:
        """Whether a later version of this program made it: not ours to replace."""
        return self.pipeline > PIPELINE_VERSION or self.schema > SCHEMA_VERSION

    @property
    def lacking(self) -> bool:
        """Whether it has to be built anew by us."""
        return not self.newer and not (self.ours and self.complete)

    @property
    def young(self) -> bool:
        """Whether it was begun within a day."""
        return made_at_s(self.name) > time.time() - UNFINISHED_S

    @property
    def resumable(self) -> bool:
        """Whether a build that was cut short can go on with it."""
        return self.ours and not self.complete and self.young


def made_at_s(index: str) -> float:
    """When an index was begun, seconds since 1970: the end of its name tells."""
    try:
        return int(index.rpartition("-")[2], 16) / 1e9
    except ValueError:
        return 0.0


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
        body |= {name: v for name in FILTERS if (v := document.filter_values(name))}
        body |= {name: text for name, text in fields.items() if text}
    return body
