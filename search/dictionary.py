"""The names of this place, taught to the segmenter of each process."""

import re
import time

from cms.folding import fold_text
from cms.models import Village
from disclosure_pages.catalogue_selectors import site_names

from . import tokens
from .models import Synonym, UserWord

FRESH_S = 600.0
_loaded_at = float("-inf")
_synonyms: dict[str, tuple[str, ...]] = {}
_villages: dict[str, str] = {}


def load() -> None:
    """Teach the segmenter what is named here; reads the names every ten minutes.

    Names change how well things rank; synonyms also what is found.
    """
    global _loaded_at, _synonyms, _villages
    if time.monotonic() - _loaded_at < FRESH_S:
        return
    tokens.add_user_words(site_names())
    tokens.add_user_words(UserWord.objects.values_list("text", flat=True))
    _synonyms = Synonym.others()
    tokens.add_user_words(_synonyms)
    names = Village.objects.values_list("name", flat=True)
    _villages = {fold_text(name): name for name in names if name}
    _loaded_at = time.monotonic()


def synonyms() -> dict[str, tuple[str, ...]]:
    """Return word → others that mean the same, as last read."""
    return _synonyms


def villages_in(text: str) -> list[str]:
    """Return the villages of this place that a text names, each once, in order.

    Of names one in another the longest counts.
    """
    if not _villages:
        return []
    longest_first = sorted(_villages, key=len, reverse=True)
    found = re.findall("|".join(map(re.escape, longest_first)), fold_text(text))
    return list(dict.fromkeys(_villages[name] for name in found))


def forget() -> None:
    """Read everything again at the next question."""
    global _loaded_at
    _loaded_at = float("-inf")
