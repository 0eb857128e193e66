"""Count at night which documents others name."""

from collections.abc import Iterator

from celery import shared_task

from disclosure_pages.public_state import public_keys, public_states
from search import citations, site_ranking
from search.builder import build_document
from search.documents import SearchDocument

AT_ONCE = 500


@shared_task(name="tasks.count_citations", soft_time_limit=1_740, time_limit=1_800)
def count_citations() -> int:
    """Count anew who names whom in all that is public; returns how many are named."""
    works, documents = citations.count(_documents)
    site_ranking.save(works, documents)
    return len(works) + len(documents)


def _documents() -> Iterator[SearchDocument]:
    after = ""
    while keys := public_keys(after, AT_ONCE):
        after = keys[-1]
        yield from map(build_document, public_states(keys).values())
