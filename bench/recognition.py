"""How often title, number and date of a dropped document are recognised rightly.

    python -m bench.recognition [--seeds 2026,1,2] [--count 50] [--wrong]

Prints JSON: the shares of documents with each part right and with all three right,
seconds per document, and with ``--wrong`` what was proposed instead.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.test")

import django

django.setup()

from disclosure_pages.intake.recognise import recognise  # noqa: E402
from tests.data.make_documents import make_documents  # noqa: E402

PARTS = ("title", "document_number", "date_made")


def measure(seed: int = 2026, count: int = 50) -> dict[str, Any]:
    """Return shares, seconds per document, and the list of what was wrong."""
    made = make_documents(seed, count)
    right = dict.fromkeys((*PARTS, "all"), 0)
    wrong = []
    began = time.monotonic()
    for document in made:
        found = recognise(document.data, document.name)
        same = {p: getattr(found, p) == getattr(document, p) for p in PARTS}
        for part, good in same.items():
            right[part] += good
            if not good:
                proposed, true = getattr(found, part), getattr(document, part)
                wrong.append([document.name, part, str(proposed), str(true)])
        right["all"] += all(same.values())
    seconds = (time.monotonic() - began) / len(made)
    shares = {name: value / len(made) for name, value in right.items()}
    return {"seed": seed, "documents": len(made), **shares} | {
        "seconds_per_document": round(seconds, 4),
        "wrong": wrong,
    }


def main() -> None:
    """Measure each seed and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="2026")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--wrong", action="store_true")
    asked = parser.parse_args()
    figures = [measure(int(seed), asked.count) for seed in asked.seeds.split(",")]
    for figure in figures:
        if not asked.wrong:
            figure["wrong"] = len(figure["wrong"])
    json.dump(figures, sys.stdout, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
