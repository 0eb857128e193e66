"""The names of this place, taught to the segmenter of each process."""

import re
from dataclasses import dataclass

from cms.folding import fold_text
from cms.models import Village
from disclosure_pages.catalogue_selectors import site_names

from . import tokens
from .kept import Kept
from .models import Synonym, UserWord

FRESH_S = 600.0


@dataclass(frozen=True)
class Names:
    """``synonyms``: word → others that mean the same; ``villages``: folded → name."""

    synonyms: dict[str, tuple[str, ...]]
    villages: dict[str, str]


def _taught() -> Names:
    """Read the names and teach them to the segmenter."""
    tokens.add_user_words(site_names())
    tokens.add_user_words(UserWord.objects.values_list("text", flat=True))
    synonyms = Synonym.others()
    tokens.add_user_words(synonyms)
    names = Village.objects.values_list("name", flat=True)
    return Names(synonyms, {fold_text(name): name for name in names if name})


_kept = Kept(_taught, FRESH_S)
forget = _kept.forget


def load() -> None:
    """Teach the segmenter what is named here; reads the names every ten minutes.

    Names change how well things rank; synonyms also what is found.
    """
    _kept.get()


def synonyms() -> dict[str, tuple[str, ...]]:
    """Return word → others that mean the same."""
    return _kept.get().synonyms


def villages_in(text: str) -> list[str]:
    """Return the villages of this place that a text names, each once, in order.

    Of names one in another the longest counts.
    """
    villages = _kept.get().villages
    if not villages:
        return []
    longest_first = sorted(villages, key=len, reverse=True)
    found = re.findall("|".join(map(re.escape, longest_first)), fold_text(text))
    return list(dict.fromkeys(villages[name] for name in found))
