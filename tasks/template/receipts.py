"""What a portal answered to a package: read from the file that came back."""

import csv
import hashlib
import io
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.bulk.workbooks import UNREADABLE, read_sheet
from disclosure_pages.csv_answers import unguarded

from ..models import OutboxEntry, PortalTemplate, TemplateReceipt, TemplateRow
from ..wake import wake

logger = logging.getLogger(__name__)
HEADINGS = {
    "key": ("永久标识", "外部编号", "key"),
    "index_number": ("索引号", "index_number"),
    "version": ("版本", "version"),
    "sha256": ("校验码", "sha256"),
    "batch": ("批次", "batch"),
    "result": ("处理结果", "结果", "状态", "result"),
    "url": ("门户网址", "网址", "地址", "链接", "url"),
    "words": ("说明", "原因", "退回原因", "意见", "备注", "reason"),
}
FIELD_OF = {word: name for name, words in HEADINGS.items() for word in words}
ENDINGS = (".xlsx", ".csv")
MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 20_000
AT_ONCE = 500
MOST_PROBLEMS = 200
Result = TemplateRow.Result


@dataclass
class Line:
    """One line of a receipt; empty where the portal wrote nothing."""

    number: int
    key: str = ""
    index_number: str = ""
    version: str = ""
    sha256: str = ""
    batch: str = ""
    result: str = ""
    url: str = ""
    words: str = ""

    @property
    def name(self) -> str:
        """What the line calls its item."""
        return self.index_number or self.key


@dataclass
class Reading:
    """What came of a receipt so far."""

    accepted: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def complain(self, line: Line, reason: str) -> None:
        """Note a line that does not count."""
        text = _("第 %(row)d 行（%(name)s）：%(reason)s")
        values = {"row": line.number, "name": line.name or "—", "reason": reason}
        self.problems.append(text % values)


