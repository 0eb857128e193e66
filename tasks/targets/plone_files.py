"""Attachments in Plone: one folder for each item, every hash uploaded once."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from disclosure_pages.public_state import attachment_file

from ..portal.plone import Conflict, Invalid, PloneClient, Unclear, is_taken
from .plone_items import distinct

SMALL = 1_000_000  # bytes that travel in one JSON message; more goes as a stream
CHUNK = 1 << 16
TUS = "1.0.0"


class Files:
    """Keeps the folder of one item's files as the item names them.

    Args:
        move: makes a transition of a path, as (path, act, state afterwards).
    """

    def __init__(
        self, client: PloneClient, move: Callable[[str, str, str], None]
    ) -> None:
        self._client = client
        self._move = move

    def put(self, folder: str, attachments: list[dict[str, Any]]) -> bool:
        """Upload what is not there yet; returns whether there is a folder.

        The folder begins private, so that nothing is seen before its item is.

        Raises:
            Invalid: a file is not in our store (any more), or the portal refuses it.
        """
        held = self._held(folder)
        if attachments and held is None:
            self._make(folder)
            held = {}
        for row in distinct(attachments):
            size = (held or {}).get(row["sha256"])
            if size is not None and size != row["bytes"]:
                self._client.ask("DELETE", f"{folder}/{row['sha256']}", None, 204, 404)
            if size != row["bytes"]:
                self._upload(folder, row)
        return held is not None

    def _held(self, folder: str) -> dict[str, int] | None:
        """Return size by id of what the folder holds; None if there is none there."""
        params = {"fullobjects": 1, "b_size": 1000}
        answer = self._client.ask("GET", folder, None, 200, 302, 404, params=params)
        if answer.status != 200 or answer.data.get("@id", "").split("?")[0] != (
            self._client.url(folder)
        ):
            return None  # an address that is found further up is not ours
        rows = answer.data.get("items") or []
        return {row["id"]: (row.get("file") or {}).get("size", -1) for row in rows}

    def _make(self, folder: str) -> None:
        parent, _slash, slug = folder.rpartition("/")
        fields = {"@type": "Folder", "id": slug, "title": "附件"}
        fields["exclude_from_nav"] = True
        try:
            answer = self._client.ask("POST", parent, fields, 201)
        except Invalid as error:
            if not is_taken(error):
                raise
        else:
            if answer.data.get("@id") != self._client.url(folder):
                raise Unclear(_("门户回应了别处的地址。"))

    def _upload(self, folder: str, row: dict[str, Any]) -> None:
        stored = attachment_file(row["sha256"])
        if stored is None:
            reason = _("附件“%(name)s”的文件找不到。") % {"name": row["name"]}
            raise Invalid(reason)
        goal = f"{folder}/{row['sha256']}"
        if stored.size <= SMALL:
            self._send_whole(folder, row, stored)
        else:
            self._send_stream(folder, row, stored)
        held = (self._client.ask("GET", goal, None, 200).data.get("file") or {}).get
        if held("size") != row["bytes"]:
            self._client.ask("DELETE", goal, None, 204, 404)
            raise Unclear(_("附件在门户上的大小不对，重新上传。"))

    def _send_whole(self, folder: str, row: dict[str, Any], stored: Any) -> None:
        with stored.open("rb") as opened:
            content = base64.b64encode(opened.read()).decode()
        file = {"data": content, "encoding": "base64", "filename": row["name"]}
        file["content-type"] = row["mime"] or "application/octet-stream"
        message = {"@type": "File", "id": row["sha256"], "title": row["name"]}
        try:
            self._client.ask("POST", folder, {**message, "file": file}, 201)
        except Invalid as error:
            if not is_taken(error):
                raise

    def _send_stream(self, folder: str, row: dict[str, Any], stored: Any) -> None:
        """Upload by tus in one piece: the server does not check where a piece belongs.

        The file gets its id last; one that was left half-way is tidied away later.
        """
        size = stored.size
        about = ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}"
            for name, value in (
                ("filename", row["name"]),
                ("content-type", row["mime"] or "application/octet-stream"),
                ("@type", "File"),
            )
        )
        headers = {"Tus-Resumable": TUS, "Upload-Length": str(size)}
        begun = self._client.request(
            "POST",
            f"{folder}/@tus-upload",
            headers={**headers, "Upload-Metadata": about},
        )
        if begun.status != 201:  # noqa: PLR2004
            raise Unclear(_("门户回应异常（%(status)d）。") % {"status": begun.status})
        place = self._client.path(begun.headers.get("location", ""))
        answer = self._client.send(place, _pieces(stored), size, {
            "Tus-Resumable": TUS,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        })  # fmt: skip
        made = answer.headers.get("location", "")
        if answer.status >= 500:  # noqa: PLR2004
            raise Conflict(_("门户上另有写入，稍后再试。"))
        if answer.status != 204 or not made:  # noqa: PLR2004
            raise Unclear(_("门户回应异常（%(status)d）。") % {"status": answer.status})
        fields = {"id": row["sha256"], "title": row["name"]}
        self._client.ask("PATCH", self._client.path(made), fields, 200, 204)

    def tidy(self, folder: str, attachments: list[dict[str, Any]]) -> None:
        """Remove files that the item names no more."""
        wanted = {row["sha256"] for row in attachments}
        for name in set(self._held(folder) or {}) - wanted:
            self._client.ask("DELETE", f"{folder}/{name}", None, 204, 404)

    def remove(self, folder: str) -> None:
        """Hide the folder, then remove it with all its files."""
        if self._held(folder) is not None:
            self._move(folder, "retract", "private")
            self._client.ask("DELETE", folder, None, 204, 404)


def _pieces(stored: Any) -> Iterator[bytes]:
    with stored.open("rb") as opened:
        while piece := opened.read(CHUNK):
            yield piece
