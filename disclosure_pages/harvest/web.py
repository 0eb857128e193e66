"""Fetching from foreign sites: politely, bounded, and never further than ``outgoing``.

One request per host in the pause that both sides want, whichever process asks; as
robots.txt allows; with what was there before (ETag); no more than the time of the run.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import SplitResult

import httpx
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.harvest import robots
from disclosure_pages.harvest.decoding import decoded
from disclosure_pages.models.harvest import HarvestHost
from disclosure_pages.outgoing import (
    MAX_REDIRECTS,
    UnsafeAddress,
    ask,
    next_address,
    split_web_address,
)
from disclosure_pages.retry_after import retry_after_s

AGENT = f"Mozilla/5.0 (compatible; {robots.NAME})"
MAX_BYTES = 5_000_000
MAX_ROBOTS = 200_000
TIMEOUT_S = 10.0
WITHIN_S = 12.0  # one whole answer
ROBOTS_FOR = timedelta(days=1)
WAIT_S = (60.0, 86_400.0)  # bounds of what a Retry-After is honoured for
WAIT_UNSAID_S = 300.0  # busy without saying how long
GONE = {404, 410}
BUSY = {429, 503}
INFLATED = {"gzip", "x-gzip", "deflate"}
ETAG, MODIFIED = 200, 60  # characters that are kept


class WebError(Exception):
    """Nothing usable came; says why, in Chinese."""


class Gone(WebError):
    """The server says that there is no such page: 404, or 410 for ever."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


class Later(WebError):
    """The server wants to be left alone for ``wait_s``."""

    def __init__(self, words: str, wait_s: float) -> None:
        super().__init__(words)
        self.wait_s = wait_s


class OutOfTime(Exception):
    """The time of this run is over; the next one goes on here."""


@dataclass(frozen=True)
class Answer:
    """What came; ``url`` is where from, after redirects. 304: nothing new."""

    status: int
    url: str
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""

    @property
    def unchanged(self) -> bool:
        """Whether it is as it was."""
        return self.status == httpx.codes.NOT_MODIFIED

    @property
    def text(self) -> str:
        """The body in whatever encoding it came."""
        return decoded(self.body, self.content_type)


