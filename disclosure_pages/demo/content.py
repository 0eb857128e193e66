"""Reading the demo's content from ``disclosure_pages/data/demo``."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "demo"
TODAY = dt.date(2026, 11, 23)  # the day on which the demo's content is current


def load(name: str) -> Any:
    """Return the content of one file, by its name without ending."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
