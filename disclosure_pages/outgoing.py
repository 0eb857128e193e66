"""Asking other servers, carefully: the one place from which this site goes out.

Addresses are typed by people or read from foreign pages: only http and https to public
hosts are asked, every host is resolved here and the connection goes to the very address
that was looked at, so that no name can lead into the office's own network. Redirects
are not followed here: whoever follows one asks again, and everything is looked at anew.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

MAX_REDIRECTS = 5
REDIRECTS = {301, 302, 303, 307, 308}
PORTS = {"http": 80, "https": 443}
MAX_HOST = 255
# IPv6 that stands for an IPv4 address, its last 32 bits: NAT64, compatible, translated.
CARRIERS = [
    ipaddress.IPv6Network(net) for net in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")
]
# What Python takes for public: NAT64 of one's own (RFC 8215), site-local (RFC 3879).
OWN = [ipaddress.IPv6Network(net) for net in ("64:ff9b:1::/48", "fec0::/10")]
SOCKETS = {"connection.connect_tcp.complete", "connection.start_tls.complete"}


class UnsafeAddress(ValueError):
    """The address is not one that this server may ask; says why, in Chinese."""


def split_web_address(url: str) -> SplitResult:
    """Return the parts of an http(s) address without credentials.

    Raises:
        UnsafeAddress: it is something else.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise UnsafeAddress(_("网址写得不对。")) from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise UnsafeAddress(_("网址要以 http:// 或 https:// 开头。"))
    if parts.username or parts.password:
        raise UnsafeAddress(_("网址里不能带用户名和密码。"))
    if port == 0 or len(parts.netloc) > MAX_HOST or not parts.netloc.isprintable():
        raise UnsafeAddress(_("网址写得不对。"))
    return parts


def resolve(host: str, port: int) -> str:
    """Return the address to connect to; every address of the host must be public.

    Raises:
        UnsafeAddress: the host leads into a private network.
        OSError: the host is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not settings.GONGKAI_LINK_CHECK_PRIVATE:
        for address in addresses:
            if not _is_public(address):
                raise UnsafeAddress(_("这个网址指向内部网络，不检查。"))
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if any(ip in net for net in CARRIERS):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner and not _is_public(str(inner)):
            return False
        if any(ip in net for net in OWN):
            return False
    return ip.is_global and not ip.is_multicast


@contextmanager
def ask(
    method: str, url: str, *, headers: dict[str, str], timeout_s: float, within_s: float
) -> Iterator[httpx.Response]:
    """Ask one address once; the body is read by the caller, piece by piece.

    Args:
        timeout_s: how long the server may stay silent.
        within_s: after which the connection is cut, however slowly it still drips.

    Raises:
        UnsafeAddress: this server may not ask there.
        httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError: the net.
    """
    parts = split_web_address(url)
    host = parts.hostname or ""
    address = resolve(host, parts.port or PORTS[parts.scheme])
    target = httpx.URL(url).copy_with(host=address, fragment=None)
    name = httpx.URL(url).netloc.decode()
    with (
        _Cut(within_s) as cut,
        httpx.Client(trust_env=False, timeout=timeout_s) as client,
        client.stream(
            method,
            target,
            headers={"Host": name, **headers},
            extensions={"sni_hostname": host, "trace": cut.watch},
        ) as answer,
    ):
        yield answer


def next_address(url: str, answer: httpx.Response) -> str:
    """Return where the answer sends on to; "" when it is the answer itself."""
    location = answer.headers.get("location", "")
    if answer.status_code not in REDIRECTS or not location:
        return ""
    return str(httpx.URL(url).join(location))


class _Cut:
    """Shuts a connection down when its time is over; its reader gets an error."""

    def __init__(self, within_s: float) -> None:
        self._socket: Any = None
        self._timer = threading.Timer(max(within_s, 0.0), self._shut)
        self._timer.daemon = True

    def __enter__(self) -> "_Cut":
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, info: dict[str, Any]) -> None:
        if event in SOCKETS:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._timer.finished.is_set():
                self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
