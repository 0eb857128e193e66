"""试取: what a source would give, shown and not kept."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext as _

from disclosure_pages.harvest.base import Asked, Content, Find, SourceTrouble
from disclosure_pages.harvest.kinds import KINDS
from disclosure_pages.harvest.profiles import (
    ProfileError,
    host_of,
    is_own,
    profile_of,
)
from disclosure_pages.harvest.web import Later, OutOfTime, Web, WebError
from disclosure_pages.models import HarvestSource

logger = logging.getLogger(__name__)
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
    except Exception:  # whatever a site says, the officer gets a page
        logger.exception("trial of source %s", source.pk)
        trial.error = _("程序出错，已记入日志，请告诉技术人员。")
    trial.rows += [find.content for find in finds[len(trial.rows) :]]
    trial.asked = web.asked
    trial.error = trial.error or _foreign(source, trial.rows)
    return trial


def _foreign(source: HarvestSource, rows: list[Content]) -> str:
    """Say which of the rows would not be kept, because others published them."""
    urls = [row.url for row in rows if row.url]
    urls = [url for url in urls if not is_own(url, source.url, source.profile)]
    words = _(
        "其中 %(count)d 条的网址在别的网站（%(host)s 等）上，不会取。要取的话，"
        "请技术人员把它们写进取数规则的 hosts。"
    )
    return words % {"count": len(urls), "host": host_of(urls[0])} if urls else ""


def _published(finds: Iterator[Find]) -> Iterator[Find]:
    return (find for find in finds if not find.gone)
