"""Does a word in quotes find every text that holds it, and no other?

    python bench/containment.py --corpus FILE [--engine local|elastic|both]
        [--index DIR] [--words 500] [--json]

Words of two to eight characters are drawn from the texts by a seed; the truth is a
plain look into every folded text. Recall and precision over all words together.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402

from bench import search_quality  # noqa: E402  sets Django up
from cms.folding import fold_text  # noqa: E402
from search.engines import Engine  # noqa: E402
from search.engines.base import MAX_WINDOW  # noqa: E402
from search.query import make_query  # noqa: E402
from search.recognise import HAN  # noqa: E402

SEED = 6


def texts(path: Path) -> dict[str, str]:
    """Return what of each document is indexed, folded."""
    return {
        document.key: fold_text(
            "\n".join((document.title, document.section, document.text))
        )
        for _version, document in search_quality.corpus(path)
    }


def drawn(every: dict[str, str], count: int) -> list[str]:
    """Return words that stand in the texts, and in no more than can be listed."""
    chance = random.Random(SEED)
    runs = [r for text in every.values() for r in re.findall(f"[{HAN}]{{8,}}", text)]
    words: list[str] = []
    while len(words) < count:
        run, length = chance.choice(runs), chance.randint(2, 8)
        start = chance.randrange(len(run) - length + 1)
        word = run[start : start + length]
        if sum(word in text for text in every.values()) < MAX_WINDOW:
            words.append(word)
    return words


def compared(
    engine: Engine, every: dict[str, str], words: list[str]
) -> dict[str, float]:
    """Return recall and precision, and what they are made of."""
    right = found = held = 0
    console = Console(stderr=True)
    for word in track(words, "…", console=console, transient=True):
        truth = {key for key, text in every.items() if word in text}
        query = make_query(f"“{word}”", sort="date", page_size=MAX_WINDOW)
        hits = {hit.key for hit in engine.search(query).hits}
        right, found, held = (
            right + len(truth & hits),
            found + len(hits),
            held + len(truth),
        )
    return {"recall": right / held, "precision": right / found, "held": held}


def main() -> None:
    """Fill, draw, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    choices = ("local", "elastic", "both")
    parser.add_argument("--engine", default="both", choices=choices)
    parser.add_argument("--index", type=Path, help="keep the local index here")
    parser.add_argument("--words", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    every = texts(options.corpus)
    words = drawn(every, options.words)
    rows = {}
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as folder:
        place = options.index or Path(folder)
        for engine in search_quality.engines(options.engine, place):
            search_quality.filled(engine, search_quality.corpus(options.corpus))
            rows[engine.name] = compared(engine, every, words)
            if engine.name == "es":
                engine.drop()
    if options.json:
        json.dump(rows, sys.stdout, indent=1)
        return
    for name, row in rows.items():
        Console().print(name, row)


if __name__ == "__main__":
    main()
