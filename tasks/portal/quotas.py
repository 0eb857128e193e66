"""How much one township may send here, and what it is told beyond that."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.models import ExternalFile, ExternalItem, Origin
from disclosure_pages.public_state import PUBLISHED

from ..models import SeenMessage
from .protocol import Refused

MINUTE = timedelta(minutes=1)
WAIT_S = 20
URGENT = 2  # withdrawals and reading back have twice the requests
COUNT_EVERY_S = 1.0
MEGABYTE = 1024 * 1024
_counted: dict[str, tuple[float, int]] = {}  # when (monotonic), requests of a minute
_room: dict[tuple[str, str], tuple[int, int]] = {}  # limit, what needs no counting


def limits(origin: Origin) -> tuple[int, int, int]:
    """Return the township's limits: items, bytes of files, requests a minute."""
    items, megabytes, requests = (
        value if value is not None else getattr(settings, f"GONGKAI_ORIGIN_{name}")
        for name, value in (
            ("ITEMS", origin.max_items),
            ("MEGABYTES", origin.max_megabytes),
            ("REQUESTS", origin.max_requests),
        )
    )
    return items, megabytes * MEGABYTE, requests


def check_rate(origin: Origin, urgent: Callable[[], bool]) -> None:
    """Count one more request of this minute.

    What other processes took is read once a second only.

    Raises:
        Refused: (429) there were too many, and this one is not urgent.
    """
    most = limits(origin)[2]
    code, now = origin.credit_code, time.monotonic()
    read_at, count = _counted.get(code, (0.0, 0))
    if code not in _counted or now - read_at > COUNT_EVERY_S:
        read_at, count = now, requests_of(code)
    if count >= most and (count >= most * URGENT or not urgent()):
        _counted[code] = (read_at, count)
        raise Refused(
            _("一分钟最多 %(most)d 次请求，已经用完；%(wait)d 秒后再发。")
            % {"most": most, "wait": WAIT_S},
            status=429,
            retry_after=WAIT_S,
        )
    _counted[code] = (read_at, count + 1)


def _fits(kind: str, code: str, most: int, size: int, count: Callable[[], int]) -> bool:
    """Whether ``size`` more stay within ``most``.

    An eighth of what is free is given out before it is counted again, so that counting
    costs next to nothing and is exact where it is tight.
    """
    limit, room = _room.get((kind, code), (most, 0))
    if limit != most or room < size:
        free = most - count()
        if size > free:
            _room.pop((kind, code), None)
            return False
        room = max(free // 8, size)
    _room[kind, code] = (most, room - size)
    return True


def check_items(origin: Origin, key: str) -> None:
    """Let one more item in, unless all places are taken.

    Raises:
        Refused: (413) the township already shows as many as it may.
    """
    code, most = origin.credit_code, limits(origin)[0]
    if _shown(code).filter(key=key).exists():
        return
    if _fits("items", code, most, 1, lambda: items_of(code)):
        return
    raise Refused(
        _("本机关在门户上的信息已满 %(most)d 条，新的没有收下。请联系门户放宽。")
        % {"most": most},
        status=413,
        quota="items",
        limit=most,
    )


def check_bytes(origin: Origin, size: int) -> None:
    """Let a file of this size in, unless the space is used up.

    Raises:
        Refused: (413) the township's files would take more than they may.
    """
    code, most = origin.credit_code, limits(origin)[1]
    if _fits("bytes", code, most, size, lambda: bytes_of(code)):
        return
    raise Refused(
        _("本机关的附件在门户上已占满 %(most)d MB，这个没有收下。请联系门户放宽。")
        % {"most": most // MEGABYTE},
        status=413,
        quota="bytes",
        limit=most,
    )


def _shown(origin: str) -> QuerySet[ExternalItem]:
    return ExternalItem.objects.filter(origin=origin, state=PUBLISHED)


def items_of(origin: str) -> int:
    """Return how many items of a township are public here, of every kind."""
    return _shown(origin).count()


def requests_of(origin: str) -> int:
    """Return how many requests of a township were taken in the last minute."""
    since = timezone.now() - MINUTE
    return SeenMessage.objects.filter(signer=origin, seen_at__gt=since).count()


def bytes_of(origin: str) -> int:
    """Return the bytes of the files that a township sent first."""
    files = ExternalFile.objects.filter(origin=origin)
    return files.aggregate(sum=Sum("bytes"))["sum"] or 0
