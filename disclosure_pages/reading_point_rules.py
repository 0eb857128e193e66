"""What a reading point must have: to be public, and to count as complete.

Both the coverage figure and the page say the same, because both ask here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disclosure_pages.choices import Equipment, ManagerPost
from disclosure_pages.item_rules import title_errors

FEWEST_DIGITS, MOST_DIGITS = 3, 40
_PHONE = re.compile(r"(?:[\d\s+\-/,;、()#*.]|转|分机|ext)+", re.IGNORECASE)
_FIRST_NUMBER = re.compile(r"\+?[\d\s\-().]+")


@dataclass(frozen=True)
class Condition:
    """One condition of completeness: as it is when met, and as it is when not."""

    code: str
    label: Any
    reason: Any
    met: Callable[[Any], bool]


def _has_screen(point: Any) -> bool:
    return point.has(Equipment.COMPUTER) or point.has(Equipment.TOUCHSCREEN)


CONDITIONS = (
    Condition(
        "managers",
        gettext_lazy("有两位管理员"),
        gettext_lazy("没有配齐 A、B 两位管理员"),
        lambda point: bool(point.primary_manager and point.backup_manager),
    ),
    Condition(
        "sign",
        gettext_lazy("挂有标志牌"),
        gettext_lazy("没有挂标志牌"),
        lambda point: point.has_sign,
    ),
    Condition(
        "rules",
        gettext_lazy("制度上墙"),
        gettext_lazy("制度没有上墙"),
        lambda point: point.rules_posted,
    ),
    Condition(
        "screen",
        gettext_lazy("能上网查"),
        gettext_lazy("没有电脑或触摸屏"),
        _has_screen,
    ),
    Condition(
        "printer",
        gettext_lazy("能打印"),
        gettext_lazy("没有打印机"),
        lambda point: point.has(Equipment.PRINTER),
    ),
    Condition(
        "workdays",
        gettext_lazy("每个工作日开放"),
        gettext_lazy("不是每个工作日开放"),
        lambda point: point.opens_every_workday,
    ),
)


def unmet(point: Any) -> list[Condition]:
    """Return the conditions that the point does not meet."""
    return [condition for condition in CONDITIONS if not condition.met(point)]


def blank_sentences() -> dict[str, str]:
    """Return, by field, what to say when it is empty at publication."""
    two = _("每个查阅点要有 A、B 两位管理员；还没有定人的，先存草稿，定了再提交。")
    return {
        "address": _("地点还没有填。请写到哪一层、哪一间，例：村委会一楼便民服务室。"),
        "hours_summer": _("开放时间还没有填。例：08:30–11:30，14:30–17:30"),
        "primary_manager": _("A 岗管理员还没有填。") + two,
        "backup_manager": _("B 岗管理员还没有填。") + two,
    }


def village_taken(title: str) -> str:
    """Return the sentence for a second point of one village."""
    return _(
        "这个村已经有查阅点“%(title)s”，一个村只设一个。请改那一个，不要另建；"
        "那一个已撤回的，也在原处改好再提交。"
    ) % {"title": title}


def point_errors(point: Any, absences: Iterable[Any]) -> list[tuple[str, str]]:
    """Return (field, sentence) of each thing that keeps the point from publication."""
    errors = list(title_errors(point).items())
    errors += [
        (name, sentence)
        for name, sentence in blank_sentences().items()
        if not (getattr(point, name) or "").strip()
    ]
    primary, backup = point.primary_manager.strip(), point.backup_manager.strip()
    if primary and primary == backup:
        same = _(
            "A 岗和 B 岗是同一个人（%(name)s）。B 岗要在 A 岗不在时顶上，请另填一位。"
        )
        errors.append(("backup_manager", same % {"name": primary}))
    errors += [
        (name, sentence)
        for name in ("phone", "primary_phone", "backup_phone")
        if (sentence := phone_error(getattr(point, name)))
    ]
    return errors + [("", sentence) for sentence in _overlaps(absences)]


def phone_error(text: str) -> str:
    """Return why this cannot be rung up; any usual way of writing is good."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    if not plain:
        return ""
    digits = sum(char.isdigit() for char in plain)
    if _PHONE.fullmatch(plain) and FEWEST_DIGITS <= digits <= MOST_DIGITS:
        return ""
    return _(
        "“%(text)s”看不出是电话号码。例：0000-62002100，或 0000-62002100 转 803；"
        "要写的话放到备注里。"
    ) % {"text": text}


def dialled(text: str) -> str:
    """Return the first number of a text as one dials it (``tel:``), else nothing."""
    plain = unicodedata.normalize("NFKC", text or "")
    found = _FIRST_NUMBER.search(plain)
    number = re.sub(r"[^\d+]", "", found[0]) if found else ""
    return number if len(number) >= FEWEST_DIGITS else ""


def _overlaps(absences: Iterable[Any]) -> list[str]:
    """Return a sentence for each absence that can't be, alone or beside another."""
    known = [row for row in absences if row.from_date and row.to_date]
    found = []
    if any(row.from_date > row.to_date for row in known):
        found.append(_("请假的结束日期早于开始日期，请改日期。"))
    for post in ManagerPost:
        rows = sorted(
            (row for row in known if row.post == post), key=lambda row: row.from_date
        )
        for before, after in zip(rows, rows[1:], strict=False):
            if after.from_date <= before.to_date:
                sentence = _(
                    "%(post)s的两次请假日期重叠（%(day)s），请合成一次或改日期。"
                )
                found.append(
                    sentence % {"post": post.label, "day": after.from_date.isoformat()}
                )
    return found
