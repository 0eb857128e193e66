"""What a saved search finds that was not there, or not told, before."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from search import services
from search.documents import SearchDocument, number_of

from .models import Appearance, SavedSearch, SentHit
from .words import address_of

PER_LETTER = 20
CARRIED = 80  # hits beyond those of a letter that follow in the next ones
AT_ONCE = 1000
# Text of attachments is read later than its item is found: looked for so long.
SETTLING = dt.timedelta(days=3)


@dataclass(frozen=True)
class News:
    """What a letter tells, newest first.

    ``follows``: so many come with the next letters; ``beyond``: so many are only
    counted. ``cursor`` is where the search stands once the letter is sent.
    """

    documents: list[SearchDocument]
    follows: int
    beyond: int
    cursor: int


def news_of(saved: SavedSearch, now: dt.datetime) -> News:
    """Return what is new: public now, found by every word, never told.

    Raises:
        SearchUnavailable: no engine answers, or none that has all documents.
    """
    later = Appearance.objects.filter(pk__gt=saved.cursor).order_by("pk")
    seen = list(later.values_list("pk", "key", "at"))
    known = set(saved.sent.values_list("number", flat=True))
    keys = [key for _pk, key, _at in seen if number_of(key) not in known]
    total, documents = _found(saved, keys)
    rest = max(0, total - PER_LETTER)
    if 0 < rest <= CARRIED:  # they wait for the next letter
        return News(documents[:PER_LETTER], rest, 0, saved.cursor)
    settled = [pk for pk, _key, at in seen if rest or at < now - SETTLING]
    cursor = max(settled, default=saved.cursor)
    return News(documents[:PER_LETTER], 0, rest, cursor)


def told(saved: SavedSearch, news: News) -> None:
    """Remember what was told."""
    SentHit.objects.bulk_create(
        [
            SentHit(saved=saved, number=number_of(document.key))
            for document in news.documents
        ],
        ignore_conflicts=True,
    )


def _found(saved: SavedSearch, keys: Sequence[str]) -> tuple[int, list[SearchDocument]]:
    """Return how many of the keys are found, and the newest of them."""
    total, found = 0, []
    asked = address_of(saved.search).asked()
    for start in range(0, len(keys), AT_ONCE):
        result = services.newest(asked, PER_LETTER, keys[start : start + AT_ONCE])
        total += result.total
        found += [hit.document for hit in result.hits]
    return total, sorted(found, key=_newest)


def _newest(document: SearchDocument) -> tuple[int, str]:
    day = document.date_published.replace("-", "") or "0"
    return -int(day), document.key
