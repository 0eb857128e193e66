"""What one good row becomes before anything is written."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from disclosure_pages.choices import DisclosureMode


@dataclass(frozen=True)
class StagedFile:
    """An attachment that was found, measured and hashed."""

    path: Path
    name: str
    sha256: str
    bytes: int
    mime: str


@dataclass
class StagedItem:
    """One row, checked; ``fields`` are the item's own fields by name.

    ``key`` names the item for good; it is derived from 外部编号 or 索引号, without them
    from the file and the row, so that the same file again is the same item. ``given``
    has the columns of the file, also when empty; 责任科室 only where the row names it.
    """

    row: int
    key: uuid.UUID
    office: str
    fields: dict[str, Any]
    given: frozenset[str] = frozenset()
    body: list[dict[str, Any]] = field(default_factory=list)
    attachments: tuple[StagedFile, ...] = ()
    page_id: int | None = None  # the item that this row updates

    @property
    def index_number(self) -> str:
        """索引号, "" when the system issues it."""
        return self.fields.get("index_number", "")

    @property
    def external_id(self) -> str:
        """外部编号, "" when there is none."""
        return self.fields.get("external_id", "")

    @property
    def date_published(self) -> dt.date | None:
        """公开日期, None when it is the day of publication."""
        return self.fields.get("date_published")

    @property
    def may_be_public(self) -> bool:
        """Whether the row lets it be public: only proactive items ever are.

        An empty 公开属性 means proactive for a new item; an item that is there keeps
        its own.
        """
        return self.fields.get("disclosure_mode") in ("", DisclosureMode.PROACTIVE)


HAVE_DEFAULTS = ("validity", "disclosure_mode")  # empty: the model's, or as it was
