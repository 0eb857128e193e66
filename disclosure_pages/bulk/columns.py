"""The columns of an import row: key in jsonl, heading in the template, meaning."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from disclosure_pages.choices import Category, DisclosureMode, LegalStatus

LIST_SEPARATORS = re.compile(r"[；;\n]+")
KEYWORD_SEPARATORS = re.compile(r"[；;，,、\n]+")


@dataclass(frozen=True)
class Column:
    """One column; ``key`` names it in jsonl, ``label`` is its heading in the template.

    ``max_length`` counts characters; 0 means no limit but the file's own.
    """

    key: str
    label: str
    help: str
    required: bool = False
    max_length: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    width: int = 16

    @property
    def heading(self) -> str:
        """The heading in the template: required ones carry a star."""
        return f"{self.label}*" if self.required else self.label


def _choices(enum: type) -> tuple[tuple[str, str], ...]:
    return tuple((value, str(label)) for value, label in enum.choices)


COLUMNS = (
    Column(
        "index_number",
        "索引号",
        _("空着由系统编号；填写已有索引号的，更新那一条。"),
        max_length=60,
        width=30,
    ),
    Column("title", "标题", _("文件全称。"), required=True, max_length=255, width=50),
    Column(
        "category",
        "类别",
        _("六类之一，从下拉列表选择。"),
        required=True,
        choices=_choices(Category),
    ),
    Column(
        "document_number",
        "文号",
        _("没有文号就空着。例：云政〔2026〕31号"),
        max_length=80,
        width=22,
    ),
    Column("publisher", "发布机构", _("空着即为本机关。"), max_length=80, width=22),
    Column(
        "date_made",
        "成文日期",
        _("文件落款的日期。例：2026-08-24、2026/8/24、2026年8月24日"),
        required=True,
    ),
    Column(
        "date_published",
        "公开日期",
        _("不早于成文日期；空着即为导入公开的当天。"),
    ),
    Column(
        "validity",
        "有效性",
        _("空着即为“有效”。"),
        choices=_choices(LegalStatus),
        width=10,
    ),
    Column(
        "disclosure_mode",
        "公开属性",
        _("空着即为“主动公开”；后两种只登记，不在网上公开。"),
        choices=_choices(DisclosureMode),
    ),
    Column(
        "disclosure_reason",
        "不主动公开的理由",
        _("公开属性不是“主动公开”的必填。"),
        max_length=300,
    ),
    Column(
        "summary",
        "内容概述",
        _("一两句话：谁、什么事、多少钱、到什么时候。"),
        max_length=300,
        width=50,
    ),
    Column("keywords", "关键词", _("用“；”分开。"), max_length=200, width=24),
    Column("body", "正文", _("纯文字（换行即分段）或 HTML。"), width=60),
    Column(
        "attachments",
        "附件",
        _("与本文件同一文件夹中的文件名，多个用“；”分开。"),
        width=30,
    ),
    Column(
        "source_url", "来源网址", _("以 http:// 或 https:// 开头。"), max_length=500
    ),
    Column(
        "external_id",
        "外部编号",
        _("报送单位自己的编号，同一来源内不重复；再次导入即更新。"),
        max_length=120,
    ),
    Column(
        "office",
        "责任科室",
        _("科室名称或代码；空着按 --office，再按发布机构，最后归第一个科室。"),
        max_length=40,
    ),
)
BY_KEY = {column.key: column for column in COLUMNS}
_BY_HEADING = BY_KEY | {column.label: column for column in COLUMNS}


def column_of(heading: str) -> Column | None:
    """Return the column that a heading names: key or label, with or without star."""
    return _BY_HEADING.get(re.sub(r"[\s*＊\ufeff]+", "", heading))
