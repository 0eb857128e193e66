"""Ask the first engine that answers, and show only what is public now."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.safestring import SafeString

from cms.folding import fold_text
from disclosure_pages.public_state import publicly_visible

from . import (
    attachments,
    dictionary,
    engines,
    fields,
    highlight,
    site_ranking,
    spelling,
    tokens,
)
from .documents import SearchDocument
from .dropped import NOTHING_DROPPED, Dropped, find_dropped
from .engines.base import (
    ENOUGH_HITS,
    MAX_WINDOW,
    EngineDown,
    Position,
    SearchHit,
    SearchQuery,
    SearchResult,
    Unit,
)
from .item_rows import path_of
from .query import Parsed, make_query, parse

logger = logging.getLogger(__name__)
AVOID_S = 10.0
AT_ONCE = 500
SUGGESTIONS = 10
_avoid_until: dict[str, float] = {}
_guard = threading.Lock()


class SearchUnavailable(Exception):
    """No engine answers; lists and pages still work."""


class SearchIncomplete(SearchUnavailable):
    """What answers lost documents: what it does not find may be there."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked for, already validated."""

    text: str = ""
    filters: dict[str, tuple[str, ...]] | None = None
    facets: Sequence[str] = ()
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20
    verbatim: bool = False
    since: int = 0
    until: int = 0
    after: Position | None = None
    excerpts: bool = True


