"""Whether a link still opens, asked carefully (``outgoing``)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from django.utils.translation import gettext as _

from disclosure_pages.choices import LinkStatus
from disclosure_pages.outgoing import (
    MAX_REDIRECTS,
    UnsafeAddress,
    ask,
    next_address,
    split_web_address,
)

TIMEOUT_S = 10.0
PAUSE_S = 1.0
AGENT = "Mozilla/5.0 (compatible; gongkai-link-check)"
NO_HEAD = {400, 403, 404, 405, 406, 410, 500, 501, 503}
GONE = {404, 410}


@dataclass(frozen=True)
class LinkResult:
    """What one check found."""

    status: str
    detail: str = ""


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
            status, following = self._ask("HEAD", url)
            if status in NO_HEAD:
                status, following = self._ask("GET", url)
            if not following:
                return _judged(status)
            url = following
        return LinkResult(LinkStatus.BROKEN, _("跳转太多次。"))

    def _ask(self, method: str, url: str) -> tuple[int, str]:
        self._wait_for(split_web_address(url).hostname or "")
        with ask(
            method,
            url,
            headers={"User-Agent": AGENT, "Accept": "*/*"},
            timeout_s=self.timeout_s,
            within_s=self.timeout_s * 3,
        ) as answer:
            return answer.status_code, next_address(url, answer)

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
