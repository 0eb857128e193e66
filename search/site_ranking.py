"""How this site ranks: the rule of the settings, what was counted and learned last."""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from .citations import Citations
from .documents import number_of
from .kept import Kept
from .learning import store
from .models import CitationCount
from .ranking import RULES, Ranking

FRESH_S = 600.0
AT_ONCE = 1_000
_kept = Kept(lambda: store.applied(standing()), FRESH_S)
forget = _kept.forget


def current() -> Ranking:
    """Return the ranking; counts are read every ten minutes in each process."""
    return _kept.get()


def standing() -> Ranking:
    """Return the ranking of the settings, without what was learned from judgements."""
    return Ranking(RULES[settings.GONGKAI_RANKING], _counted(), _without_prior())


def save(works: Mapping[int, int], documents: Mapping[int, int]) -> None:
    """Replace all counts."""
    kinds = CitationCount.Kind
    rows = [
        CitationCount(kind=kind, subject=subject, count=count)
        for kind, counts in ((kinds.WORK, works), (kinds.DOCUMENT, documents))
        for subject, count in counts.items()
    ]
    with transaction.atomic():
        CitationCount.objects.all().delete()
        CitationCount.objects.bulk_create(rows, batch_size=AT_ONCE)
    forget()


def _counted() -> Citations:
    found: dict[str, dict[int, int]] = {kind: {} for kind in CitationCount.Kind.values}
    rows = CitationCount.objects.values_list("kind", "subject", "count")
    for kind, subject, count in rows.iterator():
        found[kind][subject] = count
    kinds = CitationCount.Kind
    return Citations.of(found[kinds.WORK], found[kinds.DOCUMENT])


def _without_prior() -> frozenset[int]:
    return frozenset(number_of(code) for code in settings.GONGKAI_NO_PRIOR)
