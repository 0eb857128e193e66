"""A city portal that speaks portal protocol v1."""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cms.models import Authority
from disclosure_pages.public_state import PublicState, attachment_file

from ..portal.client import (
    TOTAL_TIMEOUT_S,
    Answer,
    PortalClient,
    PortalUnreachable,
)
from ..portal.protocol import (
    BUCKETS,
    MANIFEST_LIMIT,
    MAX_VERSION,
    ORIGIN,
    PREFIX,
    Row,
    file_path,
    item_path,
)
from .base import Outcome, PortalSetting, Receipt, TargetDown, TargetError, Waiting

CHUNK = 1 << 16
REMEMBERED = 1000
AHEAD_BYTES = 1 << 20  # of an item's files: sent before the portal says it lacks them
FULL_WAIT_S = 600.0  # the portal holds as much of ours as it lets in


class Rejected(Exception):
    """The portal judged this one item and did not take it."""

    def __init__(self, error: TargetError) -> None:
        super().__init__(error.reason_zh)
        self.error = error


class Doubtful(Exception):
    """An answer that proves nothing: broken, redirected, or not from a portal."""


class PortalTarget:
    """Sends items to the portal called ``name`` and reads back what it holds.

    Only a 200 that echoes key, version and hash is a receipt; a withdrawal counts when
    the tombstone was read back.
    """

    batch_size = 10

    def __init__(self, setting: PortalSetting) -> None:
        self.name = setting.target
        self._key = setting.key
        self._client = PortalClient(setting.address, self._key)
        # Hashes of files that it took lately, oldest first; what it lacks, it tells.
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._takes = True  # the last item was not refused, for want of room perhaps
        # Below the lease, so that nobody else takes up the item meanwhile.
        self._timeout_s = min(TOTAL_TIMEOUT_S, settings.GONGKAI_LEASE_S * 2 / 3)

    @property
    def origin(self) -> str:
        """The credit code under which we send.

        Raises:
            TargetDown: the authority's record has none, or no key is configured.
        """
        origin = Authority.load().credit_code
        if not ORIGIN.fullmatch(origin):
            raise TargetDown(_("还没有填写本机关的统一社会信用代码，无法推送。"))
        if not self._key:
            raise TargetDown(_("没有配置该门户的签名密钥（GONGKAI_PORTAL_KEYS）。"))
        return origin

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Send items one after the other, as far as the time of one round goes.

        Raises:
            TargetDown: the portal can't be reached, refuses us or asks us to wait.
        """
        origin = self.origin
        outcomes: list[Outcome] = []
        with self._client.round(self._timeout_s):
            for version, state in items:
                if outcomes and self._client.left_s < self._timeout_s * 3 / 4:
                    break
                try:
                    outcomes.append(self._deliver(origin, version, state))
                except TargetDown as down:
                    down.done = outcomes
                    raise
        return outcomes + [Waiting()] * (len(items) - len(outcomes))

    @property
    def _item_s(self) -> float:
        """Seconds left for the item at hand: the last quarter is for asking why."""
        return self._client.left_s - self._timeout_s / 4

    def _deliver(self, origin: str, version: int, state: PublicState) -> Outcome:
        try:
            receipt = self._put(origin, version, state)
        except Rejected as rejected:
            self._takes = False
            return rejected.error
        except (Doubtful, PortalUnreachable) as error:
            if not self._speaks_protocol():
                raise TargetDown(str(error)) from error
            return TargetError(str(error))
        self._takes = True
        return receipt

    def _speaks_protocol(self) -> bool:
        """Whether the portal as a whole works, so that a failure is the item's own."""
        try:
            answer = self._client.request(
                "GET",
                f"{PREFIX}/manifest/{self.origin}",
                params={"limit": 1},
                timeout_s=self._timeout_s / 4,
            )
        except PortalUnreachable:
            return False
        return answer.status == 200 and "items" in answer.data

    def _put(self, origin: str, version: int, state: PublicState) -> Receipt:
        path = item_path(origin, state.key)
        message = {"version": version, **vars(state)}
        if version == 1 and self._takes and _size(state) <= AHEAD_BYTES:
            named = {row["sha256"] for row in state.attachments}
            self._put_files(state, named - self._sent.keys(), ahead=True)
        answer = self._client.send_json("PUT", path, message, self._item_s)
        missing = answer.data.get("missing")
        if answer.status == 422 and isinstance(missing, list):
            self._put_files(state, missing)
            answer = self._client.send_json("PUT", path, message, self._item_s)
        receipt = self._receipt(answer, version, state)
        if state.state == "withdrawn":
            self._read_back(path, version, state)
            return replace(receipt, read_back=True)
        return receipt

    def _receipt(self, answer: Answer, version: int, state: PublicState) -> Receipt:
        data = answer.data
        if answer.status == 409:
            held = data.get("version")
            if not _is_version(held) or held < version:
                raise Doubtful(_("门户的 409 回应没有写明更高的版本。"))
            raise Rejected(
                TargetError(
                    _("门户已有版本 %(held)d，不接受版本 %(ours)d。")
                    % {"held": held, "ours": version},
                    retryable=False,
                    stale=held,
                    gone_there=held == version and self._gone(state),
                )
            )
        _expect(answer, 200)
        echoed = (data.get("key"), data.get("version"), data.get("sha256"))
        if echoed != (state.key, version, state.sha256) or not _is_version(echoed[1]):
            raise Doubtful(_("门户的回执与发送的内容不符，不能算作送达。"))
        url = data.get("url")
        return Receipt(*echoed, url=url if isinstance(url, str) else "")

    def _gone(self, state: PublicState) -> bool:
        """Whether the portal holds a tombstone of what we would show."""
        if state.state == "withdrawn":
            return False
        try:
            held = self.read_item(state.key)
        except TargetDown:
            return True  # not known: nothing is overruled
        return held is not None and held.get("state") == "withdrawn"

    def _read_back(self, path: str, version: int, state: PublicState) -> None:
        answer = self._client.request("GET", path, timeout_s=self._item_s)
        _expect(answer, 200)
        shown = {name: answer.data.get(name) for name in ("version", "state", "sha256")}
        wanted = {"version": version, "state": "withdrawn", "sha256": state.sha256}
        if shown != wanted or answer.data.get("html") or answer.data.get("attachments"):
            raise Doubtful(_("回读时门户还没有撤下，稍后再试。"))

    def _put_files(
        self, state: PublicState, missing: Collection[Any], *, ahead: bool = False
    ) -> None:
        """Send the files that the portal does not hold yet.

        ``ahead``: perhaps; what is lost here may still be there.
        """
        for sha256, attachment in {r["sha256"]: r for r in state.attachments}.items():
            if sha256 not in missing:
                continue
            stored = attachment_file(sha256)
            if stored is not None:
                self._put_file(attachment, stored)
            elif not ahead:
                reason = _("附件“%(name)s”的文件找不到。")
                raise Rejected(TargetError(reason % {"name": attachment["name"]}))

    def _put_file(self, attachment: dict[str, Any], stored: Any) -> None:
        answer = self._client.send_file(
            file_path(attachment["sha256"]),
            _pieces(stored),
            size=stored.size,
            sha256=attachment["sha256"],
            kind=attachment["mime"] or "application/octet-stream",
            pause_s=self._item_s,
        )
        _expect(answer, 200, 201)
        if answer.data.get("sha256") != attachment["sha256"]:
            raise Doubtful(_("门户没有确认收到附件。"))
        self._sent[attachment["sha256"]] = None
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def read_item(self, key: str) -> dict[str, Any] | None:
        """Return what the portal holds for a key; None if nothing.

        Raises:
            TargetDown: it can't be read.
        """
        answer = self._read(item_path(self.origin, key), None, 200, 404)
        return answer.data if answer.status == 200 else None

    def read_digest(self) -> list[str]:
        """Return the hashes of the 256 buckets that the portal holds from us.

        Raises:
            TargetDown: it can't be read.
        """
        answer = self._read(f"{PREFIX}/digest/{self.origin}", None, 200)
        buckets = answer.data.get("buckets")
        if not isinstance(buckets, list) or len(buckets) != BUCKETS:
            raise TargetDown(_("门户的对账摘要读不懂。"))
        return buckets

    def read_manifest(self, bucket: int) -> Iterator[Row]:
        """Yield every row that the portal holds from us in one bucket.

        Raises:
            TargetDown: it can't be read.
        """
        path, after = f"{PREFIX}/manifest/{self.origin}", ""
        while True:
            params = {"bucket": bucket, "after": after, "limit": MANIFEST_LIMIT}
            data = self._read(path, params, 200).data
            try:
                rows = [Row(**row) for row in data["items"]]
                following = data["next"]
            except (KeyError, TypeError) as error:
                raise TargetDown(_("门户的对账清单读不懂。")) from error
            if not all(_is_row(row) for row in rows):
                raise TargetDown(_("门户的对账清单读不懂。"))
            yield from rows
            if not following:
                return
            if not isinstance(following, str) or following <= after:
                raise TargetDown(_("门户的对账清单读不懂。"))
            after = following

    def _read(self, path: str, params: dict[str, Any] | None, *good: int) -> Answer:
        try:
            answer = self._client.request("GET", path, params=params)
            _expect(answer, *good)
        except (Doubtful, PortalUnreachable) as error:
            raise TargetDown(str(error)) from error
        except Rejected as rejected:
            raise TargetDown(rejected.error.reason_zh) from rejected
        return answer


