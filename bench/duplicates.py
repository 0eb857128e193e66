"""How surely a text that is there already is found, how often another is taken for it.

    python -m bench.duplicates [--seeds 2026,2027] [--count 400] [--forms unseen]
    python -m bench.duplicates --rows 10000,100000

Pairs are made by ``tests/data/make_duplicates.py``: all superiors' texts of a seed
stand in one database, read by the job that does it every minute; each draft is then
looked for. Prints a line of JSON each: recall by kind, precision (any other text that
is named counts as wrong), and how many pairs SimHash alone would have found within 3
bits of 64. With ``--rows`` queries and milliseconds of processor time of a look-up
among so many superiors' texts (2,000 and copies of them with other marks), median and
slowest of 20, by text alone and by all that is compared.
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
from disclosure_pages.models import (  # noqa: E402
    ExternalItem,
    TextMark,
    TextPrint,
)
from disclosure_pages.models.external import bucket_of  # noqa: E402
from disclosure_pages.services.same_marks import keep_marks  # noqa: E402
from disclosure_pages.services.text_prints import keep_prints  # noqa: E402
from disclosure_pages.similar_texts import similar_texts  # noqa: E402
from tests.data import notices  # noqa: E402
from tests.data.make_duplicates import COVER, Pair, make_pairs  # noqa: E402

FORMS = {"seen": notices.FORMS, "unseen": notices.UNSEEN_FORMS}
BITS = 3
LOOKED_UP = 20
READ = 2000
FIRST_PLACE = 0x4E94  # letters for the names of so many other counties


def store(pairs: list[Pair]) -> list[ExternalItem]:
    """Keep each pair's superior's text; returns the rows in the same order."""
    first = ExternalItem.objects.count()
    rows = ExternalItem.objects.bulk_create(
        (_row(pair, first + number) for number, pair in enumerate(pairs)),
        batch_size=1000,
    )
    keep_marks(rows)
    return rows


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


def fill(rows: int) -> None:
    """Have so many superiors' texts on record: `READ` made and read, the rest copies.

    Each lot of copies has marks, figures and titles of its own, as the texts of another
    authority would: as many share a mark as among those that were read.
    """
    if not ExternalItem.objects.exists():
        store(make_pairs(10_000, READ // 2, [*FORMS["seen"], *FORMS["unseen"]]))
        read_all()
    last = ExternalItem.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor:
        for lot in range(ExternalItem.objects.count() // READ, rows // READ):
            name = f"'{chr(FIRST_PLACE + lot)}{chr(FIRST_PLACE + 7 * lot)}县'"
            _copy(
                cursor,
                ExternalItem,
                {
                    "key": f"'{lot}-' || key",
                    "id": f"id+{lot * last}",
                    "title": f"{name} || title",
                    "url": f"url || '?lot={lot}'",
                },
                f"id <= {last}",
            )
            step = lot * last
            _copy(
                cursor,
                TextPrint,
                {"id": f"id+{step}", "external_id": f"external_id+{step}"},
                f"id <= {last}",
            )
            _copy(
                cursor,
                TextMark,
                {
                    "id": f"id+{lot * 100 * last}",
                    "text_id": f"text_id+{step}",
                    "mark": f"mark / 2 + {lot * 1_000_003}",
                },
                f"text_id <= {last}",
            )
            keep_marks(
                list(ExternalItem.objects.filter(pk__gt=step, pk__lte=step + last))
            )
        cursor.execute("ANALYZE")


def _copy(cursor: Any, model: Any, changed: dict[str, str], where: str) -> None:
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(column, column) for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608
        f" SELECT {values} FROM {table} WHERE {where}"
    )


def look_up(rows: int) -> dict[str, Any]:
    """Return queries and milliseconds of looking for drafts among so many texts."""
    fill(rows)
    pairs = make_pairs(10_000, READ // 2, [*FORMS["seen"], *FORMS["unseen"]])
    pairs = pairs[:: READ // LOOKED_UP]
    figures: dict[str, Any] = {"rows": ExternalItem.objects.count()}
    for name, ask in (("text", _by_text), ("all", _by_all)):
        times, queries = [], 0
        for pair in pairs:
            with CaptureQueriesContext(connection) as asked:
                began = time.process_time()
                ask(pair)
                times.append(1000 * (time.process_time() - began))
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
    find_duplicates(
        title=pair.draft_title,
        text=pair.draft,
        document_number="云政〔2026〕31号",
        url="https://www.example.cn/art/7.html",
    )


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
