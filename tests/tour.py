"""One address of every kind of public page of a running township site."""

from urllib.parse import urlsplit

import httpx
from lxml import html

# name → where it is; a tuple is (list page, prefix of the child's address).
PLACES: dict[str, str | tuple[str, str]] = {
    "home": "/",
    "guide": "/guide/",
    "guide-printed": "/guide/?printed=1",
    "rules": "/rules/",
    "rule": ("/rules/", "/rules/"),
    "disclosure": "/disclosure/",
    "category": "/disclosure/work/",
    "subcategory": "/disclosure/work/?subcategory=relief",
    "office": ("/disclosure/", "/disclosure/office-"),
    "item": ("/disclosure/work/", "/disclosure/office-"),
    "annual-reports": "/annual-reports/",
    "annual-report": ("/annual-reports/", "/annual-reports/"),
    "institution": "/institution/",
    "notices": "/notices/",
    "notice": ("/notices/", "/notices/"),
    "dossiers": "/dossiers/",
    "dossier": ("/dossiers/", "/dossiers/"),
    "collection": "/relief-2026/",
    "collection-table": "/normative-documents/",
    "collection-feed": "/announcements/",
    "plain": "/accessibility/",
    "reading-points": "/reading-points/",
    "village-point": "/reading-points/point-shangyun/",
    "reading-point": ("/reading-points/", "/reading-points/"),
    "search": "/search/?q=低保",
    "feedback": "/feedback/?page=/guide/",
    "site-map": "/sitemap/",
}


def links(base_url: str, path: str) -> list[str]:
    """Return the paths of all links in the main part of a page, without queries."""
    answer = httpx.get(f"{base_url}{path}", follow_redirects=True)
    answer.raise_for_status()
    found = html.fromstring(answer.text).xpath("//main//a/@href")
    return [urlsplit(href).path for href in found if href.startswith("/")]


def tour(base_url: str) -> dict[str, str]:
    """Return name → path for every kind; fails when a kind has no page."""
    found: dict[str, str] = {}
    for name, place in PLACES.items():
        if isinstance(place, str):
            found[name] = place
            continue
        index, prefix = place
        deeper = [
            path
            for path in links(base_url, index)
            if path.startswith(prefix)
            and path.endswith("/")
            and path not in (prefix, index)
            and (name != "item" or path.count("/") == 4)
        ]
        assert deeper, f"{index} links to no {name}"
        found[name] = deeper[0]
    return found
