"""The catalogue interface of Guangdong's sites: JSON pages of ``/gkmlpt/api/all/…``."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from disclosure_pages.harvest import pages, values
from disclosure_pages.harvest.base import (
    Asked,
    Batch,
    Content,
    Fetched,
    Find,
    SourceTrouble,
)
from disclosure_pages.harvest.fingerprint import fingerprint
from disclosure_pages.harvest.gongkai import json_of
from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Web

MAX_ROWS = 1000
REPEALED, EXPIRED = "repealed", "expired"


class Gkmlpt:
    """Reads page after page until one brings nothing new; the cursor is the page."""

    def discover(
        self, web: Web, url: str, profile: Profile, cursor: dict[str, Any]
    ) -> Iterator[Batch]:
        first = profile["first_page"]
        number = cursor.get("page")
        number = number if isinstance(number, int) and number > first else first
        while True:
            told = json_of(web.get(page_address(url, profile["page"], number)))
            rows = at_path(told, profile["items"])
            if not isinstance(rows, list):
                raise SourceTrouble(
                    _("对方的数据里没有“%(name)s”，请核对网址和取数规则。")
                    % {"name": profile["items"]}
                )
            finds = [f for row in rows[:MAX_ROWS] if (f := _find(row, url, profile))]
            if rows and not finds:
                raise SourceTrouble(
                    _("对方的数据里找不到标题和网址，请核对取数规则里的 fields。")
                )
            number += 1
            more = bool(rows) and number - first < profile["max_pages"]
            yield Batch(
                finds,
                {"page": number} if more else {},
                complete=not rows and profile["full"],
                enough=None if profile["full"] else {},
            )
            if not more:
                return

    def fetch(self, web: Web, url: str, profile: Profile, asked: Asked) -> Fetched:
        found = pages.fetch(web, profile, asked)
        if found.content is None:
            return found
        # What the interface says is surer than what the page looks like.
        content = asked.hint.or_else(found.content)
        return Fetched(content, found.etag, found.last_modified)


def page_address(url: str, name: str, number: int) -> str:
    """Return the address of one page of the list."""
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query) if k != name]
    query.append((name, str(number)))
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def at_path(told: Any, path: str) -> Any:
    """Return what stands at ``a.b`` in nested objects; None when nothing does."""
    for name in path.split("."):
        told = told.get(name) if isinstance(told, dict) else None
    return told


def _find(row: Any, base: str, profile: Profile) -> Find | None:
    told = {name: at_path(row, path) for name, path in profile["fields"].items()}
    address, title = values.address(base, told["url"]), values.text(told["title"])
    if not address or not title:
        return None
    validity = REPEALED if told["repealed"] else EXPIRED if told["expired"] else ""
    content = Content(
        title=title,
        url=address,
        document_number=values.number(told["document_number"]),
        index_number=values.text(told["index_number"], 60),
        publisher=values.text(told["publisher"], 80),
        category=values.category(told["category"], profile["categories"]),
        summary=values.text(told["summary"], 500),
        validity=validity,
        date_published=values.day(told["date_published"]),
        date_made=values.day(told["date_made"]),
    )
    fresh = fingerprint(content, told["fresh"])
    return Find(address, content, fresh=fresh, done=not profile["fetch_pages"])
