"""What a column of a portal's 信息加载模板 can hold, and the template we start from."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from disclosure_pages.bulk.columns import COLUMNS
from disclosure_pages.bulk.template import LABELS
from disclosure_pages.choices import PublicKind
from disclosure_pages.public_state import PublicState
from search.builder import plain_text

FIXED, EMPTY = "fixed", "empty"
BODY_TEXT, BODY_HTML, ATTACHMENTS = "body", "html", "attachments"
FIELDS = (
    ("title", _("标题")),
    ("index_number", _("索引号")),
    ("category", _("类别")),
    ("subcategory", _("小类")),
    ("type", _("信息种类")),
    ("document_number", _("文号")),
    ("publisher", _("发布机构")),
    ("office", _("责任科室")),
    ("village", _("村")),
    ("date_made", _("成文日期")),
    ("date_published", _("公开日期")),
    ("effective_on", _("生效日期")),
    ("expires_on", _("失效日期")),
    ("validity", _("有效性")),
    ("disclosure_mode", _("公开属性")),
    ("genre", _("体裁")),
    ("subject", _("主题")),
    ("audiences", _("服务对象")),
    ("summary", _("内容概述")),
    ("keywords", _("关键词")),
    (BODY_TEXT, _("正文（文字）")),
    (BODY_HTML, _("正文（HTML）")),
    (ATTACHMENTS, _("附件（文件名）")),
    ("source_url", _("来源网址")),
    ("url", _("本站网址")),
    ("external_id", _("外部编号")),
    ("key", _("永久标识（我们的编号）")),
    ("version", _("版本")),
    ("sha256", _("校验码")),
    (FIXED, _("固定文字")),
    (EMPTY, _("空着")),
)
LONG = (BODY_TEXT, BODY_HTML)  # may go into a file of their own beside the table
CHOICES = {**LABELS, "type": dict(PublicKind.choices)}
OF_OUR_KEY = {"office": "office_label"}
DEFAULT_FIELDS = {
    # The sender's own number: who loads the same key again changes the same item.
    "external_id": "key",
    "disclosure_reason": EMPTY,
}


@dataclass(frozen=True)
class ColumnPlan:
    """One column of the table as the mapping has it."""

    heading: str
    field: str
    fixed: str = ""
    required: bool = False
    max_length: int = 0


def default_columns() -> list[ColumnPlan]:
    """Return the columns of our own import template, which a portal like ours loads."""
    return [
        ColumnPlan(
            column.heading,
            DEFAULT_FIELDS.get(column.key, column.key),
            required=column.required,
            max_length=column.max_length,
        )
        for column in COLUMNS
    ]


def value_of(
    field: str, version: int, state: PublicState, words: dict[tuple[str, str], str]
) -> str:
    """Return an item's value in plain text; "" where it has none.

    Args:
        words: the portal's own word for (field, our value).
    """
    if field in ("key", "sha256"):
        return str(getattr(state, field))
    if field == "version":
        return str(version)
    if field == BODY_TEXT:
        return plain_text(state.html)
    if field == BODY_HTML:
        return state.html
    value = state.metadata.get(OF_OUR_KEY.get(field, field)) or ""
    values = value if isinstance(value, list) else [value]
    return "；".join(_word(field, str(each), words) for each in values)


def _word(field: str, value: str, words: dict[tuple[str, str], str]) -> str:
    label = str(CHOICES.get(field, {}).get(value, value))
    return words.get((field, value)) or words.get((field, label)) or label
