"""Drawing a PDF in a process of its own: ``-m disclosure_pages.guide_drawing``.

WeasyPrint and its fonts take some 200 MB that a web process would never give back, and
Pango may be missing; so the site starts this for each print and imports none of it.
Reads JSON from stdin (``html``, ``css``, ``base_url``, ``pictures`` by address as
data, ``one_page``), writes the PDF to stdout.
"""

import base64
import importlib
import json
import sys
from bisect import bisect_left
from functools import cache
from types import ModuleType
from typing import Any

UNAVAILABLE = 3  # exit status: Pango or a package is missing
POSTER_PT = (26, 24, 22, 20.5, 19, 17.5, 16, 14, 12, 10, 8)


class Pictures:
    """Hands WeasyPrint the pictures that came along; nothing else is ever loaded."""

    _fail_on_errors = False  # WeasyPrint asks: a picture that is missing is left out

    def __init__(self, engine: ModuleType, pictures: dict[str, list[str]]) -> None:
        self.engine = engine
        self.pictures = pictures

    def __call__(self, url: str, headers: dict[str, str] | None = None) -> Any:
        """Return a picture.

        Raises:
            ValueError: it is something else.
        """
        if url not in self.pictures:
            raise ValueError(url)
        kind, content = self.pictures[url]
        return self.engine.urls.URLFetcherResponse(
            url, base64.b64decode(content), {"Content-Type": kind}
        )


def draw(order: dict[str, Any], engine: ModuleType) -> bytes:
    """Return the PDF; a poster is drawn as large as it is still one page."""
    pictures = Pictures(engine, order["pictures"])
    source = engine.HTML(
        string=order["html"], base_url=order["base_url"], url_fetcher=pictures
    )

    @cache
    def drawn(size: float) -> Any:
        smaller = f".poster {{ font-size: {size}pt }}" if size else ""
        sheets = (order["css"], smaller)
        return source.render(
            stylesheets=[engine.CSS(string=s, url_fetcher=pictures) for s in sheets]
        )

    if not order["one_page"]:
        return drawn(0).write_pdf()
    fitting = bisect_left(POSTER_PT, True, key=lambda size: len(drawn(size).pages) == 1)
    poster = drawn(POSTER_PT[min(fitting, len(POSTER_PT) - 1)])
    return poster.copy(poster.pages[:1]).write_pdf()


def main() -> int:
    """Draw what stdin asks for."""
    try:
        engine = importlib.import_module("weasyprint")
    except (ImportError, OSError):
        return UNAVAILABLE
    sys.stdout.buffer.write(draw(json.load(sys.stdin), engine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
