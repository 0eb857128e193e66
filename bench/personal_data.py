"""How many personal numbers the detector finds, and how often it cries wolf.

    python -m bench.personal_data [--seeds 2026,1,2] [--count 500] [--wrong]

Prints JSON: ``recall`` is the share of numbers found with the right kind;
``false_alarms`` the share of clean texts and sheets with any finding;
``extra`` the findings in the others that stand for no number put there.
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

from disclosure_pages.checks.personal_data import find  # noqa: E402
from disclosure_pages.intake.text import extract_text  # noqa: E402
from tests.data.make_personal_data import Sample, make_samples  # noqa: E402


def found_in(sample: Sample) -> tuple[str, list[tuple[str, str]]]:
    """Return the text that is looked at, and (kind, digits) of each finding."""
    text = sample.text
    if sample.data:
        text = extract_text(sample.data, sample.name).text
    hits = [(hit.kind, digits(text[hit.start : hit.end])) for hit in find(text)]
    return text, hits


def digits(text: str) -> str:
    """Return digits and X of a number, however it is typed."""
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in text.upper())
    return "".join(c for c in plain.replace("Ｘ", "X") if c.isdigit() or c == "X")


def measure(seed: int = 2026, count: int = 500) -> dict[str, Any]:
    """Return recall, false alarms and what went wrong."""
    samples = make_samples(seed, count)
    numbers = right = alarms = clean = extra = 0
    wrong: list[list[str]] = []
    began = time.monotonic()
    for sample in samples:
        _text, hits = found_in(sample)
        spare = list(hits)
        for number in sample.numbers:
            numbers += 1
            if number in spare:
                spare.remove(number)
                right += 1
            else:
                wrong.append(["missed", *number, _text[:300]])
        wrong += [["extra", *hit, _text[:300]] for hit in spare]
        clean += not sample.numbers
        alarms += bool(spare) and not sample.numbers
        extra += len(spare) if sample.numbers else 0
    seconds = time.monotonic() - began
    return {
        "seed": seed,
        "samples": len(samples),
        "numbers": numbers,
        "recall": right / numbers,
        "clean": clean,
        "false_alarms": alarms / clean,
        "extra": extra,
        "seconds": round(seconds, 2),
        "wrong": wrong,
    }


def main() -> None:
    """Measure each seed and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="2026")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--wrong", action="store_true")
    asked = parser.parse_args()
    figures = [measure(int(seed), asked.count) for seed in asked.seeds.split(",")]
    for figure in figures:
        if not asked.wrong:
            figure["wrong"] = len(figure["wrong"])
    json.dump(figures, sys.stdout, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
