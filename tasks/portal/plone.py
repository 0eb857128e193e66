"""Asking a Plone 6 site by its REST API: who we are, and what an answer means.

Basic authentication on every request: an expired token would be taken for a stranger
on everything that can be read, and private items would seem not to be there.
"""

import base64
import time
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from .client import Answer, PortalClient, PortalUnreachable

CONFLICTS = ("ConflictError", "ReadConflictError")
MAX_REASON = 300


class Conflict(Exception):
    """Another writer was faster; nothing was written, whatever ``Location`` says."""


class Locked(Exception):
    """Somebody at the portal is editing this very item."""


class NotAllowed(Exception):
    """The account is unknown, its password wrong, or it may not do this."""


class Busy(Exception):
    """The portal as a whole takes nothing for now.

    Args:
        retry_after: seconds it asked us to wait.
    """

    def __init__(self, words: str, retry_after: float | None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Invalid(Exception):
    """The portal judged the content and refuses it; in its own words."""


class Unclear(Exception):
    """An answer that proves nothing."""


class PloneClient(PortalClient):
    """Sends requests below one folder of a Plone site, within a deadline.

    Args:
        base_url: the folder that is ours, e.g. ``https://host/Plone/xinxi``.
        account: ``name:password``.
    """

    def __init__(self, base_url: str, account: str) -> None:
        super().__init__(base_url, account)
        self.ends = float("inf")  # monotonic clock; later requests are not begun

    def _proof(self, method: str, target: str, sha256: str) -> dict[str, str]:
        """Return the headers that show who asks; without them Plone answers HTML."""
        headers = {"Accept": "application/json"}
        if self._key:
            text = base64.b64encode(self._key.encode()).decode()
            headers["Authorization"] = f"Basic {text}"
        return headers

    def path(self, url: str) -> str:
        """Return an address of this site as a path below our folder.

        Raises:
            Unclear: it lies elsewhere.
        """
        if url != self._base and not url.startswith(f"{self._base}/"):
            raise Unclear(_("门户回应了别处的地址。"))
        return url[len(self._base) :]

    def url(self, path: str) -> str:
        """Return a path below our folder as an address."""
        return self._base + path

    def ask(
        self,
        method: str,
        path: str,
        message: dict[str, Any] | None = None,
        *good: int,
        params: Any = None,
    ) -> Answer:
        """Ask, and return an answer of one of these kinds.

        Raises:
            PortalUnreachable: no complete answer came in time.
            Conflict, Locked, NotAllowed, Busy, Invalid, Unclear: see there.
        """
        left = self._left()
        if message is None:
            answer = self.request(method, path, params=params, timeout_s=left)
        else:
            answer = self.send_json(method, path, message, timeout_s=left)
        return sorted_answer(answer, *good)

    def send(
        self, path: str, body: Iterable[bytes], size: int, headers: dict[str, str]
    ) -> Answer:
        """PATCH a stream of bytes; its time grows with its size."""
        timeout_s = self._left() + size / 100_000
        return self.request("PATCH", path, body, size=size, headers=headers,
                            timeout_s=timeout_s)  # fmt: skip

    def _left(self) -> float:
        left = min(self.ends - time.monotonic(), 20.0)
        if left <= 0:
            raise PortalUnreachable(_("门户没有在规定时间内回应。"))
        return left


def sorted_answer(answer: Answer, *good: int) -> Answer:
    """Return the answer if it is one of the good ones, else raise what it means."""
    status, kind, said = answer.status, *_said(answer)
    if status in good:
        return answer
    if status in (429, 502, 503, 504):
        raise Busy(_("门户正忙，要求稍后再发。"), answer.asked_wait_s)
    if status >= 500 and kind in CONFLICTS:  # noqa: PLR2004
        raise Conflict(_("门户上另有写入，稍后再试。"))
    if status == 403 and "lock" in said.lower():  # noqa: PLR2004
        raise Locked(_("门户上有人正在编辑这一条，稍后再试。"))
    if status in (401, 403):
        reason = _("门户不认可本机关的账号，或账号没有权限（%(said)s）")
        raise NotAllowed(reason % {"said": said})
    if status in (400, 413, 422) and said:
        reason = _("门户不接受这一条（%(status)d）：%(said)s")
        raise Invalid(reason % {"status": status, "said": said})
    raise Unclear(_("门户回应异常（%(status)d）。") % {"status": status})


def _said(answer: Answer) -> tuple[str, str]:
    """Return type and message of an error, of which Plone has two shapes."""
    inner = answer.data.get("error")
    shape = inner if isinstance(inner, dict) else answer.data
    kind, said = shape.get("type"), shape.get("message")
    return str(kind or ""), str(said or "")[:MAX_REASON]


def is_taken(error: Invalid) -> bool:
    """Whether a creation was refused because its id is there already."""
    return "already in use" in str(error)
