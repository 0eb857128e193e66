"""One web page of an authority as content: meta tags, JSON-LD, then the page itself."""

import json
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from disclosure_pages import document_numbers
from disclosure_pages.harvest import values
from disclosure_pages.harvest.base import Asked, Content, Fetched
from disclosure_pages.harvest.markup import html_of, inner_html, select, text_of
from disclosure_pages.harvest.profiles import Profile
from disclosure_pages.harvest.web import Answer, Web

LD = "application/ld+json"
MAX_LD = 200_000
MAX_NODES = 500
# schema.org → ours
LD_NAMES = {
    "headline": "title",
    "name": "title",
    "datePublished": "date_published",
    "dateCreated": "date_made",
    "identifier": "",  # one or several numbers
    "legislationIdentifier": "document_number",
    "abstract": "summary",
    "description": "summary",
    "author": "publisher",
    "publisher": "publisher",
    "about": "category",
    "articleSection": "category",
}
DOCUMENTS = ("Article", "Legislation", "Report", "CreativeWork", "DigitalDocument")
AROUND = ("nav", "header", "footer", "aside")
HEAD_LINES = 15


def fetch(web: Web, profile: Profile, asked: Asked) -> Fetched:
    """Return the page of a find, or nothing when it is as it was.

    Raises:
        WebError, Gone, Later, OutOfTime
    """
    answer = web.get(asked.address, etag=asked.etag, last_modified=asked.last_modified)
    if answer.unchanged:
        return Fetched(None, asked.etag, asked.last_modified)
    found = read(answer, profile).or_else(asked.hint)
    return Fetched(found, answer.etag, answer.last_modified)


def read(answer: Answer, profile: Profile) -> Content:
    """Return what a page says of itself.

    Raises:
        WebError: it is no HTML.
    """
    tree = html_of(answer.text) if _is_html(answer) else None
    if tree is None:
        return Content(url=answer.url)
    told = _meta(tree, profile)
    for name, value in _linked_data(tree).items():
        told.setdefault(name, value)
    title = told.get("title") or _heading(tree)
    body = _body(tree, profile)
    return Content(
        title=values.text(title),
        url=_canonical(tree, answer.url),
        html=values.kept(inner_html(body)) if body is not None else "",
        document_number=values.number(told.get("document_number", ""))
        or values.number_among(_lines(body)),
        index_number=values.text(told.get("index_number"), 60),
        publisher=values.text(told.get("publisher"), 80),
        category=values.category(told.get("category"), profile["categories"]),
        summary=values.text(told.get("summary"), 500),
        date_published=values.day(told.get("date_published")),
        date_made=values.day(told.get("date_made")),
    )


def _is_html(answer: Answer) -> bool:
    kind = answer.content_type.partition(";")[0].strip().lower()
    return kind in ("", "text/html", "application/xhtml+xml", "text/plain")


def _meta(tree: HtmlElement, profile: Profile) -> dict[str, str]:
    tags: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = (element.get("name") or element.get("property") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name and content:
            tags.setdefault(name, content)
    found = {}
    for field, names in profile["meta"].items():
        told = next((tags[n.lower()] for n in names if n.lower() in tags), "")
        if told:
            found[field] = told
    return found


def _linked_data(tree: HtmlElement) -> dict[str, Any]:
    """Return the facts of the first document that the page's JSON-LD describes."""
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() != LD:
            continue
        try:
            data = json.loads((script.text or "")[:MAX_LD])
        except (ValueError, RecursionError):
            continue
        nodes = [*_nodes(data)]
        named = {n["@id"]: n.get("name") for n in nodes if _id_of(n)}
        for node in nodes:
            if str(node.get("@type", "")).endswith(DOCUMENTS):
                return _facts(node, named)
    return {}


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    waiting, seen = [data], 0
    while waiting and seen < MAX_NODES:
        node, seen = waiting.pop(0), seen + 1
        if isinstance(node, list):
            waiting += node[:MAX_NODES]
        elif isinstance(node, dict):
            yield node
            waiting += [v for k, v in node.items() if k in ("@graph", "mainEntity")]


def _facts(node: dict[str, Any], named: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for theirs, ours in LD_NAMES.items():
        value = node.get(theirs)
        if isinstance(value, dict):
            value = value.get("name") or named.get(_id_of(value))
        if theirs == "identifier":
            found = _numbers(value) | found
        elif isinstance(value, str) and value:
            found.setdefault(ours, value)
    return found


def _id_of(node: dict[str, Any]) -> str:
    told = node.get("@id")
    return told if isinstance(told, str) else ""


def _numbers(told: Any) -> dict[str, str]:
    """Tell 文号 and 索引号 apart among a document's identifiers."""
    found: dict[str, str] = {}
    for value in told if isinstance(told, list) else [told]:
        if isinstance(value, str) and value:
            is_number = document_numbers.parse(value)
            found["document_number" if is_number else "index_number"] = value
    return found


def _heading(tree: HtmlElement) -> str:
    element = select(tree, ["h1", "title"])
    return text_of(element) if element is not None else ""


def _canonical(tree: HtmlElement, url: str) -> str:
    """Return the address that the page gives itself, if it is of the same host."""
    host = url.split("/")[2]
    for link in tree.iter("link"):
        if (link.get("rel") or "").lower() == "canonical":
            own = values.address(url, link.get("href"))
            if own and own.split("/")[2].lower() == host.lower():
                return own
    return url


def _body(tree: HtmlElement, profile: Profile) -> HtmlElement | None:
    found = select(tree, profile["content"])
    if found is not None:
        return found
    body = tree.find("body")
    if body is not None:
        for around in [*body.iter(*AROUND)]:
            around.drop_tree()
    return body


def _lines(body: HtmlElement | None) -> list[str]:
    if body is None:
        return []
    lines = (" ".join(text.split()) for text in body.itertext())
    return [line for line in lines if line][:HEAD_LINES]
