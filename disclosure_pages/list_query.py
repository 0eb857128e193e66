"""What a reader asks of a list, read from the address and written back into links."""

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from disclosure_pages.choices import Category, LegalStatus
from disclosure_pages.document_numbers import parse

MAX_WORDS = 100
YEAR = re.compile(r"(?!0000)[0-9]{4}")
CODE = re.compile(r"[a-z0-9-]{1,40}")
PAGE = re.compile(r"[1-9][0-9]{0,8}")
BRACKETS = str.maketrans("[]()（）【】［］", "〔〕〔〕〔〕〔〕〔〕")


class Sort(StrEnum):
    """Order of a list; without ``-asc`` the newest come first."""

    PUBLISHED = "published"
    PUBLISHED_ASC = "published-asc"
    MADE = "made"
    MADE_ASC = "made-asc"

    @property
    def ordering(self) -> tuple[str, str]:
        """Field names for ``order_by``; the key makes the order total."""
        field = "date_made" if self.startswith("made") else "date_published"
        sign = "" if self.endswith("asc") else "-"
        return f"{sign}{field}", f"{sign}pk"

    def toggled(self, column: str) -> "Sort":
        """The order after a click on a column's heading ("made" or "published")."""
        return Sort(f"{column}-asc") if self == column else Sort(column)


@dataclass(frozen=True)
class ListQuery:
    """Filters, order and page of a list; what the address gets wrong is left out."""

    q: str = ""
    category: str = ""
    office: str = ""
    year: str = ""
    validity: str = ""
    origin: str = ""
    subcategory: str = ""
    genre: str = ""
    subject: str = ""
    sort: Sort = Sort.PUBLISHED
    page: int = 1

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """Return what the address asks for."""

        def one_of(name: str, values: list[str]) -> str:
            return value if (value := data.get(name, "")) in values else ""

        def code(name: str) -> str:
            return value if CODE.fullmatch(value := data.get(name, "")) else ""

        year, page = data.get("year", ""), data.get("page", "")
        return cls(
            q=data.get("q", "").replace("\x00", "").strip()[:MAX_WORDS],
            category=one_of("category", Category.values),
            office=data.get("office", "").replace("\x00", "")[:40],
            year=year if YEAR.fullmatch(year) else "",
            validity=one_of("validity", LegalStatus.values),
            origin=data.get("origin", "").replace("\x00", "")[:18],
            subcategory=code("subcategory"),
            genre=code("genre"),
            subject=code("subject"),
            sort=Sort(one_of("sort", list(Sort)) or Sort.PUBLISHED),
            page=int(page) if PAGE.fullmatch(page) else 1,
        )

    @property
    def words(self) -> list[str]:
        """The words that must all be found."""
        return self.q.split()

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        narrowing = (self.q, self.category, self.office, self.year, self.validity)
        return any(
            (*narrowing, self.origin, self.subcategory, self.genre, self.subject)
        )

    def address(self, **changes: Any) -> str:
        """Return ``?…`` with changes; a change goes to the first page."""
        asked = replace(self, **({"page": 1} | changes))
        values = {name: value for name, value in asdict(asked).items() if value}
        if asked.sort == Sort.PUBLISHED:
            values.pop("sort")
        if asked.page == 1:
            values.pop("page")
        return f"?{urlencode(values)}"

    @property
    def made_order(self) -> str:
        """Address after a click on 成文日期."""
        return self.address(sort=self.sort.toggled("made"))

    @property
    def published_order(self) -> str:
        """Address after a click on 公开日期."""
        return self.address(sort=self.sort.toggled("published"))


def with_document_brackets(word: str) -> str:
    """Return the word as a stored document number (文号) has it, also a part of one."""
    number = parse(word)
    return word.translate(BRACKETS) if number is None else str(number)
