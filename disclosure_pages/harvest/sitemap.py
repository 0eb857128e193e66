"""sitemap.xml, also as an index of several: every page of a site with its lastmod."""

import hashlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

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
from disclosure_pages.harvest.markup import name_of, xml_of
from disclosure_pages.harvest.patterns import matches
from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Web

MAX_ADDRESSES = 50_000
AT_ONCE = 1000


class Sitemap:
    """Reads a sitemap and, of an index, one map after another.

    The cursor holds ``waiting`` maps of this reading (absent: begin anew) and the
    ``tags`` of each map, so that one that did not change costs one question.
    """

    def discover(
        self, web: Web, url: str, profile: Profile, cursor: dict[str, Any]
    ) -> Iterator[Batch]:
        waiting = [w for w in cursor.get("waiting") or [url] if isinstance(w, str)]
        tags = dict(cursor.get("tags") or {})
        seen = set(waiting)
        while waiting:
            here, *waiting = waiting
            etag, modified = tags.get(here) or ("", "")
            answer = web.get(here, etag=etag, last_modified=modified)
            finds: list[Find] = []
            if not answer.unchanged:
                root = xml_of(answer)
                finds, more = _read(root, answer.url, profile)
                more = [m for m in dict.fromkeys(more) if m not in seen]
                waiting += more[: max(0, profile["max_maps"] - len(seen))]
                seen.update(more)
                tags = {k: v for k, v in tags.items() if k != here}
                if name_of(root) == "urlset":  # an index is always read
                    tags[here] = [answer.etag, answer.last_modified]
            following = {"waiting": waiting} if waiting else {}
            while len(finds) > AT_ONCE:  # no transaction holds the database for long
                some, finds = finds[:AT_ONCE], finds[AT_ONCE:]
                yield Batch(some, cursor, part=part_of(here), part_ends=False)
            cursor = {**following, "tags": tags}
            yield Batch(
                finds,
                cursor,
                part=part_of(here),
                unchanged=answer.unchanged,
                complete=not waiting and profile["full"],
            )

    def fetch(self, web: Web, url: str, profile: Profile, asked: Asked) -> Fetched:
        return pages.fetch(web, profile, asked)


def part_of(url: str) -> str:
    """Return a short name for a map."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _read(root: Element, base: str, profile: Profile) -> tuple[list[Find], list[str]]:
    """Return the pages that a map names, and the maps that an index names."""
    kind = name_of(root)
    if kind not in ("urlset", "sitemapindex"):
        raise SourceTrouble(_("这个网址不是网站地图，请核对网址和种类。"))
    finds, more = [], []
    for entry in root:
        told = {name_of(child): (child.text or "").strip() for child in entry}
        address = values.address(base, told.get("loc", ""))
        if not address:
            continue
        if kind == "sitemapindex":
            more.append(address)
        elif not profile["match"] or matches(address, profile["match"]):
            fresh = values.text(told.get("lastmod"), 64)
            finds.append(Find(address, Content(url=address), fresh=fresh))
        if len(finds) >= MAX_ADDRESSES:
            break
    return finds, more
