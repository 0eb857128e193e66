"""The list of what was taken back, outside of the database, only ever appended to.

A restored backup does not know of withdrawals since; this file does. It holds no title
and no text: key, moment and what the tombstone tells anyway. ``GONGKAI_WITHDRAWN_LIST``
may name a place on another machine.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from errno import ENOENT
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from wagtail.models import Page, PageLogEntry

from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.services.withdrawal import stop_schedule, withdraw

logger = logging.getLogger(__name__)
ACTS = ("gongkai.withdraw", "wagtail.schedule.cancel")
PLANNED = "wagtail.publish.schedule"
LATE = timedelta(days=7)  # how far back an act may still be missing in the file


@dataclass(frozen=True)
class Line:
    """One page that was taken back, or kept from going out by schedule."""

    key: str
    at: str
    reason: str = ""
    kind: str = ""
    actor: str = ""

    @property
    def moment(self) -> datetime | None:
        """When it was; None if nobody can read it."""
        found = parse_datetime(self.at)
        return found if found and timezone.is_aware(found) else None


def list_path() -> Path:
    """Return where the list is."""
    return Path(settings.GONGKAI_WITHDRAWN_LIST)


def reachable() -> bool:
    """Whether the folder of the list is there; one in our home is made when needed."""
    path = list_path()
    return path.is_relative_to(settings.GONGKAI_HOME) or path.parent.is_dir()


def lines(path: Path | None = None) -> Iterator[Line]:
    """Yield the lines in their order; one that a crash cut off is left out.

    Raises:
        OSError: the list can't be read, or its folder is not there: that is not empty.
    """
    path = path or list_path()
    if path == list_path() and not reachable():
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(path.parent))
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as handle:
        for text in handle:
            try:
                line = Line(**json.loads(text))
            except (ValueError, TypeError):
                continue
            if line.moment:
                yield line


def append(new: Iterable[Line]) -> int:
    """Add what is not in the list yet; returns how many lines.

    Raises:
        OSError: the list can't be written.
    """
    known = {(line.key, line.at) for line in lines()}
    missing = [line for line in new if (line.key, line.at) not in known]
    if missing:
        _write(missing)
    return len(missing)


def _write(new: list[Line]) -> None:
    path = list_path()
    if path.is_relative_to(settings.GONGKAI_HOME):
        path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        whole = not size or os.pread(handle, 1, size - 1) == b"\n"
        told = [json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in new]
        os.write(handle, (("" if whole else "\n") + "".join(told)).encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def note_missing() -> int:
    """Add acts of the last days that a killed process left out; returns how many."""
    since = timezone.now() - LATE
    acts = PageLogEntry.objects.filter(action__in=ACTS, timestamp__gte=since)
    return append(_described(acts.order_by("timestamp", "pk")))


def _described(acts: Iterable[PageLogEntry]) -> list[Line]:
    acts = list(acts)
    pages = Page.objects.filter(pk__in=[act.page_id for act in acts])
    keys = dict(pages.values_list("pk", "translation_key"))
    return [
        Line(
            key=keys[act.page_id].hex,
            at=act.timestamp.isoformat(),
            reason=str(act.data.get("reason", "")),
            kind=str(act.data.get("kind", "")),
            actor=str(act.data.get("actor", "")),
        )
        for act in acts
        if act.page_id in keys
    ]


def _note(sender: Any, instance: PageLogEntry, created: bool, **kwargs: Any) -> None:
    """Append an act once it is committed; `note_missing` makes up for a failure."""
    if created and instance.action in ACTS:
        transaction.on_commit(lambda: _append_act(instance), robust=True)


def _append_act(act: PageLogEntry) -> None:
    try:
        if told := _described([act]):
            _write(told)
    except OSError as error:
        logger.warning("the list of withdrawals can't be written: %s", error)


def take_back_again() -> int:
    """Withdraw what the list names and the database shows or will show; how many.

    What was published again after its withdrawal stays. Of a public page whose planned
    edit was called off, only the plan is stopped.
    """
    latest: dict[str, Line] = {}
    taken: dict[str, Line] = {}
    for line in lines():
        latest[line.key] = line
        if line.kind:  # of a plan that was called off there is none
            taken[line.key] = line
    pages = Page.objects.filter(translation_key__in=list(latest)).order_by("pk")
    return sum(
        _take_back(page, taken.get(page.translation_key.hex))
        or _call_off(page, latest[page.translation_key.hex])
        for page in pages
    )


def _take_back(page: Page, line: Line | None) -> bool:
    """Withdraw what is public, unless it was published after that."""
    if line is None or not page.live:
        return False
    published_at, moment = page.last_published_at, line.moment
    if published_at and moment and published_at > moment:
        return False
    known = line.kind in WithdrawalKind.values
    return withdraw(
        page.specific,
        reason=line.reason or _("恢复备份前已撤回。"),
        kind=line.kind if known else WithdrawalKind.MISTAKE,
        actor_name=line.actor,
    )


def _call_off(page: Page, line: Line) -> bool:
    """Stop what was planned before the line, of a page that is public or not."""
    waiting = page.revisions.exclude(approved_go_live_at=None)
    if not waiting.filter(created_at__lte=line.moment).exists():
        return False
    planned = PageLogEntry.objects.filter(page=page.pk, action=PLANNED)
    if planned.filter(timestamp__gt=line.moment).exists():
        return False
    reason = line.reason or _("恢复备份前已取消定时发布。")
    return stop_schedule(page.specific, reason=reason, actor_name=line.actor)


def connect() -> None:
    """Listen to the acts."""
    post_save.connect(_note, sender=PageLogEntry, dispatch_uid="gongkai_withdrawn_list")
