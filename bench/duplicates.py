"""How surely a text that is there already is found, how often another is taken for it.

    python -m bench.duplicates [--seeds 2026,2027] [--count 400] [--forms unseen]
    python -m bench.duplicates --rows 10000,100000

Pairs are made by ``tests/data/make_duplicates.py``: all superiors' texts of a seed
stand in one database, read by the job that does it every minute; each draft is then
looked for. Prints a line of JSON each: recall by kind, precision (any other text that
is named counts as wrong), and how many pairs SimHash alone would have found within 3
bits of 64. With ``--rows`` queries and milliseconds of a look-up among so many
superiors' texts, median and slowest of 40, by text alone and by all that is compared.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.test")

import django

if __name__ == "__main__":
    folder = tempfile.TemporaryDirectory()
    os.environ.setdefault("GONGKAI_TEST_DB", f"{folder.name}/duplicates.sqlite3")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import (  # noqa: E402
    CaptureQueriesContext,
    setup_databases,
    teardown_databases,
)

from disclosure_pages.choices import ExternalRelation  # noqa: E402
from disclosure_pages.compared import external_text  # noqa: E402
from disclosure_pages.duplicates import find_duplicates  # noqa: E402
from disclosure_pages.likeness.marks import (  # noqa: E402
    distance,
    hashes,
    letters_of,
    shingles,
    simhash,
)
from disclosure_pages.likeness.verdict import REPRINT  # noqa: E402
from disclosure_pages.models import ExternalItem  # noqa: E402
from disclosure_pages.models.external import bucket_of  # noqa: E402
from disclosure_pages.services.text_prints import keep_prints  # noqa: E402
from disclosure_pages.similar_texts import similar_texts  # noqa: E402
from tests.data import notices  # noqa: E402
from tests.data.make_duplicates import COVER, Pair, make_pairs  # noqa: E402

FORMS = {"seen": notices.FORMS, "unseen": notices.UNSEEN_FORMS}
BITS = 3
LOOKED_UP = 40


def store(pairs: list[Pair]) -> list[ExternalItem]:
    """Keep each pair's superior's text; returns the rows in the same order."""
    first = ExternalItem.objects.count()
    return ExternalItem.objects.bulk_create(
        (_row(pair, first + number) for number, pair in enumerate(pairs)),
        batch_size=1000,
    )


def _row(pair: Pair, number: int) -> ExternalItem:
    key = f"{number:032x}"
    return ExternalItem(
        origin="",
        key=key,
        bucket=bucket_of(key),
        version=1,
        state="published",
        sha256=key * 2,
        kind="item",
        relation=ExternalRelation.SUPERIOR,
        url=f"https://www.example.cn/art/{number}.html",
        title=pair.title,
        publisher=pair.publisher,
        payload={"html": pair.html},
    )


def read_all() -> float:
    """Have the job read every text; returns seconds."""
    began = time.monotonic()
    while keep_prints(budget_s=600):
        pass
    return time.monotonic() - began


def measure(seed: int, count: int = 400, forms: str = "unseen") -> dict[str, Any]:
    """Return recall, precision and what went wrong of one seed's pairs."""
    pairs = make_pairs(seed, count, FORMS[forms])
    rows = store(pairs)
    read_all()
    kinds, found, wrong = Counter[str](), Counter[str](), []
    named = reprints = near = 0
    for pair, row in zip(pairs, rows, strict=True):
        similar = similar_texts(pair.draft_title, pair.draft, villages=lambda: VILLAGES)
        others = [s for s in similar if not (pair.same and s.external == row)]
        named += len(similar)
        wrong += [
            ["taken for it", pair.kind, s.external.title, str(s.likeness)]
            for s in others
        ]
        if not pair.same:
            continue
        kinds[pair.kind] += 1
        mine = next((s for s in similar if s.external == row), None)
        if mine is None:
            wrong.append(["missed", pair.kind, pair.draft_title, ""])
            continue
        found[pair.kind] += 1
        reprints += pair.kind == COVER and mine.likeness.kind == REPRINT
    near = sum(_bits(pair) <= BITS for pair in pairs if pair.same)
    ExternalItem.objects.all().delete()
    right = found.total()
    return {
        "seed": seed,
        "forms": forms,
        "same": kinds.total(),
        "other": len(pairs) - kinds.total(),
        "recall": right / kinds.total(),
        "precision": right / named if named else 0.0,
        "recall_by_kind": {kind: found[kind] / n for kind, n in kinds.items()},
        "reprints_told": reprints / kinds[COVER] if kinds[COVER] else None,
        "simhash_alone": near / kinds.total(),
        "wrong": wrong,
    }


VILLAGES = notices.VILLAGES[:5]  # one's own; the others are some other township's


def _bits(pair: Pair) -> int:
    texts = (pair.draft, external_text(_row(pair, 0)))
    return distance(*(simhash(hashes(shingles(letters_of(t).text))) for t in texts))


def fill(rows: int) -> float:
    """Have so many superiors' texts on record and read; returns seconds of reading."""
    seed = 10_000
    while (have := ExternalItem.objects.count()) < rows:
        seed += 1
        store(make_pairs(seed, 250, [*FORMS["seen"], *FORMS["unseen"]])[: rows - have])
    return read_all()


def look_up(rows: int) -> dict[str, Any]:
    """Return queries and milliseconds of looking for drafts among so many texts."""
    seconds = fill(rows)
    pairs = make_pairs(7, LOOKED_UP // 2, [*FORMS["seen"], *FORMS["unseen"]])
    figures: dict[str, Any] = {"rows": rows, "read_in_s": round(seconds)}
    for name, ask in (("text", _by_text), ("all", _by_all)):
        times, queries = [], 0
        for pair in pairs:
            with CaptureQueriesContext(connection) as asked:
                began = time.perf_counter()
                ask(pair)
                times.append(1000 * (time.perf_counter() - began))
            queries = max(queries, len(asked))
        figures[name] = {
            "queries": queries,
            "median_ms": round(median(times), 1),
            "slowest_ms": round(max(times), 1),
        }
    return figures


def _by_text(pair: Pair) -> None:
    similar_texts(pair.draft_title, pair.draft)


def _by_all(pair: Pair) -> None:
    find_duplicates(title=pair.draft_title, text=pair.draft)


@contextmanager
def own_database() -> Iterator[None]:
    """A database of our own, empty but for what migrations put there."""
    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def main() -> None:
    """Measure what was asked and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="2026")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--forms", choices=FORMS, default="unseen")
    parser.add_argument("--rows", default="")
    parser.add_argument("--wrong", action="store_true")
    asked = parser.parse_args()
    with own_database():
        for number in (asked.rows or asked.seeds).split(","):
            if asked.rows:
                figure = look_up(int(number))
            else:
                figure = measure(int(number), asked.count, asked.forms)
            if "wrong" in figure and not asked.wrong:
                figure["wrong"] = len(figure["wrong"])
            json.dump(figure, sys.stdout, ensure_ascii=False)
            print(flush=True)


if __name__ == "__main__":
    main()
