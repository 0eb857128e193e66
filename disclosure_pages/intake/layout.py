"""The parts of an official document (公文, GB/T 9704-2012), found by rules.

From above: red head (红头: the organ, 文件), number (文号), title centred over one or
more lines, whom it goes to (主送机关), text, attachments, signature (落款: organ and
date), note, then 抄送 and 印发. Web copies put a record above or a number below.
"""

import datetime as dt
from dataclasses import dataclass, field, replace

from disclosure_pages import document_numbers
from disclosure_pages.intake import dates
from disclosure_pages.intake.layout_words import (
    ADDRESSEE,
    ATTACHMENT,
    COPIED,
    FIELD,
    HEAD_WORDS,
    MARKS,
    ORDER,
    ORDER_SERIAL,
    ORGAN,
    PASSED,
    RECORD,
    SIGNER,
    bracketed,
    ends_as_title,
    is_sentence,
    joined,
    squeezed,
    starts_section,
)
from disclosure_pages.intake.results import Line
from disclosure_pages.intake.signature import Signature, lone_date


@dataclass
class Parts:
    """What was found; ``head`` are the lines that do not belong to the text."""

    title: str = ""
    document_number: str = ""
    date_made: dt.date | None = None
    publisher: str = ""
    head: list[str] = field(default_factory=list)
    confidence: dict[str, float] = field(default_factory=dict)


def find_parts(lines: list[Line]) -> Parts:
    """Return the parts of a document given as lines from above."""
    lines = [replace(line, text=line.text.strip()) for line in lines]
    lines = [line for line in lines if line.text]
    return _Reader(lines).read()


