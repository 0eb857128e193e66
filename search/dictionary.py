"""The names of this place, taught to the segmenter of each process."""

import time

from cms.models import Office, Village

from . import tokens

FRESH_S = 600.0
_loaded_at = float("-inf")


def load() -> None:
    """Teach the segmenter villages and offices; reads them every ten minutes.

    What is learned changes how well things rank, never what is found.
    """
    global _loaded_at
    if time.monotonic() - _loaded_at < FRESH_S:
        return
    tokens.add_user_words(Village.objects.values_list("name", flat=True))
    tokens.add_user_words(Office.objects.values_list("name", flat=True))
    _loaded_at = time.monotonic()