def read_receipt(
    portal: str, path: Path, *, name: str = "", user: Any = None
) -> TemplateReceipt:
    """Take in a receipt file; what it settles is delivered by the drain at once.

    Reading a file twice changes nothing. Lines that fit nothing are listed, and the
    others count. ``name``: what its sender calls the file, if it lies under another.
    """
    content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    receipt = TemplateReceipt(
        portal=portal,
        name=(name or path.name)[:200],
        user=user,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    reading = Reading()
    try:
        lines = _lines(path, content)
    except UnreadableFile as error:
        reading.problems.append(str(error))
        lines = []
    with transaction.atomic():
        for start in range(0, len(lines), AT_ONCE):
            _apply(portal, lines[start : start + AT_ONCE], reading)
        receipt.accepted, receipt.refused = reading.accepted, reading.refused
        receipt.problems = reading.problems[:MOST_PROBLEMS]
        receipt.save()
        log(
            instance=receipt,
            action="gongkai.receipt",
            user=user,
            title=receipt.name,
            data={"accepted": receipt.accepted, "refused": receipt.refused},
        )
        _wake_rows(portal, reading.keys)
    wake()
    return receipt


def _wake_rows(portal: str, keys: Iterable[str]) -> None:
    rows = OutboxEntry.objects.filter(target=f"portal:{portal}", key__in=list(keys))
    rows.filter(wanted__gt=F("delivered")).update(next_at=Now())


def _lines(path: Path, content: bytes) -> list[Line]:
    """Return the lines below the headings.

    Raises:
        UnreadableFile: not a table, or one without the columns we need.
    """
    if not content:
        raise UnreadableFile(_("文件是空的，或者超过 20 MB。"), value=path.name)
    if path.suffix.lower() not in ENDINGS:
        raise UnreadableFile(_("回执只认 .xlsx 和 .csv 文件。"), value=path.name)
    try:
        if path.suffix.lower() == ".csv":
            return _lines_of(path, enumerate(_csv_rows(path, content), start=1))
        return _lines_of(path, read_sheet(path).rows)
    except (*UNREADABLE, csv.Error) as error:
        reason = _("文件打不开，可能已损坏；请重新保存再上传。")
        raise UnreadableFile(reason, value=path.name) from error


def _lines_of(path: Path, grid: Iterable[tuple[int, list[Any]]]) -> list[Line]:
    filled = (
        (n, row) for n, row in _bounded(path, grid) if any(_text(cell) for cell in row)
    )
    _number, headings = next(filled, (0, []))
    names = [FIELD_OF.get(re.sub(r"[\s*＊\ufeff]+", "", _text(h))) for h in headings]
    if "result" not in names or not {"key", "index_number"} & set(names):
        raise UnreadableFile(
            _("表头里要有“处理结果”，还要有“永久标识”或“索引号”。"), value=path.name
        )
    lines = []
    for number, row in filled:
        pairs = zip(names, row, strict=False)
        values = {name: _text(cell) for name, cell in pairs if name}
        lines.append(Line(number, **values))
    return lines


def _bounded(
    path: Path, grid: Iterable[tuple[int, list[Any]]]
) -> Iterator[tuple[int, list[Any]]]:
    """Yield rows, empty ones too, up to the most that a receipt may have."""
    for count, row in enumerate(grid):
        if count > MAX_ROWS:
            raise UnreadableFile(_("行数太多，请分成几个文件。"), value=path.name)
        yield row


def _csv_rows(path: Path, content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return csv.reader(io.StringIO(text, newline=""))
    raise UnreadableFile(_("编码看不懂，请另存为 UTF-8。"), value=path.name)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(unguarded("" if cell is None else cell)).replace("\0", "").strip()


def _apply(portal: str, lines: list[Line], reading: Reading) -> None:
    """Match lines to rows (two queries) and write down what the portal says."""
    template = PortalTemplate.of(portal)
    rows = TemplateRow.objects.filter(portal=portal).select_related("batch")
    by_key: dict[str, list[TemplateRow]] = {}
    by_number: dict[str, list[TemplateRow]] = {}
    keys = {line.key for line in lines if line.key}
    numbers = {line.index_number for line in lines if not line.key} - {""}
    for row in rows.filter(key__in=keys).order_by("version"):
        by_key.setdefault(row.key, []).append(row)
    for row in rows.filter(index_number__in=numbers).order_by("version"):
        by_number.setdefault(row.index_number, []).append(row)
    for line in lines:
        if not line.result:
            continue  # nothing was written here yet
        verdict = template.verdict(line.result)
        found = by_key.get(line.key, []) if line.key else by_number.get(line.name, [])
        if not verdict:
            reason = _("看不懂“%(word)s”，是接收还是退回？")
            reading.complain(line, reason % {"word": line.result[:40]})
        elif row := _match(line, found, reading):
            _note(row, line, verdict, reading)


def _match(
    line: Line, found: list[TemplateRow], reading: Reading
) -> TemplateRow | None:
    """Return the one row a line speaks of; complains if there is none or several."""
    if not found:
        return reading.complain(line, _("没有向这个门户报送过这一条。"))
    if line.version:
        found = [row for row in found if str(row.version) == line.version]
    if line.batch:
        found = [row for row in found if str(row.batch.number) == line.batch]
    if not found:
        return reading.complain(line, _("没有报送过这个版本或批次。"))
    if line.sha256:
        found = [row for row in found if row.sha256 == line.sha256.lower()]
    if not found:
        return reading.complain(line, _("校验码与报送的不符。"))
    if len(found) > 1:
        found = [row for row in found if row.result == Result.WAITING] or found[-1:]
    if len(found) > 1:
        return reading.complain(
            line, _("报送过几个版本，看不出是哪一个；请写明版本或批次。")
        )
    return found[0]


def _note(row: TemplateRow, line: Line, verdict: str, reading: Reading) -> None:
    if row.result == Result.ACCEPTED and verdict == Result.REFUSED:
        reading.complain(line, _("门户先说接收，又说退回；请打电话问清楚。"))
    row.result, row.words = verdict, line.words[:400]
    row.answered_at = timezone.now()
    if re.match(r"https?://\S+\Z", line.url) and len(line.url) <= 500:  # noqa: PLR2004
        row.url = line.url
    row.save(update_fields=["result", "words", "answered_at", "url"])
    reading.keys.add(row.key)
    if verdict == Result.ACCEPTED:
        reading.accepted += 1
    else:
        reading.refused += 1
