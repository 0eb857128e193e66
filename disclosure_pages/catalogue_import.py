"""Importing a standard catalogue: check every line, then write all or nothing.

Official columns are replaced by the next import; 本机关适用, 本地说明, category,
sub-category and office are the authority's own and are kept.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from disclosure_pages.bulk.problems import Problem
from disclosure_pages.catalogue_sheet import Line, read_catalogue
from disclosure_pages.choices import CatalogueLevel, Category, DisclosureMode
from disclosure_pages.models import CatalogueEntry
from disclosure_pages.services.catalogue import retire

SOURCE = "基层政务公开标准目录"
TICKS = "√✓✔☑■●◆"
NO_TICKS = frozenset(("", "□", "☐", "×", "✗", "否", "-", "—", "/", "无", "0"))
DAYS = re.compile(r"([0-9]{1,3}|[一二三四五六七八九十]{1,3})\s*个?\s*工作日")
DIGITS = {digit: n for n, digit in enumerate("零一二三四五六七八九")}
MARKED = re.compile(r"[■☑√✓✔]\s*([^■☑√✓✔□☐\s、，；]+)")
MOST_DAYS = 366
FINANCE = ("财政", "预决算", "采购", "公共资源")
ENFORCEMENT = ("执法", "处罚", "许可")


@dataclass
class Imported:
    """What an import did, or would do."""

    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0
    dry_run: bool = False
    unknown_columns: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def limit_days(text: str) -> int | None:
    """Return the working days that 公开时限 names, the fewest of several."""
    found = [_number(digits) for digits in DAYS.findall(text)]
    days = [n for n in found if 0 < n <= MOST_DAYS]
    return min(days) if days else None


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return DIGITS[text] if len(text) == 1 else 0
    return DIGITS.get(tens or "一", 0) * 10 + DIGITS.get(ones or "零", 0)


def import_catalogue(
    path: Path, *, source: str = SOURCE, version: str = "", dry_run: bool = False
) -> Imported:
    """Import a workbook; nothing is written when any line is wrong.

    Raises:
        UnreadableFile: it cannot be opened or is no catalogue.
    """
    file = read_catalogue(path)
    result = Imported(
        rows=len(file.lines),
        dry_run=dry_run,
        unknown_columns=list(dict.fromkeys(file.unknown_columns)),
    )
    origin = {"official": True, "source": source, "version": version}
    wanted: dict[str, dict[str, Any]] = {}
    for line in file.lines:
        values = _values(line, result.problems) | origin
        code = values["code"]
        if code and code in wanted:
            _wrong(result.problems, line, _("编号"), code, _("与前面一行重复。"))
        wanted[code] = values
    if not result.problems:
        with transaction.atomic():
            _write(wanted, result)
            transaction.set_rollback(dry_run)
    return result


def _write(wanted: dict[str, dict[str, Any]], result: Imported) -> None:
    present = {
        row.code: row
        for row in CatalogueEntry.objects.select_for_update().filter(code__in=wanted)
    }
    new, changed, columns = [], [], set()
    for code, values in wanted.items():
        row = present.get(code)
        if row is None:
            applies = values["level"] != CatalogueLevel.COUNTY
            own = {"enabled": applies, "category": _category(values["field"])}
            new.append(CatalogueEntry(**values, **own))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
            columns = set(values) - {"code"}
    CatalogueEntry.objects.bulk_create(new, batch_size=500)
    if changed:
        CatalogueEntry.objects.bulk_update(changed, sorted(columns), batch_size=200)
    gone = CatalogueEntry.objects.filter(
        official=True,
        source__in={values["source"] for values in wanted.values()},
        field__in={values["field"] for values in wanted.values()},
    ).exclude(code__in=wanted)
    result.added, result.updated = len(new), len(changed)
    result.unchanged = len(wanted) - len(new) - len(changed)
    result.retired = retire(gone)


def _category(subject: str) -> str:
    """Guess the category of a field (领域); the desk may choose another."""
    if any(word in subject for word in FINANCE):
        return Category.FINANCE
    if any(word in subject for word in ENFORCEMENT):
        return Category.ENFORCEMENT
    return Category.WORK


def _values(line: Line, problems: list[Problem]) -> dict[str, Any]:
    """Return the columns of a line, noting what is wrong with it."""
    told = line.values
    number = re.sub(r"\D", "", told.get("number", ""))[:4]
    values: dict[str, Any] = {
        "code": told.get("code", "") or (f"{line.field}-{number}" if number else ""),
        "field": line.field,
        "number": int(number or 0),
        "limit_days": limit_days(told.get("time_limit", "")),
        "channels": _channels(line),
        "audience": _audience(line),
        "mode": _mode(line, problems),
        "level": _level(line, problems),
    }
    for name in ("level1", "level2", "content", "basis", "time_limit", "body"):
        values[name] = told.get(name, "")
    if not values["code"]:
        _wrong(problems, line, _("序号"), "", _("序号和编号至少要有一个。"))
    if not values["level1"]:
        _wrong(problems, line, _("一级事项"), "", _("没有填写。"))
    row = CatalogueEntry(**values)
    try:
        row.clean_fields(exclude=["code", "level1"])
        CatalogueEntry._meta.get_field("code").run_validators(values["code"] or "x")
        CatalogueEntry._meta.get_field("level1").run_validators(values["level1"])
    except ValidationError as e:
        named = e.message_dict if hasattr(e, "error_dict") else {"": e.messages}
        for name, sentences in named.items():
            label = CatalogueEntry._meta.get_field(name).verbose_name if name else ""
            value = str(values.get(name, ""))
            _wrong(problems, line, str(label), value[:60], "".join(sentences))
    return values


def _wrong(
    problems: list[Problem], line: Line, column: str, value: str, reason: str
) -> None:
    place = f"{line.sheet}：{column}" if line.sheet else column
    problems.append(Problem(line.row, place, value, reason))


def _ticked(text: str) -> bool:
    return text not in NO_TICKS


def _chosen(line: Line, group: str, names: dict[str, str]) -> set[str]:
    """Return what is ticked in a group, by columns or in one column of words."""
    told = line.ticks.get(group, {})
    chosen = {name for name, text in told.items() if name != "text" and _ticked(text)}
    words = told.get("text", "")
    marked = "".join(MARKED.findall(words)) if MARKED.search(words) else words
    return chosen | {value for word, value in names.items() if word in marked}


def _channels(line: Line) -> list[str]:
    told = line.ticks.get("公开渠道", {})
    found = [name for name, text in told.items() if name != "text" and _ticked(text)]
    words = told.get("text", "")
    if MARKED.search(words):
        return found + MARKED.findall(words)
    return found + [word for word in re.split(r"[\s、，；;,□☐]+", words) if word]


def _audience(line: Line) -> str:
    told = line.ticks.get("公开对象", {})
    chosen = _chosen(line, "公开对象", {"全社会": "everyone", "特定": "some"})
    names = ["全社会"] if "everyone" in chosen else []
    if "some" in chosen:
        detail = told.get("some", "").strip(f"{TICKS} ：:")
        names.append(f"特定群体（{detail}）" if detail else "特定群体")
    return "、".join(names) or told.get("text", "")


def _mode(line: Line, problems: list[Problem]) -> str:
    words = {"依申请": "on_request", "主动": "proactive"}
    chosen = _chosen(line, "公开方式", words)
    if "proactive" in chosen:
        return DisclosureMode.PROACTIVE
    if "on_request" in chosen:
        return DisclosureMode.ON_REQUEST
    _wrong(problems, line, _("公开方式"), "", _("主动和依申请都没有打勾。"))
    return DisclosureMode.PROACTIVE


def _level(line: Line, problems: list[Problem]) -> str:
    words = {"县": "county", "乡": "township", "镇": "township", "村": "township"}
    chosen = _chosen(line, "公开层级", words)
    if len(chosen) > 1:
        return CatalogueLevel.BOTH
    if not chosen:
        _wrong(problems, line, _("公开层级"), "", _("县级和乡、村级都没有打勾。"))
    return CatalogueLevel.COUNTY if "county" in chosen else CatalogueLevel.TOWNSHIP
