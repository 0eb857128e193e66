"""The names of this place, taught to the segmenter of each process."""

import time

from disclosure_pages.catalogue_selectors import site_names

from . import tokens
from .models import Synonym

FRESH_S = 600.0
_loaded_at = float("-inf")
_synonyms: dict[str, tuple[str, ...]] = {}


def load() -> None:
    """Teach the segmenter what is named here; reads the names every ten minutes.

    Names change how well things rank; synonyms also what is found.
    """
    global _loaded_at, _synonyms
    if time.monotonic() - _loaded_at < FRESH_S:
        return
    tokens.add_user_words(site_names())
    _synonyms = Synonym.others()
    tokens.add_user_words(_synonyms)
    _loaded_at = time.monotonic()


def synonyms() -> dict[str, tuple[str, ...]]:
    """Return word → others that mean the same, as last read."""
    return _synonyms


def forget() -> None:
    """Read everything again at the next question."""
    global _loaded_at
    _loaded_at = float("-inf")
