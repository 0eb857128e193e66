"""One run: read the lists, fetch what waits, look again at what may be gone.

Each step is kept as soon as it is done: a run that is killed goes on where it was. A
lease keeps two runs of one source apart; a source that fails stops no other.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.choices import HarvestState, LinkStatus
from disclosure_pages.harvest.base import Asked, Content, Kind, SourceTrouble
from disclosure_pages.harvest.kinds import KINDS
from disclosure_pages.harvest.profiles import Profile, ProfileError, profile_of
from disclosure_pages.harvest.storing import Counts, store
from disclosure_pages.harvest.web import Gone, Later, OutOfTime, Web, WebError
from disclosure_pages.models import HarvestedLink, HarvestSource
from disclosure_pages.services.harvest import drop, keep, tell_of_failure

logger = logging.getLogger(__name__)
BUDGET_S = 15.0
LEASE_S = 90.0  # longer than any run; what was killed is free again after it
BACKLOG = 300  # so much waiting: no list is read before it is fetched
RECHECK_EVERY = timedelta(days=7)
SECOND_LOOK = timedelta(hours=1)
RECHECKED = 20  # in one run
MISSED_TWICE = 2
MAX_TRIES = 5
IN_A_ROW = 3  # pages that fail one after another: the site is down
TOLD_AFTER = 3  # runs
LONGEST_WAIT = timedelta(days=1)


@dataclass
class Run:
    """What came of one run; ``error`` in Chinese, ``unfinished``: more waits."""

    source: HarvestSource
    counts: Counts = field(default_factory=Counts)
    error: str = ""
    unfinished: bool = False
    wait_s: float = 0.0
    busy: bool = False  # somebody else is at it


@dataclass
class _Work:
    """What the steps of one run share."""

    run: Run
    web: Web
    kind: Kind
    profile: Profile

    @property
    def source(self) -> HarvestSource:
        return self.run.source


def run_due(budget_s: float = BUDGET_S) -> list[Run]:
    """Run what is due, the longest waiting first, within the budget."""
    ends = time.monotonic() + budget_s
    due = HarvestSource.objects.filter(is_active=True)
    due = due.filter(Q(next_at=None) | Q(next_at__lte=timezone.now()))
    runs = []
    for source in due.order_by(F("next_at").asc(nulls_first=True), "pk"):
        left_s = ends - time.monotonic()
        if left_s <= 1:
            break
        runs.append(run_source(source, budget_s=left_s))
    return runs


def run_source(
    source: HarvestSource,
    *,
    budget_s: float = BUDGET_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Run one source; never raises for what its site does."""
    run = Run(source)
    until = timezone.now() + timedelta(seconds=budget_s + LEASE_S)
    rows = HarvestSource.objects.filter(pk=source.pk)
    free = rows.filter(Q(lease_until=None) | Q(lease_until__lt=timezone.now()))
    if not free.update(lease_until=until):
        run.busy = True
        return run
    source.refresh_from_db()
    web = Web(source.pause_s, time.monotonic() + budget_s, sleep)
    try:
        profile = profile_of(source.kind, source.profile)
        _steps(_Work(run, web, KINDS[source.kind], profile))
    except OutOfTime:
        run.unfinished = True
    except Later as later:
        run.error, run.wait_s = str(later), later.wait_s
    except (WebError, SourceTrouble, ProfileError) as error:
        run.error = str(error)
    except Exception:  # one source must not stop the others
        logger.exception("harvest of source %s", source.pk)
        run.error = _("程序出错，已记入日志，请告诉技术人员。")
    run.counts.asked = web.asked
    _finish(run, rows.filter(lease_until=until))
    return run


def _steps(work: _Work) -> None:
    waiting = work.source.links.filter(state=HarvestState.WAITING)
    if waiting.count() < BACKLOG:
        try:
            _discover(work)
        except (WebError, SourceTrouble):
            _fetch_waiting(work)  # what is known already does not wait for the list
            raise
    _fetch_waiting(work)
    _look_again(work)
    work.run.unfinished = waiting.filter(_ripe()).exists()


def _discover(work: _Work) -> None:
    source = work.source
    found = work.kind.discover(work.web, source.url, work.profile, source.cursor)
    for batch in found:
        anything = store(source, batch, work.run.counts)
        if batch.enough is not None and not anything:
            return
        if work.web.left_s <= 0:
            raise OutOfTime


def _ripe() -> Q:
    return Q(next_at=None) | Q(next_at__lte=timezone.now())


def _fetch_waiting(work: _Work) -> None:
    failed = 0
    rows = work.source.links.filter(state=HarvestState.WAITING)
    while link := rows.filter(_ripe()).select_related("item").order_by("pk").first():
        link.source = work.source
        try:
            _fetch_one(work, link)
            failed = 0
        except Gone as error:
            _missed(work, link, str(error))
        except (Later, OutOfTime):
            raise
        except (WebError, SourceTrouble) as error:
            failed += 1
            _put_off(work, link, str(error))
            if failed >= IN_A_ROW:
                raise
        except Exception:  # one page must not stop the others
            logger.exception("harvest of link %s", link.pk)
            _put_off(work, _as_kept(work, link), _("这一页处理时出错，已记入日志。"))
        if work.web.left_s <= 0:
            raise OutOfTime


