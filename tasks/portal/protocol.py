"""Portal protocol v1: the words both ends share; no I/O.

`docs/portal-protocol.md` describes it for those who build the other end.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from disclosure_pages.models.external import bucket_of
from disclosure_pages.public_state import (
    LINKS,
    LISTED_FIELDS,
    LISTS,
    canonical_sha256,
)

PREFIX = "/portal/v1"
ORIGIN = re.compile(r"[0-9A-Z]{18}")
KEY = re.compile(r"[0-9a-f]{32}")
SHA256 = re.compile(r"[0-9a-f]{64}")
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
STATES = ("published", "withdrawn")
BUCKETS = 256
MAX_VERSION = 2**63 - 1
MAX_ITEM_BYTES = 10 * 1024 * 1024
MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_ATTACHMENTS = 500
MANIFEST_LIMIT = 1000


class Refused(Exception):
    """The message can't be accepted as it stands; sending it again won't help."""

    def __init__(self, reason: str, status: int = 422, **details: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.details = details


class Row(NamedTuple):
    """What both sides compare: one item as it is held, content by its hash."""

    key: str
    version: int
    sha256: str
    state: str


@dataclass(frozen=True)
class Message:
    """The body of ``PUT /portal/v1/items/{origin}/{key}``, checked."""

    key: str
    version: int
    state: str
    metadata: dict[str, Any]
    html: str
    attachments: list[dict[str, Any]]
    reason: str
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return the message as it travels."""
        return dict(vars(self))


def item_path(origin: str, key: str) -> str:
    """Return the path of one item, below the portal's base address."""
    return f"{PREFIX}/items/{origin}/{key}"


def file_path(sha256: str) -> str:
    """Return the path of one attachment's bytes."""
    return f"{PREFIX}/files/{sha256}"


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return number


def parse_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        Refused: (400) not UTF-8, not JSON, too deep, not an object, or a number or
            character that JSON or a database can't carry (NaN, half a surrogate, NUL).
    """
    try:
        found = json.loads(
            body.decode(), parse_constant=_no_constant, parse_float=_finite
        )
        text = json.dumps(found, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise Refused(_("内容不是有效的 JSON。"), status=400) from error
    if not isinstance(found, dict) or NUL.search(text):
        raise Refused(_("内容不是有效的 JSON。"), status=400)
    return found


def read_message(origin: str, key: str, found: dict[str, Any]) -> Message:
    """Return the checked message for the origin and key in the path.

    Raises:
        Refused: (422) a field is missing or of the wrong kind, key or origin differ
            from the path, a withdrawal still carries content, or the content is not
            what ``sha256`` says.
    """
    kinds: dict[str, type] = {
        **{"key": str, "version": int, "state": str, "metadata": dict},
        **{"html": str, "attachments": list, "reason": str, "sha256": str},
    }
    for name, kind in kinds.items():
        value = found.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise Refused(_("字段 %(name)s 缺失或类型不对。") % {"name": name})
    message = Message(**{name: found[name] for name in kinds})
    if message.key != key:
        raise Refused(_("内容中的 key 与地址不一致。"))
    if not 1 <= message.version <= MAX_VERSION or message.state not in STATES:
        raise Refused(_("版本号或状态不对。"))
    if message.state == "withdrawn" and (message.html or message.attachments):
        raise Refused(_("撤下的信息不能带正文或附件。"))
    _check_metadata(message.metadata, origin)
    _check_attachments(message.attachments)
    held = canonical_sha256(
        message.state, message.metadata, message.html, message.attachments
    )
    if held != message.sha256:
        raise Refused(_("内容与 sha256 不符。"), sha256=held)
    return message


def _check_metadata(metadata: dict[str, Any], origin: str) -> None:
    for name in LISTED_FIELDS:
        if not isinstance(metadata.get(name, ""), str):
            raise Refused(_("字段 %(name)s 应为文字。") % {"name": f"metadata.{name}"})
    for name in LISTS:
        words = metadata.get(name, [])
        if not isinstance(words, list) or not _all_text(words):
            raise Refused(_("%(name)s 应为文字的列表。") % {"name": f"metadata.{name}"})
    for name in (*LINKS, "successor"):
        link = metadata.get(name, {})
        if not isinstance(link, dict) or not _all_text(link.values()):
            raise Refused(
                _("%(name)s 应为空，或写明 key、title、url。")
                % {"name": f"metadata.{name}"}
            )
    errata = metadata.get("corrections", [])
    good = isinstance(errata, list) and all(
        isinstance(row, dict) and _all_text(row.values()) for row in errata
    )
    if not good:
        raise Refused(_("metadata.corrections 应为更正说明的列表，每一栏是文字。"))
    if metadata.get("origin", origin) not in ("", origin):
        raise Refused(_("metadata.origin 与地址不一致。"))


def _all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _check_attachments(attachments: list[Any]) -> None:
    if len(attachments) > MAX_ATTACHMENTS:
        raise Refused(_("附件太多。"))
    for attachment in attachments:
        good = (
            isinstance(attachment, dict)
            and isinstance(attachment.get("name"), str)
            and isinstance(attachment.get("mime"), str)
            and isinstance(attachment.get("bytes"), int)
            and isinstance(attachment.get("sha256"), str)
            and SHA256.fullmatch(attachment["sha256"])
        )
        if not good:
            raise Refused(_("附件应写明 name、sha256、bytes、mime。"))


class Digest:
    """256 running hashes over rows that come sorted by key; memory does not grow."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._hashes = [hashlib.sha256() for _bucket in range(BUCKETS)]
        self.items = 0
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Take in the next row."""
        line = f"{row.key}:{row.version}:{row.sha256}:{row.state}\n"
        self._hashes[bucket_of(row.key)].update(line.encode())
        self.items += 1

    def buckets(self) -> list[str]:
        """Return the hex digest of each bucket."""
        return [each.hexdigest() for each in self._hashes]
