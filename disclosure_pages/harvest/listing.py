"""HTML lists: ``/col/col123/index.html`` with links ``/art/2026/3/5/art_123_456.html``.

Many such pages keep their entries as CDATA inside a script: what looks like HTML there
is read as HTML too; nothing is ever run.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from lxml.html import HtmlElement

from disclosure_pages.harvest import pages, values
from disclosure_pages.harvest.base import (
    Asked,
    Batch,
    Content,
    Fetched,
    Find,
    SourceTrouble,
)
from disclosure_pages.harvest.markup import MAX_TEXT, html_of, text_of
from disclosure_pages.harvest.patterns import date_in, matches
from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Answer, Web

MAX_LINKS = 2000
OPENS, CLOSES = "<![CDATA[", "]]>"
MAX_PIECE = 20_000  # characters of one CDATA
MAX_TITLE = 200
MAX_ROW = 400  # characters of a row: what is longer holds more than one entry
MAX_READ = 4000  # of a link or a row, spaces included


class Listing:
    """Reads list pages, the newest first, until one brings nothing new.

    The cursor is the ``page`` to go on with, and the ``tags`` of the first page.
    """

    def discover(
        self, web: Web, url: str, profile: Profile, cursor: dict[str, Any]
    ) -> Iterator[Batch]:
        here = values.text(cursor.get("page"), 500) or url
        number = cursor.get("number") if here != url else 1
        number = number if isinstance(number, int) else 1
        etag, modified = cursor.get("tags") or ("", "")
        seen = {here}
        while here:
            known = (
                (etag, modified) if here == url and not profile["full"] else ("", "")
            )
            answer = web.get(here, etag=known[0], last_modified=known[1])
            if answer.unchanged:
                yield Batch([], {"tags": [etag, modified]})
                return
            if here == url:
                etag, modified = answer.etag, answer.last_modified
            finds, following = read(answer, profile)
            if not finds and number == 1:
                raise SourceTrouble(
                    _("列表页里没有找到符合写法的网址，请核对网址和取数规则。")
                )
            ended = not following or following in seen
            here = "" if ended or number >= profile["max_pages"] else following
            number += 1
            seen.add(here)
            done = {"tags": [etag, modified]}
            yield Batch(
                finds,
                done | ({"page": here, "number": number} if here else {}),
                complete=ended and profile["full"],
                enough=None if profile["full"] else done,
            )

    def fetch(self, web: Web, url: str, profile: Profile, asked: Asked) -> Fetched:
        return pages.fetch(web, profile, asked)


def read(answer: Answer, profile: Profile) -> tuple[list[Find], str]:
    """Return what a list page names, and the address of the next one."""
    text = answer.text[:MAX_TEXT]
    pieces = islice(cdata(text), MAX_LINKS)
    trees = [html_of(text), *(html_of(piece) for piece in pieces)]
    days: dict[HtmlElement, date | None] = {}
    finds: dict[str, Find] = {}
    following = ""
    for link in _links(tree for tree in trees if tree is not None):
        address = values.address(answer.url, link.get("href"))
        words = text_of(link, MAX_READ)
        if not following and words.strip("»> ") in profile["next"]:
            following = address
        fit = matches(address, profile["match"]) if address else None
        if fit and address not in finds and len(finds) < MAX_LINKS:
            title = values.text(link.get("title") or words, MAX_TITLE)
            day = date_in(fit) or _day_beside(link, days)
            content = Content(title=title, url=address, date_published=day)
            finds[address] = Find(address, content)
    return [*finds.values()], following


def _links(trees: Iterator[HtmlElement]) -> Iterator[HtmlElement]:
    for tree in trees:
        yield from tree.iter("a")


def cdata(text: str) -> Iterator[str]:
    """Yield what stands in CDATA sections; looks at each character a few times only."""
    end = 0
    while (start := text.find(OPENS, end)) >= 0:
        end = text.find(CLOSES, start)
        if end < 0:
            return
        if end - start > MAX_PIECE:
            start = text.rfind(OPENS, start, end)
        piece = text[start + len(OPENS) : end]
        if 0 < len(piece) <= MAX_PIECE:
            yield piece


def _day_beside(
    link: HtmlElement, known: dict[HtmlElement, date | None]
) -> date | None:
    """Return the day that stands in the same row as the link; each row is read once."""
    row = link.getparent()
    if row is None:
        return None
    if row not in known:
        words = text_of(row, MAX_READ)
        known[row] = values.day(words) if len(words) < MAX_ROW else None
    return known[row]
