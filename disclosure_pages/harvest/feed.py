"""RSS 2.0 and Atom: the newest of a site; what falls out of the window stays."""

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
from disclosure_pages.harvest.fingerprint import fingerprint
from disclosure_pages.harvest.markup import html_of, name_of, text_of, xml_of
from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Web

MAX_ENTRIES = 2000
TEXTS = ("encoded", "content", "description", "summary")


class Feed:
    """Reads one feed; its ETag is the cursor."""

    def discover(
        self, web: Web, url: str, profile: Profile, cursor: dict[str, Any]
    ) -> Iterator[Batch]:
        answer = web.get(
            url,
            etag=values.text(cursor.get("etag")),
            last_modified=values.text(cursor.get("last_modified")),
        )
        if answer.unchanged:
            yield Batch([], cursor)
            return
        root = xml_of(answer)
        if name_of(root) not in ("rss", "feed", "rdf"):
            raise SourceTrouble(_("这个网址不是 RSS 或 Atom，请核对网址和种类。"))
        entries = [e for e in root.iter() if name_of(e) in ("item", "entry")]
        finds = [
            find
            for entry in entries[:MAX_ENTRIES]
            if (find := _find(entry, answer.url, profile))
        ]
        tags = {"etag": answer.etag, "last_modified": answer.last_modified}
        yield Batch(finds, tags)

    def fetch(self, web: Web, url: str, profile: Profile, asked: Asked) -> Fetched:
        return pages.fetch(web, profile, asked)


def _find(entry: Element, base: str, profile: Profile) -> Find | None:
    told: dict[str, list[Element]] = {}
    for child in entry:
        told.setdefault(name_of(child), []).append(child)
    address = _link(told, base)
    title = _plain(_text(told, "title"))
    if not address or not title:
        return None
    html = next((text for name in TEXTS if (text := _text(told, name))), "")
    published = next(
        (
            day
            for name in ("pubdate", "published", "date", "issued", "updated")
            if (day := values.day(_text(told, name)))
        ),
        None,
    )
    categories = [(c.get("term") or c.text or "") for c in told.get("category", ())]
    content = Content(
        title=title,
        url=address,
        html=values.kept(html),
        document_number=values.number_among([_plain(title)]),
        publisher=values.text(_author(told), 80),
        category=next(
            (c for w in categories if (c := values.category(w, profile["categories"]))),
            "",
        ),
        date_published=published,
    )
    done = not profile["fetch_pages"]
    return Find(
        address, content, fresh=fingerprint(content, _text(told, "updated")), done=done
    )


def _text(told: dict[str, list[Element]], name: str) -> str:
    """Return all the text of the first such element, XHTML content included."""
    elements = told.get(name, [])
    return "".join(elements[0].itertext()).strip() if elements else ""


def _link(told: dict[str, list[Element]], base: str) -> str:
    for link in told.get("link", ()):
        if link.get("rel", "alternate") == "alternate":
            found = values.address(base, link.get("href") or (link.text or ""))
            if found:
                return found
    for guid in told.get("guid", ()):
        if guid.get("isPermaLink", "true") != "false":
            return values.address(base, guid.text or "")
    return ""


def _author(told: dict[str, list[Element]]) -> str:
    """Return who published it; RSS names people by mail address, which is no name."""
    source = _text(told, "creator") or _text(told, "source") or _text(told, "publisher")
    for author in told.get("author", ()):
        names = [e.text or "" for e in author if name_of(e) == "name"]
        source = source or "".join(names)
    return source


def _plain(text: str) -> str:
    """Return a title without the tags that some feeds put into it."""
    if "<" not in text and "&" not in text:
        return values.text(text)
    tree = html_of(text)
    return values.text(text_of(tree) if tree is not None else text)