def _size(state: PublicState) -> int:
    return sum(row["bytes"] for row in state.attachments)


def _is_version(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and 0 < value < MAX_VERSION


def _is_row(row: Row) -> bool:
    texts = (row.key, row.sha256, row.state)
    return all(isinstance(text, str) for text in texts) and _is_version(row.version)


def _pieces(stored: Any) -> Iterator[bytes]:
    with stored.open("rb") as opened:
        while piece := opened.read(CHUNK):
            yield piece


def _expect(answer: Answer, *good: int) -> None:
    """Sort an answer: as hoped, refused for good, portal not ready, or in doubt."""
    status = answer.status
    if status in good:
        return
    said = answer.data.get("error")
    detail = f"：{said[:200]}" if isinstance(said, str) and said else ""
    if status in (429, 503):
        reason = _("门户正忙，要求稍后再发%(detail)s") % {"detail": detail or "。"}
        raise TargetDown(reason, retry_after=answer.asked_wait_s)
    if status in (401, 403):
        reason = _("门户不认可本机关的签名或已停用本机关%(detail)s")
        raise TargetDown(reason % {"detail": detail})
    if status == 413 or (status in (400, 411, 422) and detail):
        reason = _("门户不接受这一条（%(status)d）%(detail)s")
        reason %= {"status": status, "detail": detail}
        full = isinstance(answer.data.get("quota"), str)  # may be widened any time
        lost = isinstance(answer.data.get("missing"), list)  # a file that it had
        wait_s = FULL_WAIT_S if full else None
        raise Rejected(TargetError(reason, retryable=full or lost, again_s=wait_s))
    raise Doubtful(_("门户回应异常（%(status)d）。") % {"status": status})
