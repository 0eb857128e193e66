"""A city portal that is a Plone 6 site, through its REST API.

Every item is a News Item whose id is our key; version and hash stand in a keyword, so
that one search reads back what the portal holds. Its files lie in a folder beside it,
because a File has no state of its own: it is as visible as its folder.
"""

import contextlib
import random
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from disclosure_pages.public_state import PUBLISHED, WITHDRAWN, PublicState

from ..portal.client import PortalUnreachable
from ..portal.plone import (
    Busy,
    Conflict,
    Invalid,
    Locked,
    NotAllowed,
    PloneClient,
    Unclear,
    is_taken,
)
from ..portal.protocol import Row
from .base import Outcome, PortalSetting, Receipt, TargetDown, TargetError, Waiting
from .plone_files import Files
from .plone_items import (
    FIELDS,
    FILES_SUFFIX,
    KEY_TAG,
    TYPE,
    Held,
    container_of,
    fields_of,
    read_held,
)

TOTAL_S = 20.0
TRIES = 10  # of one item while others write, as far as its time goes
ENOUGH_S = 5.0  # left of it for another try
PAGE = 500
FAILURES = (PortalUnreachable, *(Conflict, Locked, NotAllowed, Busy, Invalid, Unclear))


class PloneTarget:
    """Creates, changes and retracts items in one folder of a Plone site.

    A version counts as delivered when a reader without an account sees it (or, after
    a withdrawal, sees nothing any more).
    """

    batch_size = 4  # a Plone takes seconds for an item while others write
    provable = True

    def __init__(self, setting: PortalSetting) -> None:
        self.name = setting.target
        address = setting.address.rstrip("/")
        self._account = setting.key
        self._client = PloneClient(address, setting.key)
        self._reader = PloneClient(address, "")
        self._files = Files(self._client, self._state)
        self._containers: set[str] = set()
        self._total_s = min(TOTAL_S, settings.GONGKAI_LEASE_S * 2 / 3)

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Send items one after the other, as far as the time of one round goes.

        Raises:
            TargetDown: the portal can't be reached or does not know us.
        """
        self._begin()
        self._check_account()
        outcomes: list[Outcome] = []
        started = time.monotonic()
        for version, state in items:
            if outcomes and time.monotonic() - started > self._total_s / 2:
                break
            self._begin()
            try:
                outcomes.append(self._deliver(version, state))
            except TargetDown as down:
                down.done = outcomes
                raise
        return outcomes + [Waiting()] * (len(items) - len(outcomes))

    def _begin(self) -> None:
        """Start the clock for one item: it must be over before the lease is."""
        self._client.ends = self._reader.ends = time.monotonic() + self._total_s

    def _check_account(self) -> None:
        """Ask what only an account may know: a wrong password reads like a stranger.

        Raises:
            TargetDown: it is not taken, or nobody answers.
        """
        if ":" not in self._account:
            raise TargetDown(
                _("没有配置该门户的账号（GONGKAI_PORTAL_KEYS，写成 账号:密码）。")
            )
        try:
            self._client.ask("GET", "/@types", None, 200)
        except FAILURES as error:
            raise _down(error) from error

    def _deliver(self, version: int, state: PublicState) -> Outcome:
        """Bring one item there; what other writers break is done again from its start.

        Raises:
            TargetDown: the failure is the portal's, not the item's.
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._put(version, state)
            except Conflict as error:
                last = str(error)
                if self._client.ends - time.monotonic() < ENOUGH_S:
                    break
                time.sleep(random.uniform(0.1, 0.3) * attempt)  # noqa: S311
            except Locked as error:
                return TargetError(str(error))
            except Invalid as error:
                return TargetError(str(error), retryable=False)
            except (NotAllowed, Busy) as error:
                raise _down(error) from error
            except (PortalUnreachable, Unclear) as error:
                self._begin()
                self._check_account()
                return TargetError(str(error))
        return TargetError(last)

    def _put(self, version: int, state: PublicState) -> Outcome:
        found = self._find(state.key)
        held = max(found, key=lambda row: (row.original, row.version), default=None)
        if held is not None and (
            held.version > version
            or (held.version == version and held.sha256 != state.sha256)
        ):
            reason = _("门户已有版本 %(held)d，不接受版本 %(ours)d。")
            return TargetError(
                reason % {"held": held.version, "ours": version},
                retryable=False,
                stale=held.version,
            )
        if state.state == PUBLISHED:
            return self._publish(version, state, held)
        return self._withdraw(version, state, held, found)

    def _find(self, key: str) -> list[Held]:
        """Return the item and its copies, wherever the portal's staff moved them."""
        rows = [
            *self._search({"getId": key}),
            *self._search({"Subject": KEY_TAG + key}),
        ]
        found = {held.url: held for held in map(read_held, rows) if held}
        return [held for held in found.values() if held.key == key]

    def _search(self, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a search, page by page."""
        start = 0
        while True:
            asked = {
                **query,
                "portal_type": TYPE,
                "metadata_fields": list(FIELDS),
                "sort_on": "getId",
                "b_size": PAGE,
                "b_start": start,
            }
            answer = self._client.ask("GET", "/@search", None, 200, params=asked)
            rows = answer.data.get("items")
            if not isinstance(rows, list):
                raise Unclear(_("门户的检索结果读不懂。"))
            yield from rows
            start += len(rows)
            if not rows or start >= int(answer.data.get("items_total") or 0):
                return

    def _publish(self, version: int, state: PublicState, held: Held | None) -> Receipt:
        url = held.url if held else self._new_url(state)
        path = self._client.path(url)
        files = path + FILES_SUFFIX
        had_files = self._files.put(files, state.attachments)
        fields = fields_of(version, state, self._client.url(files))
        if held is None:
            self._create(path, state.key, fields)
        elif held.changed or (held.version, held.sha256) != (version, state.sha256):
            self._client.ask("PATCH", path, fields, 200, 204)
        self._state(path, "publish", "published")
        if state.attachments:
            self._state(files, "publish", "published")
        if had_files:
            self._files.tidy(files, state.attachments)
        self._see(path, url, fields)
        return Receipt(state.key, version, state.sha256, url)

    def _new_url(self, state: PublicState) -> str:
        """Return the address of an item to be, in a folder that is there."""
        slug, title = container_of(state)
        if slug not in self._containers:
            fields = {"@type": "Folder", "id": slug, "title": title}
            with contextlib.suppress(_Taken):
                self._post("", slug, fields)
            self._state(f"/{slug}", "publish", "published")
            self._containers.add(slug)
        return self._client.url(f"/{slug}/{state.key}")

    def _create(self, path: str, key: str, fields: dict[str, Any]) -> None:
        parent = path.rpartition("/")[0]
        try:
            self._post(parent, key, {"@type": TYPE, "id": key, **fields})
        except _Taken:
            # Ours, from an answer that was lost, unless the place says otherwise: an
            # address that is found further up answers too.
            answer = self._client.ask("GET", path, None, 200)
            subjects = answer.data.get("subjects") or []
            if answer.data.get("@id") != self._client.url(path):
                raise Unclear(_("门户回应了别处的地址。")) from None
            if f"{KEY_TAG}{key}" not in subjects:
                reason = _("门户上这个地址已被别的内容占用：%(url)s")
                url = self._client.url(path)
                raise Invalid(reason % {"url": url}) from None
            self._client.ask("PATCH", path, fields, 200, 204)

    def _post(self, parent: str, slug: str, fields: dict[str, Any]) -> None:
        """Create something; only a 201 that names the right place counts.

        Raises:
            _Taken: there is one already.
        """
        try:
            answer = self._client.ask("POST", parent, fields, 201)
        except Invalid as error:
            if is_taken(error):
                raise _Taken from error
            raise
        if answer.data.get("@id") != self._client.url(f"{parent}/{slug}"):
            raise Unclear(_("门户回应了别处的地址。"))

    def _state(self, path: str, act: str, wanted: str) -> None:
        """Make a transition, and believe only the state that it names."""
        answer = self._client.ask("POST", f"{path}/@workflow/{act}", {}, 200)
        if answer.data.get("review_state") != wanted:
            raise Unclear(_("门户没有改变这一条的公开状态。"))

    def _withdraw(
        self, version: int, state: PublicState, held: Held | None, found: list[Held]
    ) -> Receipt:
        """Hide first, everywhere; then replace what is left by the tombstone."""
        for each in found:
            self._state(self._client.path(each.url), "retract", "private")
        fields = fields_of(version, state, "")
        if held is None:
            url = self._new_url(state)
            self._create(self._client.path(url), state.key, fields)
        else:
            url = held.url
        path = self._client.path(url)
        self._files.remove(path + FILES_SUFFIX)
        if held is not None:
            self._overwrite(path, fields)
        for each in found:
            self._hidden(each.url)
        self._hidden(url)
        return Receipt(state.key, version, state.sha256, url, read_back=True)

    def _overwrite(self, path: str, fields: dict[str, Any]) -> None:
        """Change an item even while somebody edits it: a withdrawal can't wait."""
        try:
            self._client.ask("PATCH", path, fields, 200, 204)
        except Locked:
            self._client.ask("DELETE", f"{path}/@lock", {"force": True}, 200)
            self._client.ask("PATCH", path, fields, 200, 204)

    def _see(self, path: str, url: str, fields: dict[str, Any]) -> None:
        """Read the item as a stranger does."""
        try:
            shown = self._reader.ask("GET", path, None, 200).data
        except NotAllowed as error:
            raise Unclear(_("回读时读者还看不到这一条。")) from error
        expected = (url, fields["title"], fields["description"])
        if (shown.get("@id"), shown.get("title"), shown.get("description")) != expected:
            raise Unclear(_("回读时门户显示的不是所发的内容。"))
        if not set(fields["subjects"]) <= set(shown.get("subjects") or []):
            raise Unclear(_("回读时门户显示的不是所发的内容。"))

    def _hidden(self, url: str) -> None:
        """Make sure that a stranger reads nothing at an address."""
        path = self._client.path(url)
        with contextlib.suppress(NotAllowed):
            answer = self._reader.ask("GET", path, None, 200, 404)
            if answer.status == 200 and answer.data.get("@id") == url:
                raise Unclear(_("回读时门户还没有撤下，稍后再试。"))

    def read_rows(self, only: Collection[str] | None = None) -> Iterator[Row]:
        """Yield what the portal holds from us, copies by its staff included.

        What somebody there changed in title or summary has no hash of ours.

        Raises:
            TargetDown: it can't be read.
        """
        self._begin()
        self._check_account()
        held: dict[str, Held] = {}
        visible: set[str] = set()
        for row in self._all_rows():
            found = read_held(row)
            if found is None or (only is not None and found.key not in only):
                continue
            visible.update({found.key} if found.visible else ())
            known = held.get(found.key)
            if known is None or (found.original, found.version) > (
                known.original,
                known.version,
            ):
                held[found.key] = found
        for key, found in sorted(held.items()):
            sha256 = "" if found.changed else found.sha256
            state = PUBLISHED if key in visible else WITHDRAWN
            yield Row(key, found.version, sha256, state)

    def _all_rows(self) -> list[dict[str, Any]]:
        self._client.ends = float("inf")  # each page is bounded by itself
        try:
            return list(self._search({}))
        except FAILURES as error:
            raise _down(error) from error

    def waiting_keys(self) -> set[str]:
        """Return nothing: this portal answers at once."""
        return set()


def _down(error: Exception) -> TargetDown:
    wait_s = error.retry_after if isinstance(error, Busy) else None
    return TargetDown(str(error), retry_after=wait_s)


class _Taken(Exception):
    """The id is in use."""
