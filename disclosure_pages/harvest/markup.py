"""XML and HTML of foreign sites as trees: no DTD, no entities, nothing loaded."""

import zlib
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _
from lxml import etree, html

from disclosure_pages.harvest.web import MAX_BYTES, Answer, WebError, unpacked

GZIP = b"\x1f\x8b"
MAX_TEXT = 2_000_000
HIDDEN = ("script", "style", "noscript", "template", "iframe", "svg", "form")


def xml_of(answer: Answer) -> Element:
    """Return the root of an XML answer, also of a gzipped one.

    Raises:
        WebError: it is no XML, or XML with a DTD (bombs, foreign files).
    """
    if answer.body.startswith(GZIP):
        inflate = zlib.decompressobj(47)
        body = unpacked(inflate, answer.body, MAX_BYTES)
        if inflate.unconsumed_tail:
            raise WebError(_("对方网站给的内容太大，没有取。"))
        answer = Answer(answer.status, answer.url, body, answer.content_type)
    try:
        return fromstring(answer.text.lstrip(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise WebError(_("对方网站的 XML 里有不安全的定义，没有读。")) from error
    except (ParseError, ValueError, RecursionError) as error:
        raise WebError(_("对方网站给的不是能读的 XML。")) from error


def name_of(element: Element) -> str:
    """Return the local name, in lower case."""
    return str(element.tag).rpartition("}")[2].lower()


def html_of(text: str) -> html.HtmlElement | None:
    """Return the tree of a page's beginning; None when there is nothing in it."""
    text = text[:MAX_TEXT]
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def select(tree: html.HtmlElement, selectors: list[str]) -> html.HtmlElement | None:
    """Return the first element with text for the first selector that has one.

    A selector is ``tag``, ``#id`` or ``.class``; the page is walked once.
    """
    first: dict[str, html.HtmlElement] = {}
    wanted = set(selectors)
    for element in tree.iter(etree.Element):
        names = [str(element.tag), f"#{element.get('id')}"]
        names += [f".{name}" for name in (element.get("class") or "").split()]
        for name in wanted.intersection(names):
            if name not in first and text_of(element):
                first[name] = element
    return next((first[name] for name in selectors if name in first), None)


def inner_html(element: html.HtmlElement) -> str:
    """Return what the element holds as HTML, without what is never shown."""
    for hidden in [*element.iter(*HIDDEN)]:
        if hidden is not element:
            hidden.drop_tree()
    return html.tostring(element, encoding="unicode", with_tail=False)


def text_of(element: html.HtmlElement, most: int = MAX_TEXT) -> str:
    """Return the text in one line; at most about so many characters are read."""
    pieces, left = [], most
    for piece in element.itertext():
        pieces.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            break
    return " ".join("".join(pieces).split())
