"""The office's wording list: words that are wrong or out of date, and what to write."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

LIST = Path(__file__).resolve().parents[1] / "data" / "wording.json"


@cache
def _read(path: Path) -> tuple[tuple[str, str, str], ...]:
    words = json.loads(path.read_text("utf-8"))["words"]
    return tuple((w["wrong"], w.get("right", ""), w.get("note", "")) for w in words)


def words() -> tuple[tuple[str, str, str], ...]:
    """Return (wrong, right, note); ``GONGKAI_WORDING`` names another list (a path)."""
    return _read(Path(getattr(settings, "GONGKAI_WORDING", LIST)))


def find(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield (wrong, right, note, place), once for each wrong word in the text."""
    for wrong, right, note in words():
        place = text.find(wrong)
        if place >= 0:
            yield wrong, right, note, place
