"""What a row of synonyms would change, tried out before it is saved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import dictionary, site_ranking
from .models import Synonym
from .query import make_query, parse
from .services import search

SHOWN = 5
MOST_WORDS = 8


@dataclass(frozen=True)
class Tried:
    """What one word finds now and would find; the first titles of each."""

    word: str
    before: int
    after: int
    titles_before: tuple[str, ...]
    titles_after: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[str, bool]]:
        """The titles found with the row, and whether each is new among them."""
        return [(t, t not in self.titles_before) for t in self.titles_after]


def try_row(names: Iterable[str], replacing: Iterable[str] = ()) -> list[Tried]:
    """Search each word (folded) without and with the row; nothing is saved.

    Args:
        replacing: the words of the row as it is saved now, if there is one.

    Raises:
        SearchUnavailable: no engine answers.
    """
    dictionary.load()
    names = tuple(names)
    now = Synonym.others()
    gone = set(replacing)
    kept = {word: others for word, others in now.items() if word not in gone}
    then = kept | {n: tuple(o for o in names if o != n) for n in names}
    return [_tried(name, now, then) for name in names[:MOST_WORDS]]


def _tried(
    word: str,
    now: Mapping[str, tuple[str, ...]],
    then: Mapping[str, tuple[str, ...]],
) -> Tried:
    before, titles_before = _found(word, now)
    after, titles_after = _found(word, then)
    return Tried(word, before, after, titles_before, titles_after)


def _found(
    word: str, synonyms: Mapping[str, tuple[str, ...]]
) -> tuple[int, tuple[str, ...]]:
    ranking = site_ranking.current()
    query = make_query(parsed=parse(word, synonyms), page_size=SHOWN, ranking=ranking)
    result = search(query)
    return result.total, tuple(hit.document.title for hit in result.hits)
