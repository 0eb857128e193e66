"""Where lessons are kept, and which one ranks: none until somebody switches one on."""

import logging
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from cms.folding import fold_text
from search.models import LearnedRanking, SearchJudgement
from search.ranking import Ranking, Rule
from search.tokens import PIPELINE_VERSION

from .learn import NAMES, Labelled, Lesson, rule_of
from .memory import Memory

logger = logging.getLogger(__name__)
FEWEST = 100  # questions; fewer teach chance
MOST = 2_000  # the newest: learning takes minutes, memory stays small
MEASURES = ("nDCG@10", "MRR@10", "R@100")
TELLING = 0.5  # of the weight of the answer that was opened most


class Refused(Exception):
    """A lesson that must not rank; says why, in words for staff."""


def judgements() -> list[Labelled]:
    """Return past questions, newest first, each with what answers it.

    What staff judged counts; else what was opened at least half as often as what was
    opened most.
    """
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    rows = SearchJudgement.objects.order_by("-updated", "pk")
    names = ("question", "key", "source", "weight")
    for question, key, source, weight in rows.values_list(*names).iterator():
        found[fold_text(question)].setdefault(source, {})[key] = weight
    every = (Labelled(text, _answers(by)) for text, by in found.items())
    return [question for question in every if question.answers][:MOST]


def _answers(by_source: dict[str, dict[str, float]]) -> frozenset[str]:
    sources = SearchJudgement.Source
    weights = by_source.get(sources.STAFF) or by_source.get(sources.OPENED, {})
    positive = {key: weight for key, weight in weights.items() if weight > 0}
    least = TELLING * max(positive.values(), default=0.0)
    return frozenset(key for key, weight in positive.items() if weight >= least)


def save(lesson: Lesson) -> LearnedRanking:
    """Keep a lesson; it doesn't rank yet."""
    return LearnedRanking.objects.create(
        pipeline=PIPELINE_VERSION,
        questions=lesson.questions,
        figures=lesson.figures(),
        content=lesson.as_dict(),
    )


def activate(row: LearnedRanking) -> None:
    """Let a lesson rank, in place of the one before.

    Raises:
        Refused: too little was learned from, it is stale, or it is not better.
    """
    if reasons := list(_against(row)):
        raise Refused("；".join(reasons))
    with transaction.atomic():
        LearnedRanking.objects.filter(active=True).update(active=False)
        LearnedRanking.objects.filter(pk=row.pk).update(active=True)


def deactivate() -> int:
    """Rank by the rule of the settings again; returns how many rows were active."""
    return LearnedRanking.objects.filter(active=True).update(active=False)


def _against(row: LearnedRanking) -> Iterable[str]:
    if row.pipeline != PIPELINE_VERSION:
        yield _("分词版本已变，请重新学习")
    if row.questions < FEWEST:
        counted = {"count": row.questions, "least": FEWEST}
        yield _("只有 %(count)d 个问题，至少要 %(least)d 个") % counted
    gains = row.figures["gains"]
    if gains["nDCG@10"][1] <= 0:
        yield _("前十条没有可靠的提高")
    for name in MEASURES:
        if gains[name][0] < 0:
            yield _("%(name)s 变差了") % {"name": name}


def applied(ranking: Ranking) -> Ranking:
    """Return the ranking with the active lesson, if there is one that can be read."""
    row = LearnedRanking.objects.filter(active=True).first()
    if row is None:
        return ranking
    if row.pipeline != PIPELINE_VERSION:
        logger.warning("learned ranking %s holds tokens of another pipeline", row.pk)
        return ranking
    try:
        memory, learned = read(row.content)
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("learned ranking %s cannot be read: %r", row.pk, error)
        return ranking
    return ranking.having(memory, learned)


def read(content: dict) -> tuple[Memory, Rule]:
    """Return memory and rule from what ``Lesson.as_dict`` gave.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    weights = {name: float(content["weights"][name]) for name in NAMES}
    return Memory.from_dict(content["memory"]), rule_of(weights)
