"""The signature (落款): who made the document, and on which day."""

import datetime as dt
import re
from dataclasses import dataclass

from disclosure_pages.intake import dates
from disclosure_pages.intake.layout_words import (
    ATTACHMENT,
    COPIED,
    ISSUED,
    ORGAN,
    squeezed,
)
from disclosure_pages.intake.results import Line


@dataclass(frozen=True)
class Signed:
    """The signing date, how sure it is (0…1), and the organ, "" when none stands."""

    day: dt.date | None
    confidence: float
    organ: str


def lone_date(line: Line) -> dt.date | None:
    """Return the date of a line that says nothing else, but for an organ before it."""
    text = dates.folded(line.text).strip()
    if line.table or ISSUED.search(squeezed(text)) or COPIED.match(text):
        return None
    found = list(dates.find_all(text))
    if len(found) != 1:
        return None
    (start, end), day = found[0]
    before = text[:start].strip(" \t:：,，")
    after = text[end:].strip(" \t。()（）")
    before = re.sub("^(?:成文日期|日期|签发日期|落款日期|时间)$", "", before)
    if after or (before and not ORGAN.search(squeezed(before))):
        return None
    return day


class Signature:
    """Looks for the first date alone on its line below the text."""

    def __init__(self, lines: list[Line], start: int) -> None:
        self.lines = lines
        self.start = start

    def read(self, title_date: dt.date | None) -> Signed:
        """Return the signature; else the date under the title, else that of 印发."""
        end = self._text_end()
        day, place = self._signature(self.start, end)
        confidence = 0.95
        if day is None and title_date:
            day, confidence = title_date, 0.85
        if day is None:
            day, confidence = self._issue_date(), 0.6
        if day is None:
            day, place = self._signature(end, len(self.lines))
            confidence = 0.5
        organ = self._signer(place)
        return Signed(day, confidence if day else 0.0, organ)

    def _text_end(self) -> int:
        """Return where attachments begin that stand on pages of their own."""
        for place in range(self.start, len(self.lines)):
            if ATTACHMENT.match(self.lines[place].text) and not self._lists(place):
                return place
        return len(self.lines)

    def _lists(self, place: int) -> bool:
        """Whether 附件： heads the list of names above the signature."""
        if self.lines[place].text[-1] not in ":：":
            return False
        return self._signature(place, min(place + 12, len(self.lines)))[0] is not None

    def _signature(self, start: int, end: int) -> tuple[dt.date | None, int]:
        found: list[tuple[int, dt.date]] = []
        for place in range(start, end):
            day = lone_date(self.lines[place])
            if day:
                found.append((place, day))
        for place, day in found:
            if self._signed(place):
                return day, place
        set_right = [(p, d) for p, d in found if self.lines[p].align == "right"]
        place, day = next(iter(set_right or found[-1:]), (-1, None))
        return day, place

    def _signed(self, place: int) -> bool:
        """Whether an organ stands before the date, on the line or above it."""
        text = dates.folded(self.lines[place].text)
        span = next(dates.find_all(text))[0]
        if squeezed(text[: span[0]]):
            return True
        above = self.lines[place - 1] if place else None
        if above is None or above.table:
            return False
        bare = squeezed(re.sub(r"[(（].*?[)）]", "", above.text))
        return bool(ORGAN.search(bare)) and len(bare) <= 40

    def _issue_date(self) -> dt.date | None:
        """Return the date of 印发, which stands at the very end."""
        for line in reversed(self.lines[self.start :]):
            if ISSUED.search(squeezed(line.text)):
                day = dates.parse(line.text)
                if day:
                    return day
        return None

    def _signer(self, place: int) -> str:
        if place <= self.start:
            return ""
        text = dates.folded(self.lines[place].text)
        span = next(dates.find_all(text))[0]
        before = squeezed(text[: span[0]])
        if before:
            return before
        above = squeezed(self.lines[place - 1].text)
        return above if ORGAN.search(above) and len(above) <= 40 else ""
