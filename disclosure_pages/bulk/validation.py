"""Checking all rows before anything is written; no write lock is taken here."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.bulk import cells
from disclosure_pages.bulk.attachments import find_file
from disclosure_pages.bulk.bodies import NAMESPACE, body_of
from disclosure_pages.bulk.cells import BadCell
from disclosure_pages.bulk.columns import BY_KEY, COLUMNS
from disclosure_pages.bulk.existing import find_updates
from disclosure_pages.bulk.offices import OfficeChoice
from disclosure_pages.bulk.problems import Problem, problem
from disclosure_pages.bulk.reading import RawTable
from disclosure_pages.bulk.staged import StagedFile, StagedItem
from disclosure_pages.choices import DisclosureMode

PIECE = 1 << 20
PARSERS: dict[str, Callable[..., Any]] = {
    "index_number": cells.number_of,
    "external_id": cells.number_of,
    "category": cells.choice_of,
    "validity": cells.choice_of,
    "disclosure_mode": cells.choice_of,
    "date_made": cells.date_of,
    "date_published": cells.date_of,
    "keywords": cells.keywords_of,
    "source_url": cells.url_of,
    "body": cells.body_text_of,
    "attachments": cells.paths_of,
}


@dataclass(frozen=True)
class Source:
    """Where rows come from: the file, its hash, and whose numbers 外部编号 are."""

    path: Path
    sha256: str
    name: str = ""

    @classmethod
    def of(cls, path: Path, name: str = "") -> "Source":
        """Return the source of a file, hashing it."""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for piece in iter(lambda: file.read(PIECE), b""):
                digest.update(piece)
        return cls(path, digest.hexdigest(), name)


@dataclass
class Checked:
    """Good rows and what is wrong with the others; ``rows`` counts both."""

    items: list[StagedItem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    unsound: bool = False


def check(
    table: RawTable,
    source: Source,
    offices: OfficeChoice,
    progress: Callable[[int], None] | None = None,
    latest_day: dt.date | None = None,
    *,
    publish: bool = False,
) -> Checked:
    """Return every row of the table, checked and staged, or with its problems.

    Args:
        publish: whether the rows are to be public at once.
        latest_day: dates may not lie after it; today when it is later or not given.
    """
    checked = Checked(
        problems=list(table.problems), rows=len(table.rows), unsound=table.unsound
    )
    faulty = {found.row for found in table.problems}
    told = {(found.row, found.column) for found in table.problems}
    today = timezone.localdate()
    context = _Rows(source, offices, max(latest_day or today, today))
    for number, record in table.rows:
        item, problems = context.stage(number, record)
        checked.problems += [p for p in problems if (p.row, p.column) not in told]
        if item and number not in faulty:
            checked.items.append(item)
        if progress:
            progress(1)
    against = find_updates(checked.items, source.name, publish=publish)
    checked.problems += against
    refused = {found.row for found in against}
    checked.items = [item for item in checked.items if item.row not in refused]
    checked.problems.sort(key=lambda found: found.row)
    return checked


class _Rows:
    """One pass over the rows; remembers which numbers were seen in which row."""

    def __init__(
        self, source: Source, offices: OfficeChoice, latest_day: dt.date
    ) -> None:
        self.source = source
        self.offices = offices
        self.latest_day = latest_day
        self._seen: dict[tuple[str, str], int] = {}
        self._files: dict[str, StagedFile] = {}

    def stage(
        self, number: int, record: dict[str, Any]
    ) -> tuple[StagedItem | None, list[Problem]]:
        """Return the staged row, or None with its problems."""
        problems: list[Problem] = []
        values = self._values(number, record, problems)
        self._compare(number, values, problems)
        self._first_use(number, values, problems)
        files = self._attachments(number, values.get("attachments", []), problems)
        office = self._office(number, values, problems)
        if problems:
            return None, problems
        fields = {
            column.key: values[column.key]
            for column in COLUMNS
            if column.key not in ("body", "attachments", "office")
        }
        item = StagedItem(
            row=number,
            key=self._key(number, values),
            office=office,
            fields=fields,
            given=frozenset(record) - (set() if values["office"] else {"office"}),
            body=body_of(values["body"]),
            attachments=tuple(files),
        )
        return item, []

    def _key(self, number: int, values: dict[str, Any]) -> uuid.UUID:
        if values["external_id"]:
            name = f"external:{self.source.name}:{values['external_id']}"
        elif values["index_number"]:
            name = f"index:{values['index_number']}"
        else:
            name = f"row:{self.source.sha256}:{number}"
        return uuid.uuid5(NAMESPACE, name)

    def _values(
        self, number: int, record: dict[str, Any], problems: list[Problem]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for column in COLUMNS:
            cell = record.get(column.key)
            try:
                values[column.key] = PARSERS.get(column.key, cells.line_of)(
                    column, cell
                )
                if column.required and not values[column.key]:
                    raise BadCell(_("必填，不能空着。"))
            except BadCell as bad:
                problems.append(problem(number, column.label, cell, str(bad)))
            values.setdefault(column.key)
        return values

    def _compare(
        self, number: int, values: dict[str, Any], problems: list[Problem]
    ) -> None:
        """Check what two values of a row say together, and both with today."""

        def wrong(key: str, reason: str) -> None:
            problems.append(problem(number, BY_KEY[key].label, values[key], reason))

        made: dt.date | None = values["date_made"]
        published: dt.date | None = values["date_published"]
        if made and made > self.latest_day:
            wrong("date_made", _("成文日期不能晚于今天。"))
        elif made and published and made > published:
            wrong(
                "date_made",
                _("成文日期晚于公开日期 %(day)s。") % {"day": published.isoformat()},
            )
        if published and published > self.latest_day:
            wrong("date_published", _("公开日期不能晚于今天。"))
        private = values["disclosure_mode"] not in ("", None, DisclosureMode.PROACTIVE)
        if private and not values["disclosure_reason"]:
            wrong("disclosure_reason", _("不主动公开的，请写明理由。"))

    def _first_use(
        self, number: int, values: dict[str, Any], problems: list[Problem]
    ) -> None:
        for key in ("index_number", "external_id"):
            value = values[key]
            if not value:
                continue
            first = self._seen.setdefault((key, value), number)
            if first != number:
                reason = _("与第 %(row)d 行重复。") % {"row": first}
                problems.append(problem(number, BY_KEY[key].label, value, reason))

    def _attachments(
        self, number: int, names: list[str] | None, problems: list[Problem]
    ) -> list[StagedFile]:
        files = []
        for name in names or []:
            try:
                if name not in self._files:
                    self._files[name] = find_file(self.source.path.parent, name)
                files.append(self._files[name])
            except BadCell as bad:
                problems.append(problem(number, "附件", name, str(bad)))
        return files

    def _office(
        self, number: int, values: dict[str, Any], problems: list[Problem]
    ) -> str:
        try:
            return self.offices.code_of(
                values["office"] or "", values["publisher"] or ""
            )
        except BadCell as bad:
            problems.append(problem(number, "责任科室", values["office"], str(bad)))
            return ""
