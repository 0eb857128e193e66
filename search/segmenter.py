"""The dictionary of the segmenter, which one thread at a time may use.

It refuses a new word with an error while another thread cuts a text.
"""

from functools import cache
from threading import Lock
from typing import Any

from django.utils.module_loading import import_string

_one_at_a_time = Lock()


def cut(text: str, mode: str = "default") -> list[tuple[str, int, int]]:
    """Return the words of a text with their places.

    ``mode``: "default", or "search" for the shorter ones inside of others too.
    """
    with _one_at_a_time:
        return _part("tokenize")(text, mode, True)


def tag(text: str) -> list[tuple[str, str]]:
    """Return the words of a text, each with its kind (those of names begin "nr")."""
    with _one_at_a_time:
        return _part("tag")(text, False)


def add_word(word: str, frequency: int) -> None:
    """Teach it a proper name."""
    with _one_at_a_time:
        _part("tokenize")  # loads the dictionary, which comes first
        _part("add_word")(word, frequency, "nz")


@cache
def _part(name: str) -> Any:
    """Load the dictionary (32 MB) at first use, not in processes that never search."""
    return import_string(f"rjieba.{name}")
