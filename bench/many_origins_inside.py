"""The acts of ``bench.many_origins`` inside the portal's home.

DJANGO_SETTINGS_MODULE=… GONGKAI_HOME=… python -m bench.many_origins_inside ACT …
"""

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from disclosure_pages.bulk.synthesis import synthetic_items  # noqa: E402
from disclosure_pages.models import ExternalItem, Origin  # noqa: E402
from disclosure_pages.models.external import bucket_of  # noqa: E402
from disclosure_pages.origin_coverage import read_origins  # noqa: E402
from disclosure_pages.public_state import PUBLISHED, canonical_sha256  # noqa: E402
from search import engines  # noqa: E402
from search.facets import facet_names  # noqa: E402
from search.query import make_query  # noqa: E402
from tests.search.corpus import questions  # noqa: E402

CHUNK = 500
OPENED = 15
COPIED = ("title", "category", "document_number", "date_made", "date_published")
numbers = itertools.count()


def fill(origins: str, items: str) -> None:
    """Write townships and their items as the portal would have stored them."""
    made = synthetic_items(int(origins) * int(items))
    for number in range(1, int(origins) + 1):
        origin = Origin.objects.create(
            credit_code=f"1133009900000{number:05d}", name=f"第{number}镇人民政府"
        )
        rows = [received(origin, item) for item in itertools.islice(made, int(items))]
        ExternalItem.objects.bulk_create(rows, batch_size=CHUNK)


def received(origin: Origin, item: dict[str, Any]) -> ExternalItem:
    """Return the row of an invented item of a township."""
    copied = {name: item[name] for name in COPIED}
    serial = next(numbers)
    key = UUID(int=serial).hex
    metadata = {
        **{name: item[name] for name in ("validity", "summary", "keywords")},
        **copied,
        "type": "item",
        "index_number": f"{origin.credit_code}/2026-{serial:06d}",
        "publisher": origin.name,
        "origin_label": origin.name,
        "url": f"https://example.test/{key}/",
    }
    html = item["body"]
    if not html.startswith("<"):
        html = "".join(f"<p>{line}</p>" for line in html.splitlines())
    return ExternalItem(
        origin=origin.credit_code,
        key=key,
        bucket=bucket_of(key),
        version=1,
        state=PUBLISHED,
        sha256=canonical_sha256(PUBLISHED, metadata, html, []),
        payload={"metadata": metadata, "html": html, "attachments": [], "reason": ""},
        kind="item",
        index_number=metadata["index_number"],
        publisher=origin.name,
        **copied,
    )


def measure(asked: str) -> None:
    """Count, ask and open; prints JSON."""
    engine = engines.get("local")
    everything = engine.search(make_query("", facets=("origin",)))
    texts = questions(int(asked) + 20)
    facets = facet_names()

    def search(text: str, **options: Any) -> Callable[[], Any]:
        return lambda: engine.search(make_query(text, **options))

    for text in texts[:20]:
        search(text, facets=facets)()
    plain = [search(text) for text in texts[20:]]
    counted = [search(text, facets=facets) for text in texts[20:]]
    figures = {
        "documents": everything.total,
        "facet": dict(everything.facets["origin"]),
        "townships": {row.origin.credit_code: row.items for row in read_origins().rows},
        "engine": {
            "questions": spread(map(timed, plain)),
            "questions with all facets": spread(map(timed, counted)),
        },
        "pages": list(map(opened, paths(texts[20:]))),
    }
    json.dump(figures, sys.stdout, ensure_ascii=False)


def paths(texts: list[str]) -> list[str]:
    """Return the addresses of the pages to open."""
    one = Origin.objects.values_list("credit_code", flat=True)[50:51]
    code = next(iter(one), Origin.objects.first().credit_code)
    return [
        *("/", "/townships/", "/townships.csv", "/search/"),
        f"/search/?q={quote(texts[0])}",
        f"/search/?q={quote('公示')}&origin={code}",
        "/disclosure/work/",
        f"/disclosure/work/?origin={code}",
    ]


def opened(path: str) -> dict[str, Any]:
    """Return queries and milliseconds of a page, past every cache."""
    client = Client(SERVER_NAME="127.0.0.1")

    def read() -> None:
        mark = "&" if "?" in path else "?"
        answer = client.get(f"{path}{mark}fresh={next(numbers)}", follow=True)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        for _piece in answer.streaming_content if answer.streaming else ():
            pass

    read()
    with CaptureQueriesContext(connection) as asked:
        read()
    queries = len(asked)  # the next request clears the log
    times = [timed(read) for _turn in range(OPENED)]
    return {"path": path, "queries": queries, **spread(times)}


def timed(act: Callable[[], Any]) -> float:
    """Return the milliseconds that an act takes."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def spread(times: Any) -> dict[str, float]:
    """Return p50 and p95."""
    cuts = statistics.quantiles(list(times), n=20, method="inclusive")
    return {"p50": cuts[9], "p95": cuts[18]}


ACTS = {act.__name__: act for act in (fill, measure)}

if __name__ == "__main__":
    ACTS[sys.argv[1]](*sys.argv[2:])
