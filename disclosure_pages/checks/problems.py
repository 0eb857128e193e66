"""What a check says about a draft."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to look at; ``level`` is "block" or "warn".

    ``field`` names the field of the page (``title``, ``body``, ``attachments`` …);
    ``excerpt`` shows the place, with personal data masked; ``of_file`` says that it
    stands in a file which that field names.
    """

    code: str
    level: str
    message: str
    field: str = ""
    excerpt: str = ""
    of_file: bool = False


def excerpt_at(text: str, start: int, end: int, around: int = 12) -> str:
    """Return the place with a few characters on both sides, on one line."""
    shown = text[max(0, start - around) : end + around].split()
    return " ".join(shown)
