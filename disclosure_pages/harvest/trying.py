"""试取: what a source would give, shown and not kept."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from disclosure_pages.harvest.base import Asked, Content, Find, SourceTrouble
from disclosure_pages.harvest.kinds import KINDS
from disclosure_pages.harvest.profiles import ProfileError, profile_of
from disclosure_pages.harvest.web import Later, OutOfTime, Web, WebError
from disclosure_pages.models import HarvestSource

SHOWN = 10
BUDGET_S = 12.0


@dataclass
class Trial:
    """The first that were found; ``error`` says in Chinese why there are no more."""

    rows: list[Content] = field(default_factory=list)
    error: str = ""
    asked: int = 0

    @property
    def unopened(self) -> bool:
        """Whether there was no time to open some page."""
        return not all(row.title for row in self.rows)


def try_out(
    source: HarvestSource,
    *,
    budget_s: float = BUDGET_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Trial:
    """Read the list from its beginning and the first pages, as far as the time goes."""
    trial = Trial()
    web = Web(source.pause_s, time.monotonic() + budget_s, sleep)
    finds: list[Find] = []
    try:
        profile = profile_of(source.kind, source.profile)
        kind = KINDS[source.kind]
        batches = kind.discover(web, source.url, profile, {})
        finds = list(islice(_published(f for b in batches for f in b.finds), SHOWN))
        for number, find in enumerate(finds):
            trial.rows.append(find.content)
            if not find.done:
                asked = Asked(find.address, find.content)
                found = kind.fetch(web, source.url, profile, asked)
                trial.rows[number] = found.content or find.content
    except OutOfTime:
        pass  # the rest is shown as the list names it
    except (Later, WebError, SourceTrouble, ProfileError) as error:
        trial.error = str(error)
    trial.rows += [find.content for find in finds[len(trial.rows) :]]
    trial.asked = web.asked
    return trial


def _published(finds: Iterator[Find]) -> Iterator[Find]:
    return (find for find in finds if not find.gone)
