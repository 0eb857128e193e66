"""Whether a link still opens, asked carefully.

Addresses are typed by people: only http and https to public hosts are asked, every
host is resolved here and the connection goes to the very address that was looked at,
also after each redirect, so that no name can lead into the office's own network.
"""

import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from disclosure_pages.choices import LinkStatus

TIMEOUT_S = 10.0
PAUSE_S = 1.0
MAX_REDIRECTS = 5
AGENT = "Mozilla/5.0 (compatible; gongkai-link-check)"
NO_HEAD = {400, 403, 404, 405, 406, 410, 500, 501, 503}
GONE = {404, 410}
PORTS = {"http": 80, "https": 443}


class UnsafeAddress(ValueError):
    """The address is not one that this server may ask; says why, in Chinese."""


@dataclass(frozen=True)
class LinkResult:
    """What one check found."""

    status: str
    detail: str = ""


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
    if port == 0:
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
        if inner and not _is_public(str(inner)):
            return False
    return ip.is_global and not ip.is_multicast


@dataclass
class LinkChecker:
    """Checks addresses one after another, each host at most once a second."""

    pause_s: float = PAUSE_S
    timeout_s: float = TIMEOUT_S
    sleep: Callable[[float], None] = time.sleep
    _asked: dict[str, float] = field(default_factory=dict)

    def check(self, url: str) -> LinkResult:
        """Return whether the address opens; never raises for what the net does."""
        try:
            return self._follow(url)
        except UnsafeAddress as error:
            return LinkResult(LinkStatus.BROKEN, str(error))
        except httpx.TimeoutException:
            return LinkResult(LinkStatus.BROKEN, _("对方网站没有在规定时间内回应。"))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
            return LinkResult(LinkStatus.BROKEN, _("连不上对方网站。"))

    def _follow(self, url: str) -> LinkResult:
        for _round in range(MAX_REDIRECTS + 1):
            status, location = self._ask("HEAD", url)
            if status in NO_HEAD:
                status, location = self._ask("GET", url)
            if status not in (301, 302, 303, 307, 308) or not location:
                return _judged(status)
            url = str(httpx.URL(url).join(location))
        return LinkResult(LinkStatus.BROKEN, _("跳转太多次。"))

    def _ask(self, method: str, url: str) -> tuple[int, str]:
        parts = split_web_address(url)
        host = parts.hostname or ""
        port = parts.port or PORTS[parts.scheme]
        self._wait_for(host)
        address = resolve(host, port)
        target = httpx.URL(url).copy_with(host=address, fragment=None)
        name = httpx.URL(url).netloc.decode()
        with (
            httpx.Client(trust_env=False, timeout=self.timeout_s) as client,
            client.stream(
                method,
                target,
                headers={"Host": name, "User-Agent": AGENT, "Accept": "*/*"},
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            return answer.status_code, answer.headers.get("location", "")

    def _wait_for(self, host: str) -> None:
        due = self._asked.get(host, -self.pause_s) + self.pause_s
        if (left := due - time.monotonic()) > 0:
            self.sleep(left)
        self._asked[host] = time.monotonic()


def _judged(status: int) -> LinkResult:
    if 200 <= status < 300:
        return LinkResult(LinkStatus.OK)
    if status in GONE:
        return LinkResult(
            LinkStatus.GONE, _("对方网站说没有这一页（%(code)d）。") % {"code": status}
        )
    return LinkResult(
        LinkStatus.BROKEN, _("对方网站回应出错（%(code)d）。") % {"code": status}
    )
