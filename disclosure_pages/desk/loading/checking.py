"""The dry run of an uploaded file: a result for every row, kept with the batch.

It writes nothing but the report, and runs outside any transaction, so that a large
file does not hold up other writers.
"""

import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from disclosure_pages.bulk.columns import BY_KEY
from disclosure_pages.bulk.filing import is_of
from disclosure_pages.bulk.offices import NoOffice, OfficeChoice
from disclosure_pages.bulk.problems import Problem, UnreadableFile, problem
from disclosure_pages.bulk.reading import RawTable, read_table
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.bulk.updating import IDENTITIES, KEPT_WHEN_EMPTY, same_body
from disclosure_pages.bulk.validation import Checked, Source, check
from disclosure_pages.desk.loading import storing
from disclosure_pages.desk.loading.package import inspect_sheet, open_upload
from disclosure_pages.models import DisclosureItemPage, ImportBatch, OfficeIndexPage

MAX_ROWS = 5_000
NEW, UPDATE, SAME, ERROR = "new", "update", "same", "error"


@dataclass(frozen=True)
class Allowed:
    """The offices a user may load into; the first is the default for empty cells."""

    offices: list[OfficeIndexPage]
    default: str

    def refuses(self, item: StagedItem, page: DisclosureItemPage | None) -> str:
        """Return why this row is not the user's to load, "" when it is."""
        codes = {page.office.code for page in self.offices}
        names = "、".join(page.office.name for page in self.offices)
        if item.office not in codes:
            text = _("您只能导入 %(names)s 的信息，这一行是别的科室的。")
            return text % {"names": names}
        paths = tuple(office.path for office in self.offices)
        if page is not None and not page.path.startswith(paths):
            text = _("这一行要改的是别的科室的信息，您只能导入 %(names)s 的。")
            return text % {"names": names}
        return ""


def check_batch(batch: ImportBatch, allowed: Allowed) -> None:
    """Read and check the uploaded file, and keep report and good rows."""
    report: dict[str, Any] = {"notices": [], "problems": [], "results": []}
    report["default"] = allowed.default
    try:
        table, source = _read(batch, report)
        checked = check(table, source, OfficeChoice(allowed.default))
        _result(batch, checked, table, allowed, report)
    except (UnreadableFile, NoOffice) as error:
        report["fatal"] = str(error)
        storing.clear(batch)
    batch.report = report
    batch.save(update_fields=["report", "rows", "file_sha256"])


def _read(batch: ImportBatch, report: dict[str, Any]) -> tuple[RawTable, Source]:
    folder = storing.folder_of(batch)
    storing.clear(batch)
    unpacked = folder / "files"
    unpacked.mkdir(parents=True, exist_ok=True)
    upload = Path(default_storage.path(batch.file.name))
    path = open_upload(upload, unpacked)
    merged: list[Problem] = []
    if path.suffix.lower() == ".xlsx" and zipfile.is_zipfile(path):
        report["notices"], merged = inspect_sheet(path)
    table = read_table(path)
    if len(table.rows) > MAX_ROWS:
        raise UnreadableFile(
            _(
                "这张表有 %(rows)d 行。在这里一次最多导入 %(most)d 行："
                "请分成几张表，或请系统管理员用 import_items 命令导入。"
            )
            % {"rows": len(table.rows), "most": MAX_ROWS}
        )
    numbers = {number for number, _row in table.rows}
    table.problems += [found for found in merged if found.row in numbers]
    source = Source.of(path, f"desk:{report['default']}")
    if path == upload:  # attachments lie beside the table only in a zip
        source = Source(unpacked / path.name, source.sha256, source.name)
    batch.file_sha256 = source.sha256
    return table, source