def _fetch_one(work: _Work, link: HarvestedLink) -> None:
    """Make a row of what waits; the page is asked for unless the list told all."""
    hint = dict(link.hint)
    done = bool(hint.pop("done", False))
    content: Content | None = Content.of_hint(hint)
    if not done:
        asked = Asked(
            link.address, Content.of_hint(hint), link.etag, link.last_modified
        )
        if link.item is None or link.item.state != "published":
            asked = Asked(link.address, asked.hint)  # nothing is held: all of it
        found = work.kind.fetch(work.web, work.source.url, work.profile, asked)
        content = found.content
        link.etag, link.last_modified = found.etag, found.last_modified
    link.hint = {n: v for n, v in link.hint.items() if n != "html"}
    if content is None:
        _unchanged(link)
        work.run.counts.same += 1
        return
    try:
        outcome = keep(link, content)
    except ValidationError as error:
        _refuse(work, link, " ".join(error.messages))
        return
    setattr(work.run.counts, outcome, getattr(work.run.counts, outcome) + 1)


def _unchanged(link: HarvestedLink) -> None:
    link.state, link.checked_at, link.next_at = HarvestState.HELD, timezone.now(), None
    link.misses = link.tries = 0
    link.save()


def _refuse(work: _Work, link: HarvestedLink, words: str) -> None:
    link.state, link.detail, link.next_at = HarvestState.REFUSED, words[:200], None
    link.save()
    work.run.counts.refused += 1


def _put_off(work: _Work, link: HarvestedLink, words: str) -> None:
    """Try again later; after some times not any more until the list changes."""
    link.tries += 1
    link.detail = words[:200]
    if link.tries >= MAX_TRIES:
        _refuse(work, link, words)
        return
    link.next_at = timezone.now() + timedelta(minutes=10 * 2**link.tries)
    link.save()


def _as_kept(work: _Work, link: HarvestedLink) -> HarvestedLink:
    """Return the link as it is in the database, without what could not be kept."""
    kept = HarvestedLink.objects.select_related("item").get(pk=link.pk)
    kept.source = work.source
    return kept


def _missed(work: _Work, link: HarvestedLink, words: str) -> None:
    """Believe that a page is gone when it was not there twice."""
    if link.item is None:
        _refuse(work, link, words)
        return
    link.misses += 1
    if link.misses >= MISSED_TWICE:
        work.run.counts.gone += drop([link], words)
        return
    link.detail, link.checked_at = words[:200], timezone.now()
    link.next_at = timezone.now() + SECOND_LOOK
    link.save()


def _due_again(source: HarvestSource) -> QuerySet[HarvestedLink]:
    """Return what is held and should be looked at: doubtful, or not seen for long."""
    now = timezone.now()
    long_ago = Q(next_at=None, checked_at__lt=now - RECHECK_EVERY)
    doubtful = Q(next_at__lte=now) | Q(next_at=None, item__link_status=LinkStatus.GONE)
    rows = source.links.filter(long_ago | doubtful, state=HarvestState.HELD)
    return rows.select_related("item").order_by("checked_at", "pk")[:RECHECKED]


def _look_again(work: _Work) -> None:
    for link in _due_again(work.source):
        link.source = work.source
        try:
            if link.hint.get("done"):
                work.web.get(link.item.url if link.item else link.address)
                _unchanged(link)
            else:
                _fetch_one(work, link)
        except Gone as error:
            _missed(work, link, str(error))
        except (Later, OutOfTime):
            raise
        except (WebError, SourceTrouble) as error:
            _look_later(link, str(error))
        except Exception:  # one page must not stop the others
            logger.exception("harvest of link %s", link.pk)
            kept = _as_kept(work, link)
            _look_later(kept, _("这一页处理时出错，已记入日志。"))


def _look_later(link: HarvestedLink, words: str) -> None:
    link.detail, link.next_at = words[:200], timezone.now() + RECHECK_EVERY
    link.save()


def _finish(run: Run, ours: QuerySet[HarvestSource]) -> None:
    """Keep how it went and when to go on; not if somebody else has the lease now."""
    source, now = run.source, timezone.now()
    failures = source.failures + 1 if run.error else 0
    wait = timedelta(minutes=source.every_minutes)
    if run.error:
        wait = max(wait * 2 ** min(failures - 1, 10), timedelta(seconds=run.wait_s))
        wait = min(wait, LONGEST_WAIT)
    elif run.unfinished:
        wait = timedelta()
    words = run.error or " ".join(run.counts.warnings)
    ours.update(
        lease_until=None,
        next_at=now + wait,
        last_run_at=now,
        last_error=words[:300],
        last_counts=run.counts.told,
        failures=failures,
        **({} if run.error else {"last_good_at": now}),
    )
    if failures == TOLD_AFTER:
        tell_of_failure(source, run.error)
