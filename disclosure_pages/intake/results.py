"""What reading a file gives, whatever its format; and how much of it is read."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from disclosure_pages.choices import TextState

MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it counts as too large.

    Sizes are in bytes; ``ratio`` is unpacked size ÷ packed size of one member;
    ``seconds`` are for the pages of one PDF.
    """

    file_size: int = 200 * MB
    pages: int = 500
    characters: int = 2_000_000
    members: int = 2_000
    unpacked: int = 500 * MB
    member_size: int = 100 * MB
    ratio: int = 200
    nesting: int = 2
    seconds: float = 60.0


@dataclass(frozen=True)
class Finding:
    """Something in a file that its author should know before it is public."""

    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return it as it is stored in ``FileText.findings``."""
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True)
class Extracted:
    """The text of a file: one entry of ``pages`` per page, sheet or member."""

    state: TextState
    pages: list[str] = field(default_factory=list)
    kind: str = ""
    message: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All pages as one text."""
        return "\n".join(self.pages)


@dataclass(frozen=True)
class Line:
    """One line of a document as it is set: ``align`` is left, center, right or both.

    ``size`` is in points (0: unknown); ``left`` and ``right`` are the edges as shares
    of the page's width (PDF only).
    """

    text: str
    align: str = "left"
    size: float = 0.0
    red: bool = False
    table: bool = False
    page: int = 0
    left: float = 0.0
    right: float = 1.0


@dataclass(frozen=True)
class Recognised:
    """What a file seems to be; every value is a proposal, "" or None when unknown.

    ``confidence`` names per field (title, document_number, date_made) a value of
    0…1; below 0.7 the desk should ask the clerk to look.
    """

    state: TextState
    title: str = ""
    document_number: str = ""
    date_made: dt.date | None = None
    publisher: str = ""
    body_html: str = ""
    text: str = ""
    message: str = ""
    findings: list[Finding] = field(default_factory=list)
    confidence: dict[str, float] = field(default_factory=dict)

    def initial(self) -> dict[str, Any]:
        """Return the values by the names of the item's fields."""
        return {
            "title": self.title,
            "document_number": self.document_number,
            "date_made": self.date_made,
            "publisher": self.publisher,
        }
