"""Another site of this software: its change feed, then each item by its number."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.utils.translation import gettext as _
from httpx import codes

from disclosure_pages.harvest import values
from disclosure_pages.harvest.base import (
    Asked,
    Batch,
    Content,
    Fetched,
    Find,
    SourceTrouble,
)
from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Answer, Gone, Web

LIMIT = 200
PUBLISHED = "published"
MAX_KEY = 60


class Gongkai:
    """Follows ``/api/v1/changes``: what was withdrawn comes as a tombstone.

    The cursor is ``since``; ``again`` says that the list began anew (410) and names
    everything that is left when it ends.
    """

    def discover(
        self, web: Web, url: str, profile: Profile, cursor: dict[str, Any]
    ) -> Iterator[Batch]:
        since, again = values.text(cursor.get("since")), bool(cursor.get("again"))
        while True:
            question = urlencode({"since": since, "limit": LIMIT})
            try:
                told = json_of(web.get(f"{base(url)}/api/v1/changes?{question}"))
            except Gone as gone:
                if not since or gone.status != codes.GONE:
                    raise SourceTrouble(
                        _("这个网址没有本系统的变更清单，请核对网址和种类。")
                    ) from gone
                since, again = "", True  # restored from a backup
                yield Batch([], {"again": True}, begins=True)
                continue
            rows, following = told.get("changes"), values.text(told.get("next"))
            if not isinstance(rows, list) or (rows and following in ("", since)):
                raise SourceTrouble(_("对方的变更清单读不懂。"))
            ended = len(rows) < LIMIT
            cursor = {"since": following or since} | (
                {"again": True} if again and not ended else {}
            )
            finds = [find for row in rows if (find := _find(row, profile))]
            yield Batch(finds, cursor, complete=ended and again, sure=True)
            if ended:
                return
            since = following

    def fetch(self, web: Web, url: str, profile: Profile, asked: Asked) -> Fetched:
        question = urlencode({"index_number": asked.hint.index_number})
        told = json_of(web.get(f"{base(url)}/api/v1/item?{question}"))
        return Fetched(_content(told, profile).or_else(asked.hint))


def base(url: str) -> str:
    """Return scheme and host of the site."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def json_of(answer: Answer) -> dict[str, Any]:
    """Return the object that the answer is.

    Raises:
        SourceTrouble: it is something else.
    """
    try:
        told = json.loads(answer.text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise SourceTrouble(_("对方给的不是能读的数据，请核对网址和种类。"))
    return told


def _find(row: Any, profile: Profile) -> Find | None:
    key = values.text(row.get("key"), MAX_KEY) if isinstance(row, dict) else ""
    if not key:
        return None
    if row.get("state") != PUBLISHED:
        return Find(key, gone=True, reason=values.text(row.get("reason"), 150))
    content = _content(row, profile)
    done = not (content.index_number and profile["fetch_pages"])
    return Find(key, content, fresh=values.text(row.get("sha256"), 64), done=done)


def _content(told: dict[str, Any], profile: Profile) -> Content:
    html = told.get("html")
    return Content(
        title=values.text(told.get("title")),
        url=values.address("", told.get("url")),
        html=values.kept(html) if isinstance(html, str) else "",
        document_number=values.number(told.get("document_number")),
        index_number=values.text(told.get("index_number"), 60),
        publisher=values.text(told.get("publisher"), 80),
        category=values.category(told.get("category"), profile["categories"]),
        summary=values.text(told.get("summary"), 500),
        validity=values.text(told.get("validity"), 20),
        date_published=values.day(told.get("date_published")),
        date_made=values.day(told.get("date_made")),
        attachments=tuple(_attachments(told.get("attachments"))),
    )


def _attachments(told: Any) -> Iterator[dict[str, Any]]:
    """Yield what is known of the files; they stay where they are."""
    for row in told[:100] if isinstance(told, list) else []:
        if isinstance(row, dict) and (name := values.text(row.get("name"))):
            safe = name.replace("/", "_").replace("\\", "_").lstrip(".")
            yield {"name": safe or "_", "mime": values.text(row.get("mime"), 100)}
