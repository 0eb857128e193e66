"""What the office chose in the desk: how serious each check is, and its own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from disclosure_pages.checks import wording
from disclosure_pages.checks.levels import usual_level
from disclosure_pages.models import CheckSettings


@dataclass(frozen=True)
class Chosen:
    """The levels by the code of the check, and the wording list."""

    levels: Mapping[str, str]
    words: tuple[wording.Word, ...]

    def level_of(self, code: str) -> str:
        """Return "block", "warn" or "off" for a check."""
        return self.levels.get(code) or usual_level(code)


def chosen_checks() -> Chosen:
    """Return what holds now; what nobody set is as shipped. One query."""
    row = CheckSettings.objects.first() or CheckSettings()
    words = wording.read_words(row.words) if row.words else wording.official()
    return Chosen(row.levels, words)