def _result(
    batch: ImportBatch,
    checked: Checked,
    table: RawTable,
    allowed: Allowed,
    report: dict[str, Any],
) -> None:
    pages = _pages(checked.items)
    good = []
    for item in checked.items:
        page = pages.get(item.page_id)
        reason = allowed.refuses(item, page)
        if reason:
            fault = problem(item.row, BY_KEY["office"].label, item.office, reason)
            checked.problems.append(fault)
        else:
            good.append(item)
    if checked.unsound:
        report["fatal"] = _unknown_columns(table.problems)
        good = []
    titles = {number: str(row.get("title") or "") for number, row in table.rows}
    report["results"] = [_row(item, pages) for item in good]
    report["results"] += _errors(checked.problems, titles)
    report["results"].sort(key=lambda row: row["row"])
    report["problems"] = [found.as_dict() for found in checked.problems]
    wants_files = any(row.get("attachments") for _number, row in table.rows)
    if wants_files and not batch.file_name.lower().endswith(".zip"):
        report["notices"].append(
            _("表里写了附件。请把表格和附件一起打成一个 zip 再上传。")
        )
    batch.rows = checked.rows
    storing.keep_rows(batch, good)


def _unknown_columns(problems: list[Problem]) -> str:
    """Return one sentence about headings that are not this template's."""
    names = "、".join(f"“{p.column}”" for p in problems if p.value and p.column)
    missing = "、".join(f"“{p.column}”" for p in problems if not p.value and p.column)
    parts = []
    if names:
        parts.append(_("这些列不是现在的模板里的：%(names)s。") % {"names": names})
    if missing:
        parts.append(_("缺少必填的列：%(names)s。") % {"names": missing})
    parts.append(_("可能是以前的模板。请下载现在的模板，把内容贴过去再上传。"))
    return "".join(parts)


def _pages(items: list[StagedItem]) -> dict[int | None, DisclosureItemPage]:
    ids = [item.page_id for item in items if item.page_id]
    return {page.pk: page for page in DisclosureItemPage.objects.filter(pk__in=ids)}


def _row(
    item: StagedItem, pages: dict[int | None, DisclosureItemPage]
) -> dict[str, Any]:
    page = pages.get(item.page_id)
    what, changes = NEW, []
    if page is not None:
        changes = differences(item, page.get_latest_revision_as_object())
        what = UPDATE if changes else SAME
    return {
        "row": item.row,
        "title": item.fields["title"],
        "what": what,
        "changes": changes,
        "files": [file.name for file in item.attachments],
        "page": item.page_id,
    }


def _errors(problems: list[Problem], titles: dict[int, str]) -> list[dict[str, Any]]:
    by_row: dict[int, list[str]] = defaultdict(list)
    for found in problems:
        if found.row in titles:
            where = f"{found.column}：" if found.column else ""
            by_row[found.row].append(f"{where}{found.reason}")
    return [
        {"row": row, "title": titles[row][:120], "what": ERROR, "why": reasons}
        for row, reasons in by_row.items()
    ]


def differences(item: StagedItem, draft: DisclosureItemPage) -> list[dict[str, str]]:
    """Return field by field what a row changes in an item: label, old, new."""
    found = []
    for name, value in item.fields.items():
        if name not in item.given or (not value and name in KEPT_WHEN_EMPTY):
            continue
        old = getattr(draft, name)
        if name in IDENTITIES and old:
            continue
        if old != (value or "") and (old or value):
            found.append(_change(name, _in_words(name, old), _in_words(name, value)))
    if "body" in item.given and not same_body(draft, item):
        found.append(_change("body", _("原来的正文"), _("表里的正文")))
    if "attachments" in item.given:
        held, new = list(draft.attachments.all()), item.attachments
        if len(held) != len(new) or not all(
            is_of(row.document, file) for row, file in zip(held, new, strict=True)
        ):
            names = ("；".join(map(str, held)), "；".join(file.name for file in new))
            found.append(_change("attachments", *names))
    return found


def _in_words(name: str, value: Any) -> str:
    labels = dict(BY_KEY[name].choices)
    return str(labels.get(value, value or ""))


def _change(name: str, old: str, new: str) -> dict[str, str]:
    return {"field": BY_KEY[name].label, "old": old[:300], "new": new[:300]}