@dataclass(frozen=True)
class Hit:
    """One hit as it is shown; ``title`` and ``snippet`` are escaped and marked.

    ``file``: where the snippet stands, when that is in an attached file.
    """

    document: SearchDocument
    title: SafeString
    snippet: SafeString
    score: float
    file: attachments.FileHit | None = None
    lacks: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Address on this site, also when another authority published it."""
        return path_of(self.document)


@dataclass(frozen=True)
class Answer:
    """A result, ready to be shown.

    ``corrected`` is what was looked for instead, ``plain`` the question without signs
    if it has any.
    """

    result: SearchResult
    hits: list[Hit]
    corrected: str = ""
    dropped: Dropped = NOTHING_DROPPED
    plain: str = ""


def find(asked: Asked) -> Answer:
    """Search and mark what was found.

    When next to nothing is found, a question with its unknown words corrected is asked
    too, and answers if it finds more; not for what shall be taken ``verbatim``.

    Raises:
        SearchUnavailable: no engine answers.
    """
    dictionary.load()
    answer = _answer(asked, parse(asked.text, dictionary.synonyms()))
    found = answer.result.with_all
    if asked.verbatim or found >= ENOUGH_HITS:
        return answer
    text = spelling.corrected(asked.text)
    other = _answer(asked, parse(text, dictionary.synonyms())) if text else answer
    return replace(other, corrected=text) if other.result.with_all > found else answer


def walk(asked: Asked, limit: int) -> Iterator[SearchDocument]:
    """Yield what a search finds, in its order, from the beginning, read in pieces.

    By date each piece begins behind the one before; by relevance each ranks anew.

    Raises:
        SearchUnavailable: no engine answers, or none that has all documents.
    """
    first = find(replace(asked, page=1, page_size=1, facets=(), excerpts=False))
    if first.result.incomplete:
        raise SearchIncomplete
    parsed = parse(first.corrected or asked.text, dictionary.synonyms())
    piece = replace(asked, page=1, page_size=AT_ONCE, facets=(), after=None)
    for start in range(0, limit, AT_ONCE):
        query = _query(piece, parsed)
        result = search(query)
        yield from (hit.document for hit in result.hits[: limit - start])
        if result.end is None:
            return
        if query.by_date:
            piece = replace(piece, after=result.end)
        else:
            piece = replace(piece, page=piece.page + 1)


def newest(asked: Asked, limit: int, keys: Sequence[str] = ()) -> SearchResult:
    """Return the newest of what has every word, also of a sentence.

    Args:
        keys: if any, nothing but these documents is looked at.

    Raises:
        SearchUnavailable: no engine answers, or none that has all documents.
    """
    dictionary.load()
    parsed = parse(asked.text, dictionary.synonyms())
    piece = replace(asked, sort="date", page=1, page_size=limit, facets=())
    result = search(replace(_query(piece, parsed, strict=True), keys=tuple(keys)))
    if result.incomplete:
        raise SearchIncomplete
    return result


def _answer(asked: Asked, parsed: Parsed) -> Answer:
    result = search(_query(asked, parsed))
    dropped = NOTHING_DROPPED
    if parsed.named and (result.relaxed or not result.total):
        keys = [hit.key for hit in result.hits]
        dropped = find_dropped(result.engine, parsed, keys)
    hits = [
        replace(hit, lacks=dropped.lacking.get(hit.document.key, ()))
        for hit in (_shown if asked.excerpts else _bare)(result.hits, parsed)
    ]
    written = parsed.written
    plain = written.plain if written.signs or written.excluded else ""
    return Answer(result, hits, dropped=dropped, plain=plain)


def _query(asked: Asked, parsed: Parsed, *, strict: bool = False) -> SearchQuery:
    return make_query(
        parsed=parsed,
        filters=asked.filters,
        facets=asked.facets,
        sort=asked.sort,
        page=asked.page,
        page_size=asked.page_size,
        ranking=site_ranking.current(),
        since=asked.since,
        until=asked.until,
        after=asked.after,
        strict=strict,
    )


def search(query: SearchQuery) -> SearchResult:
    """Ask the first healthy engine; drop hits that are not public any more.

    Totals follow the hits dropped on this page; facet counts may lag behind the
    database for as long as the index does.

    Raises:
        SearchUnavailable: no engine answers.
    """
    result = _ask(query)
    visible = publicly_visible(hit.key for hit in result.hits)
    hits = [hit for hit in result.hits if hit.key in visible]
    hidden = len(result.hits) - len(hits)
    full = len(result.hits) == query.page_size
    end = result.hits[-1].position if full else None
    return replace(result, hits=hits, total=result.total - hidden, end=end)


def suggest(text: str, limit: int = SUGGESTIONS) -> list[SearchDocument]:
    """Return documents whose titles contain what was typed, as text or as pinyin.

    Pinyin: whole (gongkai, gong kai), or the first letters (gk). Prefixes come first,
    then earlier places, then shorter titles. Needs two characters; finds nothing when
    no engine answers.
    """
    typed = fold_text(text[:50]).strip()
    letters = typed.replace(" ", "")
    unit = _title_unit(typed)
    if unit is None:
        return []
    query = SearchQuery(
        text=typed, units=(unit,), minimum=1, sort="date", page_size=100
    )
    try:
        hits = search(query).hits
    except SearchUnavailable:
        return []
    ranked: dict[str, tuple[tuple[int, int, str], SearchDocument]] = {}
    for hit in hits:
        title = fold_text(hit.document.title)
        place = title.find(typed)
        if place < 0:
            place = max(
                way(title).find(letters) for way in (fields.initials, fields.sounds)
            )
        if place >= 0:
            order = (place, len(title), hit.key)
            best = ranked.get(title)
            if best is None or order < best[0]:
                ranked[title] = (order, hit.document)
    chosen = sorted(ranked.values(), key=lambda pair: pair[0])
    return [document for _order, document in chosen[:limit]]


def pages_of(result: SearchResult, page_size: int) -> int:
    """Return how many pages can be opened (10,000 hits at most)."""
    return max(1, -(-min(result.total, MAX_WINDOW) // page_size))


def _shown(hits: Sequence[SearchHit], parsed: Parsed) -> list[Hit]:
    """Return hits with the stretch that says most, of the text or of a file."""
    texts = {hit.key: highlight.excerpt(hit.document.text, parsed) for hit in hits}
    enough = highlight.most(parsed)
    wanted = [
        hit.key for hit in hits if hit.document.files and texts[hit.key].weight < enough
    ]
    files = attachments.best(wanted, parsed) if wanted else {}
    shown = []
    for hit in hits:
        excerpt, file = texts[hit.key], files.get(hit.key)
        if file and file.excerpt.weight > excerpt.weight:
            excerpt = file.excerpt
        else:
            file = None
        name = highlight.title(hit.document.title, parsed)
        shown.append(Hit(hit.document, name, excerpt.shown, hit.score, file))
    return shown


def _bare(hits: Sequence[SearchHit], parsed: Parsed) -> list[Hit]:
    """Return hits without looking into texts and files."""
    return [
        Hit(
            hit.document,
            highlight.title(hit.document.title, parsed),
            SafeString(""),
            hit.score,
        )
        for hit in hits
    ]


def _title_unit(typed: str) -> Unit | None:
    pairs = tokens.bigrams(typed)
    if not pairs:
        return None
    analysed = tokens.analyse(typed)
    parts = [*analysed.bigrams, *(word for word in analysed.words if word.isascii())]
    ways = []
    if parts:
        ways.append(tuple(("title", part) for part in parts))
    letters = typed.replace(" ", "")
    if letters.isascii() and letters.isalnum():
        ways.append(tuple(("initials", pair) for pair in tokens.bigrams(letters)))
        if triples := fields.letter_triples(letters):
            ways.append(tuple(("sounds", triple) for triple in triples))
    return Unit(tuple(ways)) if ways else None


def _ask(query: SearchQuery) -> SearchResult:
    """Return the answer of the first engine that has a complete one.

    An engine that failed is left alone for ten seconds, so that not every reader
    waits for its timeout. One that lost documents answers only if no other can.
    """
    partial: SearchResult | None = None
    names = dict.fromkeys([*settings.GONGKAI_INDEXES, "local"])
    for place, name in enumerate(names):
        if _avoid_until.get(name, 0.0) > time.monotonic():
            continue
        try:
            result = engines.get(name).search(query)
        except EngineDown as error:
            logger.warning("search engine %s does not answer: %s", name, error)
            with _guard:
                _avoid_until[name] = time.monotonic() + AVOID_S
            continue
        result = replace(result, degraded=place > 0)
        if not result.incomplete:
            return result
        partial = partial or result
    if partial is None:
        raise SearchUnavailable
    return partial
