"""One signed request to a portal: bounded in time and size, never redirected."""

import hashlib
import json
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx
from django.utils.translation import gettext as _

from disclosure_pages.retry_after import retry_after_s

from .signing import EMPTY_SHA256, sign

CONNECT_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 20.0
LONGEST_WAIT_S = 3600.0  # that a portal can ask for
MAX_ANSWER_BYTES = 16 * 1024 * 1024
FILE_BYTES_PER_S = 100_000  # the slowest line on which a large file still gets through


class PortalUnreachable(Exception):
    """No complete answer came: refused, timed out, or cut short."""


@dataclass(frozen=True)
class Answer:
    """A complete answer; ``data`` is its JSON object, or {} if it is none."""

    status: int
    headers: httpx.Headers
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def asked_wait_s(self) -> float | None:
        """Seconds for which the portal wants to be left alone, an hour at most."""
        header = self.headers.get("retry-after", "")
        return retry_after_s(header, longest_s=LONGEST_WAIT_S)


class _Deadline(threading.local):
    """The instants (monotonic clock) at which this thread's work must be over.

    ``at``: the request; ``round_at``: all requests of the round, files aside.
    """

    at = float("inf")
    round_at = float("inf")

    def left(self, timeout: float | None) -> float:
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout("deadline")
        return min(seconds, CONNECT_TIMEOUT_S if timeout is None else timeout)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every read and write ends at the deadline.

    A timeout per read would let a peer that sends one byte a second hold us forever.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), 65_536):
            piece = buffer[start : start + 65_536]
            self._stream.write(piece, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(*args, **kwargs)
        return _DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore.SyncBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _DeadlineStream(super().connect_tcp(*args, **kwargs), self._deadline)


class _DeadlineTransport(httpx.HTTPTransport):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=4,
            keepalive_expiry=2,
            network_backend=_DeadlineBackend(deadline),
        )


class PortalClient:
    """Sends signed requests to one portal; may be shared by threads."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base = base_url.rstrip("/")
        self._key = key
        self._deadline = _Deadline()
        self._http = httpx.Client(
            transport=_DeadlineTransport(self._deadline),
            follow_redirects=False,
            timeout=httpx.Timeout(TOTAL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            headers={"User-Agent": "gongkai", "Accept-Encoding": "identity"},
        )

    @contextmanager
    def round(self, seconds: float) -> Iterator[None]:
        """Let all requests of this thread be over in so many seconds, files aside."""
        outer = self._deadline.round_at
        self._deadline.round_at = min(outer, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._deadline.round_at = outer

    @property
    def left_s(self) -> float:
        """Seconds that are left of the round."""
        return self._deadline.round_at - time.monotonic()

    def send_file(
        self,
        path: str,
        body: Iterable[bytes],
        *,
        size: int,
        sha256: str,
        kind: str,
        pause_s: float,
    ) -> Answer:
        """PUT a stream of bytes, in a time that grows with its size.

        It is given up when nothing moves for ``pause_s``, and the answer has that long
        too. The round is longer by the time that it took.

        Raises:
            PortalUnreachable: see ``request``.
        """
        began = time.monotonic()
        try:
            return self.request(
                "PUT",
                path,
                self._moving(body, pause_s),
                size=size,
                sha256=sha256,
                headers={"Content-Type": kind},
                timeout_s=pause_s,
            )
        finally:
            self._deadline.round_at += time.monotonic() - began

    def _moving(self, body: Iterable[bytes], pause_s: float) -> Iterator[bytes]:
        """Pass a body on; each piece that was taken moves the deadline on."""
        began, sent = time.monotonic(), 0
        for piece in body:
            slowest = began + pause_s + sent / FILE_BYTES_PER_S
            self._deadline.at = min(slowest, time.monotonic() + pause_s)
            yield piece
            sent += len(piece)
        self._deadline.at = time.monotonic() + pause_s

    def send_json(
        self,
        method: str,
        path: str,
        message: dict[str, Any],
        timeout_s: float = TOTAL_TIMEOUT_S,
    ) -> Answer:
        """Send a JSON object."""
        body = json.dumps(message, ensure_ascii=False).encode()
        return self.request(
            method,
            path,
            [body],
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            headers={"Content-Type": "application/json"},
            timeout_s=timeout_s,
        )

    def request(
        self,
        method: str,
        path: str,
        body: Iterable[bytes] = (),
        *,
        params: dict[str, Any] | None = None,
        size: int = 0,
        sha256: str = EMPTY_SHA256,
        headers: dict[str, str] | None = None,
        timeout_s: float = TOTAL_TIMEOUT_S,
    ) -> Answer:
        """Send one request and read its answer to the end.

        Args:
            size: bytes of the body, which may be a stream.
            sha256: hex digest of the body.

        Raises:
            PortalUnreachable: in plain Chinese, why no complete answer came.
        """
        request = self._http.build_request(method, self._base + path, params=params)
        target = request.url.raw_path.decode("ascii")
        sent = {**(headers or {}), **self._proof(method, target, sha256)}
        if size:
            sent["Content-Length"] = str(size)
        ends = min(time.monotonic() + timeout_s, self._deadline.round_at)
        self._deadline.at = ends
        content = body if size else None
        try:
            with self._http.stream(
                method, request.url, headers=sent, content=content
            ) as response:
                return self._read(response)
        except httpx.TimeoutException as error:
            raise PortalUnreachable(_("门户没有在规定时间内回应。")) from error
        except httpx.ConnectError as error:
            raise PortalUnreachable(_no_connection(error)) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise PortalUnreachable(_("与门户的连接中断，回应不完整。")) from error

    def _proof(self, method: str, target: str, sha256: str) -> dict[str, str]:
        """Return the headers that show who asks."""
        return sign(self._key, method, target, sha256)

    def _read(self, response: httpx.Response) -> Answer:
        pieces = bytearray()
        for piece in response.iter_raw():
            pieces += piece
            if len(pieces) > MAX_ANSWER_BYTES:
                raise PortalUnreachable(_("门户的回应过大。"))
        try:
            data = json.loads(bytes(pieces))
        except (ValueError, RecursionError):
            data = {}
        found = data if isinstance(data, dict) else {}
        return Answer(response.status_code, response.headers, found)


def _no_connection(error: BaseException | None) -> str:
    """Return why no connection came about, in words."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return _("门户的证书不可信或与网址不符，什么都没有发送。")
        error = error.__cause__ or error.__context__
    return _("连接不上门户。")
