"""Learn once a day from what is public: who names whom, and the words of this site."""

from collections.abc import Iterator
from dataclasses import replace

from celery import shared_task

from disclosure_pages.catalogue_selectors import site_names
from disclosure_pages.public_state import public_keys, public_states
from search import citations, site_ranking, spelling
from search.builder import build_document
from search.documents import SearchDocument

from ..locks import target_lock

AT_ONCE = 500


@shared_task(name="tasks.learn", soft_time_limit=780, time_limit=840)
def learn() -> tuple[int, int]:
    """Count anew who names whom, learn all terms; returns (named, terms).

    Reads all that is public twice: names first, then texts. Nothing happens while
    another process is at it.
    """
    with target_lock("learn") as ours:
        if not ours:
            return 0, 0
        keys = public_keys()
        heads = [replace(document, text="") for document in _documents(keys)]
        works, documents = citations.count(heads, _documents(keys))
        site_ranking.save(works, documents)
        terms = spelling.learn((document.title for document in heads), site_names())
        return len(works) + len(documents), terms


def _documents(keys: list[str]) -> Iterator[SearchDocument]:
    for start in range(0, len(keys), AT_ONCE):
        states = public_states(keys[start : start + AT_ONCE]).values()
        yield from (build_document(state) for state in states)
