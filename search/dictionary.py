"""The names of this place, taught to the segmenter of each process."""

import time

from disclosure_pages.catalogue_selectors import site_names

from . import tokens

FRESH_S = 600.0
_loaded_at = float("-inf")


def load() -> None:
    """Teach the segmenter what is named here; reads the names every ten minutes.

    What is learned changes how well things rank, never what is found.
    """
    global _loaded_at
    if time.monotonic() - _loaded_at < FRESH_S:
        return
    tokens.add_user_words(site_names())
    _loaded_at = time.monotonic()
