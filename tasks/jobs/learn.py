"""Learn once a day from what is public: who names whom, and the words of this site."""

from collections.abc import Iterator
from dataclasses import replace

from celery import shared_task

from disclosure_pages.catalogue_selectors import site_names
from disclosure_pages.public_state import public_keys, public_states
from search import citations, site_ranking, spelling
from search.builder import build_document
from search.documents import SearchDocument

AT_ONCE = 500


@shared_task(name="tasks.learn", soft_time_limit=780, time_limit=840)
def learn() -> tuple[int, int]:
    """Count anew who names whom, learn all terms; returns (named, terms)."""
    heads = [replace(document, text="") for document in _documents()]
    works, documents = citations.count(heads, _documents())
    site_ranking.save(works, documents)
    terms = spelling.learn((document.title for document in heads), site_names())
    return len(works) + len(documents), terms


def _documents() -> Iterator[SearchDocument]:
    after = ""
    while keys := public_keys(after, AT_ONCE):
        after = keys[-1]
        yield from map(build_document, public_states(keys).values())
