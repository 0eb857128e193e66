"""Trying a rule out (试运行): what it would have met of late; nothing is written."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import islice

from django.utils import timezone

from disclosure_pages.models.rules import ContentRule
from disclosure_pages.rules.engine import Outcome, foresee, matches
from disclosure_pages.rules.registry import EVENTS, Subject

DAYS = 30
LOOKED_AT = 500
SHOWN = 100


@dataclass
class Trial:
    """What a rule would do, as things stand now, to each thing that fits."""

    looked_at: int = 0
    fitting: int = 0
    rows: list[tuple[Subject, list[Outcome]]] = field(default_factory=list)


def try_out(rule: ContentRule) -> Trial:
    """Return what the rule would do to what happened within the last days.

    At most ``LOOKED_AT`` events, the newest, are looked at, ``SHOWN`` of them listed.
    """
    trial = Trial()
    event = EVENTS.get(rule.event)
    if event is None:
        return trial
    actions = list(rule.actions.all())
    since = timezone.now() - dt.timedelta(days=DAYS)
    for subject in islice(event.recent(since), LOOKED_AT):
        trial.looked_at += 1
        if not matches(rule, subject):
            continue
        trial.fitting += 1
        if len(trial.rows) < SHOWN:
            trial.rows.append((subject, [foresee(row, subject) for row in actions]))
    return trial
