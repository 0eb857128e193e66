"""The measuring half of ``bench.many_items``: runs in the home, prints JSON.

DJANGO_SETTINGS_MODULE=… GONGKAI_HOME=… python -m bench.many_items_inside REPEAT
"""

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from wagtail.models import PageViewRestriction  # noqa: E402

from disclosure_pages.models import DisclosureItemPage  # noqa: E402
from disclosure_pages.public_state import (  # noqa: E402
    public_keys,
    public_states,
    publicly_visible,
    visible_pages,
)

RESTRICTIONS = 20
SAMPLE = 100
numbers = itertools.count()


def functions() -> dict[str, Callable[[], Any]]:
    """Return what every page and job asks for, by name."""
    items = visible_pages(DisclosureItemPage)
    first = items.order_by("-date_published", "-pk")[:20]
    keys = public_keys()[:SAMPLE]
    return {
        "visible_pages, counted": items.count,
        "visible_pages, first 20": lambda: list(first.all()),
        "public_keys": public_keys,
        f"public_states of {SAMPLE}": lambda: public_states(keys),
        f"publicly_visible of {SAMPLE}": lambda: publicly_visible(keys),
    }


def pages() -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and address of each page."""
    item = visible_pages(DisclosureItemPage).last()
    yield "public", "home page", "/"
    yield "public", "all categories", "/disclosure/"
    yield "public", "one category", "/disclosure/work/"
    yield "public", "its last page", "/disclosure/work/?page=100"
    yield "public", "item page", item.url
    yield "public", "list as JSON", "/lists/items.json?category=work"
    yield "public", "feed", "/feeds/latest.rss"
    yield "public", "part of the sitemap", "/sitemap-items-1.xml"
    yield "desk", "today panel", "/admin/"
    yield "desk", "all items", "/admin/items/"
    yield "desk", "waiting for review", "/admin/review/"
    yield "desk", "unfinished drafts", "/admin/today/drafts/"
    yield "desk", "begin an item", "/admin/publish/"
    yield "wagtail", "explorer", f"/admin/pages/{item.get_parent().pk}/"


def client_of(kind: str) -> Client:
    """Return a browser that is signed in as somebody who does the kind of work."""
    client = Client(SERVER_NAME="127.0.0.1")
    if kind != "public":
        client.force_login(get_user_model().objects.get(username="officer"))
    return client


def opener(client: Client, path: str) -> Callable[[], None]:
    """Return a function that reads the page past every cache."""

    def read() -> None:
        mark = "&" if "?" in path else "?"
        answer = client.get(f"{path}{mark}fresh={next(numbers)}")
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        for _piece in answer.streaming_content if answer.streaming else ():
            pass

    return read


def median_ms(act: Callable[[], Any], repeat: int) -> float:
    """Return the median of several runs, after one that warms up."""
    act()
    times = []
    for _run in range(repeat):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


@contextmanager
def restrictions() -> Iterator[None]:
    """Restrict some items while it lasts."""
    with transaction.atomic():
        chosen = visible_pages(DisclosureItemPage).order_by("pk")[:RESTRICTIONS]
        for page in list(chosen):
            PageViewRestriction.objects.create(page=page, restriction_type="login")
        yield
        transaction.set_rollback(True)


def main() -> None:
    """Measure everything without and with restrictions."""
    repeat = int(sys.argv[1])
    acts = [("function", name, act) for name, act in functions().items()]
    clients = {kind: client_of(kind) for kind in ("public", "desk", "wagtail")}
    acts += [(kind, name, opener(clients[kind], path)) for kind, name, path in pages()]
    rows = []
    for kind, name, act in acts:
        ms = median_ms(act, repeat)
        with CaptureQueriesContext(connection) as asked:
            act()
        rows.append({"kind": kind, "what": name, "queries": len(asked), "ms": ms})
    with restrictions():
        for row, (_kind, _name, act) in zip(rows, acts, strict=True):
            row["restricted_ms"] = median_ms(act, repeat)
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