@dataclass
class Web:
    """Asks for one source during one run, which ends at ``deadline`` (monotonic)."""

    pause_s: float
    deadline: float
    sleep: Callable[[float], None] = time.sleep
    timeout_s: float = TIMEOUT_S
    max_bytes: int = MAX_BYTES
    asked: int = 0
    _rules: dict[str, robots.Rules] = field(default_factory=dict)

    @property
    def left_s(self) -> float:
        """Seconds until this run ends."""
        return self.deadline - time.monotonic()

    def get(self, url: str, *, etag: str = "", last_modified: str = "") -> Answer:
        """Return what is at the address.

        Raises:
            WebError, Gone, Later, OutOfTime
        """
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in known.items() if value}
        for _round in range(MAX_REDIRECTS + 1):
            parts = _split(url)
            rules = self._rules_of(parts)
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            if not rules.allow(path):
                raise WebError(_("对方网站的 robots.txt 不让取这个网址。"))
            answer, following = self._once(url, headers, rules.delay_s, self.max_bytes)
            if not following:
                return self._judged(answer)
            url = following
        raise WebError(_("跳转太多次。"))

    def _judged(self, answer: Answer) -> Answer:
        status = answer.status
        if status in GONE:
            words = _("对方网站说没有这一页（%(code)d）。") % {"code": status}
            raise Gone(words, status)
        if not (httpx.codes.is_success(status) or answer.unchanged):
            raise WebError(_("对方网站回应出错（%(code)d）。") % {"code": status})
        return answer

    def _rules_of(self, parts: SplitResult) -> robots.Rules:
        """Return what the host's robots.txt says; kept for a day.

        Raises:
            WebError: it may be there but cannot be read: then nothing may be asked.
        """
        host = parts.netloc.lower()
        if host not in self._rules:
            row, _made = HarvestHost.objects.get_or_create(host=host)
            fresh = row.robots_at and row.robots_at > timezone.now() - ROBOTS_FOR
            text = row.robots if fresh else self._read_robots(parts)
            if not fresh:
                values = {"robots": text, "robots_at": timezone.now()}
                HarvestHost.objects.filter(pk=row.pk).update(**values)
            self._rules[host] = robots.parse(text)
        return self._rules[host]

    def _read_robots(self, parts: SplitResult) -> str:
        url = f"{parts.scheme}://{parts.netloc}/robots.txt"
        for _round in range(MAX_REDIRECTS + 1):
            answer, following = self._once(url, {}, 0.0, MAX_ROBOTS)
            if not following:
                break
            url = following
        if httpx.codes.is_server_error(answer.status):
            raise WebError(_("读不到对方网站的 robots.txt，先不取。"))
        good = httpx.codes.is_success(answer.status)
        return answer.text.replace("\x00", "") if good else ""

    def _once(
        self, url: str, headers: dict[str, str], delay_s: float, most: int
    ) -> tuple[Answer, str]:
        """Ask one address when its host's turn has come; also where it sends on to."""
        host = _split(url).netloc.lower()
        self._turn(host, max(self.pause_s, delay_s))
        self.asked += 1
        within_s = min(WITHIN_S, self.left_s)
        told = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
        try:
            with ask(
                "GET", url, headers=told, timeout_s=self.timeout_s, within_s=within_s
            ) as raw:
                if raw.status_code in BUSY:
                    self._busy(host, raw)
                following = next_address(url, raw)
                return _answer(url, raw, 0 if following else most), following
        except UnsafeAddress as error:
            raise WebError(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            if within_s < WITHIN_S and self.left_s <= 0:
                raise OutOfTime from error
            if isinstance(error, httpx.TimeoutException):
                raise WebError(_("对方网站没有在规定时间内回应。")) from error
            raise WebError(_("连不上对方网站。")) from error

    def _turn(self, host: str, pause_s: float) -> None:
        """Wait until the host may be asked, and take the turn."""
        row, _made = HarvestHost.objects.get_or_create(host=host)
        while True:
            now = timezone.now()
            free = HarvestHost.objects.filter(Q(next_at=None) | Q(next_at__lte=now))
            if free.filter(pk=row.pk).update(next_at=now + timedelta(seconds=pause_s)):
                break
            row.refresh_from_db()
            wait_s = (row.next_at - now).total_seconds() if row.next_at else 0.0
            if wait_s > WAIT_S[0]:
                raise Later(_("对方网站请我们晚些再来。"), wait_s)
            if wait_s > self.left_s:
                raise OutOfTime
            self.sleep(max(wait_s, 0.0))
        if self.left_s <= 0:
            raise OutOfTime

    def _busy(self, host: str, raw: httpx.Response) -> None:
        """Leave the host alone, all processes, as long as it asks for."""
        header, (shortest_s, longest_s) = raw.headers.get("retry-after", ""), WAIT_S
        asked_s = retry_after_s(header, longest_s=longest_s)
        wait_s = WAIT_UNSAID_S if asked_s is None else max(asked_s, shortest_s)
        until = timezone.now() + timedelta(seconds=wait_s)
        HarvestHost.objects.filter(host=host).update(next_at=until)
        minutes = max(1, round(wait_s / 60))
        words = _("对方网站忙，请我们 %(minutes)d 分钟后再来。") % {"minutes": minutes}
        raise Later(words, wait_s)


def _split(url: str) -> SplitResult:
    try:
        return split_web_address(url)
    except UnsafeAddress as error:
        raise WebError(str(error)) from error


def _answer(url: str, raw: httpx.Response, most: int) -> Answer:
    good = httpx.codes.is_success(raw.status_code)
    return Answer(
        status=raw.status_code,
        url=url,
        body=_body(raw, most) if good and most else b"",
        content_type=raw.headers.get("content-type", ""),
        etag=_kept(raw.headers.get("etag", ""), ETAG),
        last_modified=_kept(raw.headers.get("last-modified", ""), MODIFIED),
    )


def _kept(value: str, most: int) -> str:
    return (
        value if value.isascii() and value.isprintable() and len(value) <= most else ""
    )


def _body(raw: httpx.Response, most: int) -> bytes:
    """Return the body, unpacked, counted while it comes.

    Raises:
        WebError: more than ``most`` bytes, or packed in another way.
    """
    packed = raw.headers.get("content-encoding", "identity").strip().lower()
    pieces, size = [], 0
    inflate = zlib.decompressobj(47) if packed in INFLATED else None
    if inflate is None and packed not in ("", "identity"):
        raise WebError(_("对方网站用了这里不认识的压缩方式。"))
    for piece in raw.iter_raw():
        part = unpacked(inflate, piece, most + 1 - size) if inflate else piece
        size += len(part)
        if size > most:
            raise WebError(_("对方网站给的内容太大，没有取。"))
        pieces.append(part)
    return b"".join(pieces)


def unpacked(inflate: "zlib._Decompress", piece: bytes, most: int) -> bytes:
    """Return what the piece unpacks to, at most so many bytes of it."""
    try:
        return inflate.decompress(piece, most)
    except zlib.error as error:
        raise WebError(_("对方网站给的内容坏了，解不开。")) from error