class _Reader:
    """Goes through the lines from above once, then looks for the signature."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.parts = Parts()
        self.record: dict[str, str] = {}
        self.red_organ = ""
        self.title_date: dt.date | None = None
        self.numbered_at = -1
        sizes = sorted(line.size for line in lines if line.size)
        self.body_size = sizes[len(sizes) // 2] if sizes else 0.0

    def read(self) -> Parts:
        start = self._skip_head()
        end = self._read_title(start)
        end = self._after_title(end)
        self.parts.head = [line.text for line in self.lines[:end]]
        signed = Signature(self.lines, end).read(self.title_date)
        self.parts.date_made = signed.day
        self.parts.confidence["date_made"] = signed.confidence
        self.parts.publisher = signed.organ or self.red_organ
        self._use_record()
        return self.parts

    # The head: everything above the title.

    def _skip_head(self) -> int:
        """Return where the title begins; notes organ, number and record on the way."""
        limit = self._head_end()
        last = 0
        for place in range(limit):
            if self._is_head(place):
                last = place + 1
            elif self.lines[place].red or place - last >= 6:
                break
            if self.parts.document_number and last == place + 1:
                self.numbered_at = max(self.numbered_at, place)
        start = self._below_the_number(limit) or self._first_title_line(limit)
        return self._larger_line(start, limit)

    def _larger_line(self, start: int, limit: int) -> int:
        """Return the first line set larger than text, where the head leaves rests."""
        for place in range(start, limit):
            line = self.lines[place]
            if line.size > 1.25 * self.body_size and not line.red:
                return start if self._begins_title(start) else place
        return start

    def _begins_title(self, place: int) -> bool:
        """Whether the line is part of a title although it is no larger than text."""
        line = self.lines[place]
        return line.size > 1.25 * self.body_size or "关于" in line.text

    def _below_the_number(self, limit: int) -> int:
        """Return the place after number and marks, if a number stands above."""
        if self.numbered_at < 0:
            return 0
        place = self.numbered_at + 1
        while place < limit and self._is_head(place):
            place += 1
        before = self.lines[: self.numbered_at]
        titled = any(ends_as_title(line.text) for line in before)
        if titled and not self._looks_like_title(place):
            return 0  # the number stands below the title
        return place

    def _first_title_line(self, limit: int) -> int:
        for place in range(limit):
            if not self._is_head(place):
                return place
        return 0

    def _looks_like_title(self, place: int) -> bool:
        for line in self.lines[place : place + 5]:
            if line.table or is_sentence(line.text) or ADDRESSEE.match(line.text):
                return False
            if ends_as_title(line.text):
                return True
        return False

    def _head_end(self) -> int:
        """Return the place of the first line that is surely text or address."""
        for place, line in enumerate(self.lines[:40]):
            text = line.text
            if RECORD.match(text) or MARKS.match(text) or line.table:
                continue
            if ADDRESSEE.match(text) or is_sentence(text):
                return place
            if place and ATTACHMENT.match(text):
                return place
        return min(len(self.lines), 40)

    def _is_head(self, place: int) -> bool:
        """Whether the line stands above the title; notes what it says."""
        line = self.lines[place]
        text = line.text
        if self._note_record(line) or MARKS.match(text):
            return True
        if (place == 0 and ATTACHMENT.match(text)) or self._is_order(place):
            return True
        bare = SIGNER.sub("", text).strip()
        number = document_numbers.parse(bare.split("\t")[0])
        if number is None and "\t" in bare:
            cells = (document_numbers.parse(cell) for cell in bare.split("\t"))
            number = next((cell for cell in cells if cell), None)
        if number is not None:
            self.parts.document_number = self.parts.document_number or str(number)
            self.numbered_at = place
            return True
        if number is None and SIGNER.search(text) and len(bare) < 3:
            return True
        return self._is_dated(line) or self._is_red_head(place, squeezed(bare))

    def _is_order(self, place: int) -> bool:
        """Read …令 with 第…号 under it, which is the number of an order."""
        for first in (place, place - 1):
            pair = self.lines[max(first, 0) : first + 2]
            if len(pair) < 2 or not ORDER.match(squeezed(pair[0].text)):
                continue
            if ORDER_SERIAL.match(pair[1].text):
                number = document_numbers.parse(pair[0].text + pair[1].text)
                self.parts.document_number = str(number or "")
                self.numbered_at = first + 1
                return True
        return False

    def _is_dated(self, line: Line) -> bool:
        """Read organ and date on one line above the title, as minutes have them."""
        day = lone_date(line) if self.numbered_at >= 0 else None
        if day is None:
            return False
        self.title_date = self.title_date or day
        return True

    def _is_red_head(self, place: int, text: str) -> bool:
        line = self.lines[place]
        organ = HEAD_WORDS.sub("", text)
        headed = organ != text and len(text) < 40 and "关于" not in text
        if headed and (line.red or ORGAN.search(organ) or not organ):
            self.red_organ = self.red_organ or organ
            return True
        if line.red and "关于" not in text and not ends_as_title(text):
            self.red_organ = self.red_organ or text
            return True
        if not ORGAN.search(text) or len(text) > 40 or "关于" in text:
            return False
        return self._organ_is_head(place, text)

    def _organ_is_head(self, place: int, text: str) -> bool:
        """An organ alone on its line: letterhead, or the first line of the title?"""
        line = self.lines[place]
        after = self.lines[place + 1 : place + 4]
        for other in after:
            other_text = squeezed(SIGNER.sub("", other.text))
            if document_numbers.parse(other_text) or HEAD_WORDS.fullmatch(other_text):
                if self.numbered_at >= 0:
                    break
                self.red_organ = self.red_organ or text
                return True
            if ORGAN.search(other_text):
                continue
            if line.red or (other.size and line.size > 1.25 * other.size):
                self.red_organ = self.red_organ or text
                return True
            break
        return False

    def _note_record(self, line: Line) -> bool:
        """Read rows like 文号：…, as copies from a website have above the title."""
        text = line.text
        if not RECORD.match(text):
            return False
        fields = list(FIELD.finditer(text))
        ends = [match.start() for match in fields[1:]] + [len(text)]
        for match, end in zip(fields, ends, strict=True):
            self.record[squeezed(match["label"])] = text[match.end() : end].strip()
        return True

    # The title.

    def _read_title(self, start: int) -> int:
        """Join the lines of the title; return the place after it."""
        taken: list[Line] = []
        place = start
        while place < len(self.lines) and len(taken) < 6:
            line = self.lines[place]
            if self._stops_title(line, taken):
                break
            taken.append(line)
            place += 1
            if ends_as_title(line.text) and not self._goes_on(taken, place):
                break
        self.parts.title = joined([line.text for line in taken])
        sure = ends_as_title(self.parts.title)
        self.parts.confidence["title"] = 0.95 if sure else 0.6 if taken else 0.0
        return place

    def _stops_title(self, line: Line, taken: list[Line]) -> bool:
        text = line.text
        if RECORD.match(text) or COPIED.match(text) or ATTACHMENT.match(text):
            return True
        if bracketed(text) and taken:
            return not (
                taken and not ends_as_title(joined([line.text for line in taken]))
            )
        if taken and (dates.parse(text) and len(squeezed(text)) < 30):
            return not text.startswith("关于")
        if line.table and taken:
            return True
        if taken and (ADDRESSEE.match(text) or is_sentence(text)):
            return True
        return bool(taken) and self._set_as_text(line, taken)

    def _set_as_text(self, line: Line, taken: list[Line]) -> bool:
        """Whether a line is set like text where the title above was centred."""
        centred = taken[0].align == "center"
        as_title = line.size > 1.15 * self.body_size and line.size == taken[-1].size
        if centred and line.align in ("left", "both") and not as_title:
            return True
        larger = taken[-1].size > 1.15 * line.size > 0
        return larger and ends_as_title(joined([line.text for line in taken]))

    def _goes_on(self, taken: list[Line], place: int) -> bool:
        """Whether a title whose line ends well goes on in the next line."""
        if place >= len(self.lines):
            return False
        line, title = self.lines[place], joined([line.text for line in taken])
        text = line.text
        if line.align != taken[-1].align or line.table or bracketed(text):
            return False
        if line.size and taken[-1].size and abs(line.size - taken[-1].size) > 1.5:
            return False
        if ADDRESSEE.match(text) or is_sentence(text) or dates.parse(text):
            return False
        if title.count("《") > title.count("》"):
            return True
        centred = taken[0].align == "center" and line.align == "center"
        if centred and line.size == taken[-1].size > 1.15 * self.body_size:
            return not starts_section(text)
        return centred and ends_as_title(text) and not starts_section(text)

    def _after_title(self, place: int) -> int:
        """Read what may stand under the title: number or date, in brackets or not."""
        while place < len(self.lines):
            line = self.lines[place]
            place, inner = self._bracket(place)
            number = document_numbers.parse(inner)
            if number and not self.parts.document_number:
                self.parts.document_number = str(number)
            elif number is None and not (
                self._note_title_date(line, inner) or self._note_record(line)
            ):
                return place
            place += 1
        return place

    def _bracket(self, place: int) -> tuple[int, str]:
        """Return the last place and the inside of a bracket of up to three lines."""
        text = self.lines[place].text
        if text.startswith(("(", "（")):
            for last in range(place, min(place + 3, len(self.lines))):
                joint = "".join(line.text for line in self.lines[place : last + 1])
                if bracketed(joint):
                    return last, bracketed(joint)
        return place, text

    def _note_title_date(self, line: Line, inner: str) -> bool:
        day = dates.parse(inner)
        if day is None or line.table or len(inner) > 60:
            return False
        found = list(dates.find_all(inner))
        short = len(squeezed(inner)) <= 16 and len(found) == 1
        if short or inner != line.text or PASSED.search(inner):
            self.title_date = self.title_date or found[0][1]
            return True
        return False

    def _use_record(self) -> None:
        """Fill what the record above the title knows; it is what somebody entered."""
        parts, record = self.parts, self.record
        number = record.get("文号") or record.get("发文字号") or ""
        if number and not parts.document_number:
            parsed = document_numbers.parse(number)
            parts.document_number = "" if parsed is None else str(parsed)
        for label in ("成文日期", "生成日期"):
            day = dates.parse(record.get(label, ""))
            if day:
                parts.date_made, parts.confidence["date_made"] = day, 0.95
        parts.publisher = (
            record.get("发布机构") or record.get("发文机关") or parts.publisher
        )
        known = 0.95 if parts.document_number else 0.8
        parts.confidence["document_number"] = known
