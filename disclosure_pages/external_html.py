"""HTML that another authority sent, made safe to show on this site."""

from urllib.parse import urljoin, urlsplit

import nh3

TAGS = {
    *("h2", "h3", "h4", "p", "br", "hr", "strong", "b", "em", "i", "u", "sub", "sup"),
    *("ul", "ol", "li", "dl", "dt", "dd", "blockquote", "a", "span", "div", "section"),
    *("aside", "figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot"),
    *("tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
SCHEMES = {"http", "https", "mailto", "tel"}


def web_address(text: str) -> str:
    """Return the text if it is an http(s) address, else an empty string."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""


def clean_external_html(html: str, base_url: str) -> str:
    """Return the part of the HTML that can do no harm here.

    No scripts, styles, pictures or forms: nothing is loaded from elsewhere. Relative
    links are those of the page at ``base_url``.
    """

    def absolute(tag: str, attribute: str, value: str) -> str | None:
        if attribute != "href":
            return value
        try:
            return urljoin(base_url, value)
        except ValueError:
            return None

    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        attribute_filter=absolute,
        link_rel="noopener noreferrer nofollow",
    )
