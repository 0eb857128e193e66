"""One import from file to pages: read, check everything, then write in pieces."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.bulk.filing import Filing
from disclosure_pages.bulk.offices import NoOffice, OfficeChoice
from disclosure_pages.bulk.problems import Problem, UnreadableFile, problem
from disclosure_pages.bulk.reading import read_table
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.bulk.updating import ItemUpdater, Outcome, Refused
from disclosure_pages.bulk.validation import Checked, Source, check
from disclosure_pages.bulk.writing import ItemWriter
from disclosure_pages.models import ImportBatch

FIRST_PIECE = 100
LARGEST_PIECE = 500
SLOW_S = 1.0  # a transaction longer than this makes the next piece smaller
QUICK_S = 0.5
Progress = Callable[[str, int, int], None]  # phase, done, total


@dataclass(frozen=True)
class Options:
    """How to import; ``publish`` needs ``reviewed_by``: who vouches for the review."""

    publish: bool = False
    reviewed_by: str = ""
    office: str = ""
    source: str = ""
    skip_bad: bool = False
    dry_run: bool = False


@dataclass
class Summary:
    """What an import did, or with ``dry_run`` would do; counts are rows."""

    file: str
    ok: bool = False
    dry_run: bool = False
    batch: str = ""
    rows: int = 0
    good: int = 0
    bad: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    published: int = 0
    transactions: int = 0
    longest_transaction_s: float = 0.0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``; problems under ``errors``."""
        values = asdict(self)
        values["errors"] = values.pop("problems")
        return values


def import_file(
    path: Path, options: Options, progress: Progress | None = None
) -> Summary:
    """Import a file; nothing is written unless every row is good or bad ones skipped.

    A broken-off import is continued by running it again: rows that are there are
    compared and left alone.
    """
    started = time.monotonic()
    tell = progress or (lambda phase, done, total: None)
    summary = Summary(file=path.name, dry_run=options.dry_run)
    try:
        source, checked = _check(path, options, tell)
    except (UnreadableFile, NoOffice) as error:
        fault = getattr(error, "problem", None)
        summary.problems = [fault or problem(0, _("责任科室"), "", str(error))]
        summary.seconds = round(time.monotonic() - started, 2)
        return summary
    summary.rows = checked.rows
    summary.good = len(checked.items)
    summary.bad = checked.rows - len(checked.items)
    summary.problems = checked.problems
    summary.ok = not checked.problems or (
        options.skip_bad and bool(checked.items) and not checked.unsound
    )
    if summary.ok and not options.dry_run:
        _write(source, checked.items, options, summary, tell)
    elif summary.ok:
        summary.updated = sum(item.page_id is not None for item in checked.items)
        summary.created = summary.good - summary.updated
    summary.seconds = round(time.monotonic() - started, 2)
    return summary


def _check(path: Path, options: Options, tell: Progress) -> tuple[Source, Checked]:
    tell(_("读取"), 0, 1)
    table = read_table(path)
    tell(_("读取"), 1, 1)
    source = Source.of(path, options.source)
    offices = OfficeChoice(options.office)
    done, total = 0, len(table.rows)

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        tell(_("检查"), done, total)

    return source, check(table, source, offices, advance, publish=options.publish)


def write_staged(
    batch: ImportBatch,
    items: Sequence[StagedItem],
    summary: Summary,
    progress: Progress | None = None,
) -> None:
    """Write checked items in pieces, each one transaction, and finish the batch."""
    tell = progress or (lambda phase, done, total: None)
    offices = OfficeChoice()
    files = [file for item in items for file in item.attachments]
    filing = Filing(files)
    for order, file in enumerate(files, start=1):
        filing.store(file)
        tell(_("附件"), order, len(files))
    brought = {item.index_number for item in items if item.index_number}
    writer = ItemWriter(batch, offices, filing, brought)
    updater = ItemUpdater(batch, offices, filing)
    new = [item for item in items if item.page_id is None]
    old = [item for item in items if item.page_id is not None]
    done = 0
    for piece in _paced(new, summary):
        pages = writer.write(piece)
        summary.created += len(pages)
        summary.published += sum(page.live for page in pages)
        done += len(pages)
        tell(_("写入"), done, len(items))
    for item in old:
        began = time.monotonic()
        try:
            outcome = updater.update(item)
        except Refused as refused:
            summary.problems.append(refused.problem)
            summary.good -= 1
            summary.bad += 1
        else:
            summary.unchanged += outcome is Outcome.UNCHANGED
            summary.updated += outcome is not Outcome.UNCHANGED
            summary.published += outcome is Outcome.PUBLISHED
        _timed(summary, time.monotonic() - began)
        done += 1
        tell(_("写入"), done, len(items))
    ImportBatch.objects.filter(pk=batch.pk).update(
        state=ImportBatch.State.DONE, finished_at=timezone.now()
    )


def _write(
    source: Source,
    items: Sequence[StagedItem],
    options: Options,
    summary: Summary,
    tell: Progress,
) -> None:
    batch = _batch(source, options, summary.rows)
    summary.batch = str(batch.uuid)
    write_staged(batch, items, summary, tell)


def _batch(source: Source, options: Options, rows: int) -> ImportBatch:
    """Return the batch broken off with this very file and vouching, or a new one."""
    values = {
        "file_sha256": source.sha256,
        "source": source.name,
        "publish": options.publish,
        "reviewed_by": options.reviewed_by,
    }
    broken_off = ImportBatch.objects.filter(state=ImportBatch.State.RUNNING, **values)
    return broken_off.first() or ImportBatch.objects.create(
        file_name=source.path.name[:200],
        rows=rows,
        **values,
    )


def _paced(
    items: Sequence[StagedItem], summary: Summary
) -> Iterator[Sequence[StagedItem]]:
    """Yield pieces whose transactions stay well under 2 s, at most 500 items each."""
    size, start = FIRST_PIECE, 0
    while start < len(items):
        began = time.monotonic()
        yield items[start : start + size]
        took = time.monotonic() - began
        _timed(summary, took)
        start += size
        if took > SLOW_S:
            size = max(10, int(size / took * SLOW_S / 2))
        elif took < QUICK_S:
            size = min(LARGEST_PIECE, size * 2)


def _timed(summary: Summary, took: float) -> None:
    summary.transactions += 1
    summary.longest_transaction_s = max(summary.longest_transaction_s, round(took, 3))
